//! The embedded databases are copied while they are in use, and put back.

mod interrupted;
mod load;
mod refusals;

use std::path::Path;

use reqwest::Method;

use self::load::Load;
use crate::stack::{Plan, Stack, Topology};

/// Where a backup of a test goes.
fn target(stack: &Stack, name: &str) -> String {
    stack.home().join(name).display().to_string()
}

/// A backup under load holds whatever was acknowledged before it began, is sound, and serves in a place of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_backup_is_in_it() {
    let mut stack = Stack::start(Topology::Single).await;
    let load = Load::begin(&stack).await;
    let mut backups = Vec::new();
    for name in ["one", "two", "three"] {
        load.goes_on().await;
        let (folder, before) = (target(&stack, name), load.acknowledged());
        stack.tessera(&["backup", &folder, "--with-keys"]).expect(0);
        backups.push((folder, before));
    }
    load.goes_on().await;
    let made = load.end().await;
    println!("{made} rooms were made under load");
    stack.auth().terminate();

    for (folder, before) in backups {
        stack.tessera(&["restore", &folder, "--check"]).expect(0);
        let restored = stack.home().join(format!("from-{}", before.len())).display().to_string();
        stack.tessera(&["restore", &folder, "--data-dir", &restored]).expect(0);
        stack.auth().set("TESSERA_DATA_DIR", &restored);
        stack.auth().start().await;
        let found = load::rooms(&stack).await;
        let lost: Vec<_> = before.iter().filter(|room| !found.contains(*room)).collect();
        assert!(lost.is_empty(), "{} of {} acknowledged rooms are not in {folder}", lost.len(), before.len());
        // And it goes on from there.
        let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
        stack.call(&token, Method::POST, "/rooms").await.expect(201);
        stack.auth().terminate();
    }
}

/// What happened after the backup has not happened: sign-outs come undone, so the keys are withdrawn with the same stroke.
#[tokio::test]
async fn a_restored_directory_is_that_of_the_backup() {
    let mut stack = Stack::start(Topology::Single).await;
    let before = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let folder = target(&stack, "backup");
    stack.tessera(&["backup", &folder]).expect(0);
    let booking = stack.declared.booking.clone();
    stack.oauth("/oauth/revoke", &booking, &[("token", &before)]).await.expect(200);
    stack.settles(&before, 401).await;
    stack.tessera(&["user", "create", "--login", "late"]).expect(0);
    stack.auth().terminate();

    let restored = stack.tessera(&["restore", &folder, "--replace", "--json"]).expect(0).json();
    let kept = restored["kept"].as_str().expect("what was there before").to_owned();
    assert_eq!(restored["missing_keys"], serde_json::json!([]), "the keys that are there stay");
    assert!(Path::new(&kept).join("identity.db").is_file(), "{restored}");
    stack.tessera(&["user", "otp", "status", "late"]).expect(3);
    stack.auth().start().await;
    // Nobody knows any more that it was revoked.
    stack.call(&before, Method::GET, "/rooms").await.expect(200);
    stack.auth().terminate();
    stack.tessera(&["keys", "rotate", "--withdraw"]).expect(0);
    stack.auth().start().await;
    stack.call(&before, Method::GET, "/rooms").await.expect(401);
    let after = stack.application_token(&booking, &stack.declared.ada).await;
    stack.call(&after, Method::GET, "/rooms").await.expect(200);
}

/// Without the keys a backup opens nothing; with them in their place it does.
#[tokio::test]
async fn keys_are_kept_apart_unless_they_are_asked_for() {
    let mut stack = Stack::start(Topology::Single).await;
    let (without, with) = (target(&stack, "without"), target(&stack, "with"));
    let said = stack.tessera(&["backup", &without]).expect(0).stdout;
    assert!(said.contains("to be kept elsewhere  master.key bases-master.key"), "{said}");
    stack.tessera(&["backup", &with, "--with-keys"]).expect(0);
    stack.auth().terminate();
    let names = |folder: &str| {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let databases = ["applications.db", "bases.db", "identity.db", "manifest.json", "rooms.db"];
    assert_eq!(names(&without), databases);
    assert_eq!(names(&with).len(), databases.len() + 2);

    let elsewhere = target(&stack, "elsewhere");
    let at = ["--data-dir", &elsewhere, "--json"];
    let restored = stack.tessera(&[&["restore", &without][..], &at].concat()).expect(0).json();
    assert_eq!(restored["missing_keys"], serde_json::json!(["master.key", "bases-master.key"]));
    for key in ["master.key", "bases-master.key"] {
        std::fs::copy(Path::new(&with).join(key), Path::new(&elsewhere).join(key)).unwrap();
    }
    stack.auth().set("TESSERA_DATA_DIR", &elsewhere);
    stack.auth().start().await;
}

/// A plan with nothing running and the declared directory in its databases.
fn prepared() -> Stack {
    let stack = Plan::new(Topology::Single).idle();
    stack.tessera(&["migrate"]).expect(0);
    stack.apply_declared();
    stack
}
