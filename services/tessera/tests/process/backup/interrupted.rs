//! SIGKILL in the middle: nothing that is left looks complete, and whoever comes next finishes it.

use std::path::Path;
use std::time::{Duration, Instant};

use test_kit::{Launch, Process, binary};

use super::{prepared, target};
use crate::stack::Stack;

/// Further rows of the audit trail, so that there is a middle.
const ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO audit_events (id, at, action, outcome, detail)
    SELECT 'filler-' || i, '2026-01-01 00:00:00', 'filler', 'success', hex(randomblob(400)) FROM n";

fn filled() -> Stack {
    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, SqliteConnection};
    let stack = prepared();
    let path = stack.home().join("data/identity.db").display().to_string();
    let mut conn = SqliteConnection::establish(&path).unwrap();
    conn.batch_execute(ROWS).unwrap();
    stack
}

fn launch(stack: &Stack, arguments: &[&str]) -> Process {
    let data = stack.home().join("data").display().to_string();
    Launch::new(binary("tessera")).args(arguments.iter().copied()).env("TESSERA_DATA_DIR", data).start()
}

/// Runs it, and kills it after longer and longer, until it comes to its end before; how often it was killed.
fn killed_everywhere(
    stack: &Stack,
    arguments: impl Fn(u32) -> Vec<String>,
    after: impl Fn(u32, bool),
) -> u32 {
    // The first whole run says what there is to interrupt.
    let (mut round, mut delay) = (0, Duration::ZERO);
    let step = {
        let (start, arguments) = (Instant::now(), arguments(0));
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert!(launch(stack, &words).wait().success());
        let took = start.elapsed();
        after(0, true);
        took / 16
    };
    loop {
        round += 1;
        let arguments = arguments(round);
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = launch(stack, &words);
        std::thread::sleep(delay);
        let is_over = !process.is_running();
        if is_over {
            assert!(process.wait().success(), "{}", process.output());
        } else {
            process.kill_hard();
        }
        after(round, is_over);
        if is_over || round > 60 {
            return round - u32::from(is_over);
        }
        delay += step;
    }
}

#[test]
fn a_killed_backup_is_none() {
    let stack = filled();
    let name = |round: u32| target(&stack, &format!("backup-{round}"));
    let killed = killed_everywhere(
        &stack,
        |round| vec!["backup".to_owned(), name(round)],
        |round, is_over| {
            let folder = name(round);
            // Its last act is the rename, so a killed one may be complete, too; what has the name is.
            if is_over || Path::new(&folder).exists() {
                stack.tessera(&["restore", &folder, "--check"]).expect(0);
            } else {
                stack.tessera(&["restore", &folder, "--check"]).expect(3);
                let left = stack.home().join(format!(".backup-{round}.incomplete")).display().to_string();
                // The manifest comes last, when everything else is on the disk.
                let is_complete = Path::new(&left).join("manifest.json").exists();
                stack.tessera(&["restore", &left, "--check"]).expect(if is_complete { 0 } else { 3 });
                // What is left is in nobody's way.
                stack.tessera(&["backup", &folder]).expect(0);
                assert!(!Path::new(&left).exists());
            }
        },
    );
    println!("{killed} backups were killed");
    assert!(killed >= 3, "only {killed} were killed on the way");
}

#[test]
fn a_killed_restore_is_finished_by_the_next() {
    let stack = filled();
    let folder = target(&stack, "backup");
    stack.tessera(&["backup", &folder]).expect(0);
    let marker = stack.home().join("data/restoring");
    let killed = killed_everywhere(
        &stack,
        |_| ["restore", &folder, "--replace"].map(str::to_owned).to_vec(),
        |_, _| {
            let clients = ["client", "list", "--json"];
            if marker.exists() {
                stack.tessera(&clients).expect_sentence(2, &["interrupted", "tessera restore"]);
                // As it was asked for before, so without saying it again.
                stack.tessera(&["restore", &folder]).expect(0);
            }
            assert!(!marker.exists());
            let found = stack.tessera(&clients).expect(0).json();
            assert!(found.as_array().is_some_and(|clients| clients.len() > 5), "{found}");
        },
    );
    println!("{killed} restores were killed");
    assert!(killed >= 3, "only {killed} were killed on the way");
}
