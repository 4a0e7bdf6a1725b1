//! What is neither overwritten nor believed.

use std::fs;
use std::path::Path;

use super::{prepared, target};
use crate::stack::{Plan, Stack, Topology};

const USAGE: i32 = 2;
const NOT_FOUND: i32 = 3;
const REFUSED: i32 = 4;

/// On PostgreSQL the server's own tools do it, and they are named.
#[test]
fn postgres_has_tools_of_its_own() {
    let stack = Plan::new(Topology::Separate).idle();
    let folder = target(&stack, "backup");
    stack.tessera(&["backup", &folder]).expect_sentence(USAGE, &["pg_dump", "database.url"]);
    assert!(!Path::new(&folder).exists());
    let single = prepared();
    single.tessera(&["backup", &folder]).expect(0);
    stack.tessera(&["restore", &folder]).expect_sentence(USAGE, &["pg_restore", "database.url"]);
}

#[test]
fn nothing_is_backed_up_twice_or_out_of_nowhere() {
    let stack = prepared();
    let folder = target(&stack, "backup");
    stack.tessera(&["backup", &folder]).expect(0);
    stack.tessera(&["backup", &folder]).expect_sentence(REFUSED, &[&folder, "already"]);
    let (nowhere, other) = (target(&stack, "nowhere"), target(&stack, "other"));
    let ran = stack.tessera(&["backup", &other, "--data-dir", &nowhere]);
    ran.expect_sentence(NOT_FOUND, &["there is no database"]);
    assert!(!Path::new(&nowhere).exists() && !Path::new(&other).exists());
    stack.tessera(&["backup", &target(&stack, "no/such/folder")]).expect_sentence(REFUSED, &["cannot write"]);
}

/// Neither databases that are there, without a word, nor any that somebody uses.
#[tokio::test]
async fn a_restore_replaces_nothing_by_accident() {
    let mut stack = Stack::start(Topology::Single).await;
    let folder = target(&stack, "backup");
    stack.tessera(&["backup", &folder]).expect(0);
    for arguments in [&["restore", &folder][..], &["restore", &folder, "--replace"]] {
        stack.tessera(arguments).expect_sentence(REFUSED, &["in use"]);
    }
    stack.auth().terminate();
    stack.tessera(&["restore", &folder]).expect_sentence(REFUSED, &["--replace"]);
    stack.tessera(&["restore", &folder, "--replace"]).expect(0);
    stack.auth().start().await;
}

/// What is done to a backup.
type Damage = &'static dyn Fn(&Path);

/// A file that is gone, cut short or changed by one bit; a manifest that is; a folder that never was a backup.
#[test]
fn a_damaged_backup_is_not_restored() {
    let stack = prepared();
    let data = stack.home().join("data/identity.db");
    let untouched = fs::read(&data).unwrap();
    let damages: [(&str, Damage); 5] = [
        ("rooms.db is not what was written", &|folder| {
            let path = folder.join("rooms.db");
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("identity.db is not what was written", &|folder| {
            let file = fs::OpenOptions::new().write(true).open(folder.join("identity.db")).unwrap();
            file.set_len(4096).unwrap();
        }),
        ("bases.db", &|folder| fs::remove_file(folder.join("bases.db")).unwrap()),
        ("manifest.json", &|folder| fs::write(folder.join("manifest.json"), "{").unwrap()),
        ("it lacks identity.db", &|folder| {
            let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
            fs::write(folder.join("manifest.json"), text.replace("identity.db", "master.key")).unwrap();
        }),
    ];
    for (number, (words, damage)) in damages.iter().enumerate() {
        let folder = target(&stack, &format!("backup-{number}"));
        stack.tessera(&["backup", &folder]).expect(0);
        damage(Path::new(&folder));
        for flag in ["--check", "--replace"] {
            stack.tessera(&["restore", &folder, flag]).expect_sentence(REFUSED, &[words]);
        }
        assert!(fs::read(&data).unwrap() == untouched, "the database has changed: {words}");
    }
    let nothing = target(&stack, "data");
    stack.tessera(&["restore", &nothing, "--replace"]).expect_sentence(NOT_FOUND, &["no backup"]);
}
