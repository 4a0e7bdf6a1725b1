//! `tessera apply`

use std::fs;

use rstest::rstest;
use serde_json::json;

use super::{DRIFT, both};
use crate::stack::{Plan, Topology, new_secret};

/// Applying is planned first, done once, and not done again.
#[rstest]
fn applying_twice_changes_nothing(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let file = stack.home().join("bootstrap.yaml").display().to_string();
    let dry = stack.tessera(&["apply", "--dry-run", &file]);
    assert_eq!(dry.status, DRIFT, "{dry:?}");
    let planned: Vec<_> = dry.stdout.lines().map(|line| line.split(" (").next().unwrap()).collect();
    assert_eq!(
        planned,
        [
            "create service counter",
            "create organization agency",
            "create group crew",
            "create account ada",
            "create account bob",
            "create account root",
            "update group crew",
            "create client booking",
            "create client board",
            "create client kiosk",
            "create client gateway",
            "create client rooms-service",
            "create client agenda-service",
            "create client applications-service",
            "create client base-token-service",
            "create client provisioning-service",
            "create client integration",
            "create client crm",
            "create client desk",
            "create application desk-app",
        ]
    );
    assert_eq!(dry.stderr.lines().count(), 1, "{dry:?}");
    assert_eq!(stack.tessera(&["client", "list", "--json"]).expect(0).json(), json!([]), "a dry run writes");

    let applied = stack.tessera(&["apply", &file]).expect(0);
    assert_eq!(applied.stdout, dry.stdout, "what was planned is what was done");
    assert_eq!(both(&stack, &["apply", &file]), ("nothing to change\n".to_owned(), json!([])));
    assert_eq!(both(&stack, &["apply", "--dry-run", "--prune", &file]).1, json!([]));
}

/// Drift is told field by field, and what a file no longer declares goes only when asked.
#[rstest]
fn drift_is_told_and_mended(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let file = stack.home().join("bootstrap.yaml").display().to_string();
    let secret = new_secret();
    stack.watch.note(&secret);
    let changed = stack
        .declared
        .document()
        .replace(r#"["rooms:list"]"#, r#"["rooms:list", "rooms:create"]"#)
        .replace(&stack.declared.kiosk.secret, &secret)
        .replace("queueName: Video desk", "queueName: Front desk");
    fs::write(&file, changed).unwrap();
    let drift = stack.tessera(&["apply", "--dry-run", "--json", &file]);
    assert_eq!(drift.status, DRIFT, "{drift:?}");
    let told = json!([
        { "action": "update", "kind": "client", "id": "board", "fields": ["scopes"] },
        { "action": "update", "kind": "client", "id": "kiosk", "fields": ["secret"] },
        { "action": "update", "kind": "application", "id": "desk-app", "fields": ["config"] },
    ]);
    assert_eq!(drift.json(), told);
    assert_eq!(stack.tessera(&["apply", "--json", &file]).expect(0).json(), told);

    // By hand: not this file's business, whatever happens to the file.
    let by_hand = ["client", "create", "--id", "by-hand", "--name", "By hand", "--json"];
    stack.tessera(&by_hand).expect(0);
    fs::write(&file, "organizations:\n  - { id: agency, name: Agency }\n").unwrap();
    assert_eq!(both(&stack, &["apply", &file]).1, json!([]), "nothing goes without --prune");
    let dry = stack.tessera(&["apply", "--prune", "--dry-run", &file]);
    assert_eq!(dry.status, DRIFT, "{dry:?}");
    let pruned = stack.tessera(&["apply", "--prune", &file]).expect(0).stdout;
    assert_eq!(pruned, dry.stdout);
    assert_eq!(pruned.lines().filter(|line| line.starts_with("delete ")).count(), 18, "{pruned}");
    let left = stack.tessera(&["client", "list", "--json"]).expect(0).json();
    assert_eq!((left[0]["client_id"].as_str(), left.as_array().unwrap().len()), (Some("by-hand"), 1));
    assert_eq!(stack.tessera(&["user", "list", "--json"]).expect(0).json(), json!([]));
}

/// A file that is wrong in one place changes nothing at all, and every fault is told at once.
#[rstest]
fn a_wrong_file_changes_nothing(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let wrong = stack.declared.document().replace("kind: application", "kind: robot");
    let ran = stack.tessera_reading(&["apply", "-"], &wrong);
    assert_eq!(ran.status, super::REFUSED, "{ran:?}");
    for path in ["clients[0].kind", "clients[1].kind", "clients[2].kind"] {
        assert!(ran.stderr.contains(path), "{path}: {ran:?}");
    }
    assert_eq!(stack.tessera(&["user", "list", "--json"]).expect(0).json(), json!([]));
}

/// The same where only the applications are at fault, which the directory knows nothing of.
#[rstest]
fn a_wrong_application_changes_nothing(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let file = stack.home().join("bootstrap.yaml").display().to_string();
    for (right, wrong, told) in [
        ("pcEnvironment", "environment", "applications[0].config.pcEnvironment: is required"),
        ("type: GENESYS", "type: genesys", "applications[0].type: is none of GENESYS"),
        ("type: GENESYS", "type: GENESYS\n    visible: perhaps", "applications[0].visible"),
        ("applications:", "application:", "application"),
    ] {
        fs::write(&file, stack.declared.document().replace(right, wrong)).unwrap();
        for flags in [&["apply"][..], &["apply", "--dry-run"]] {
            stack.tessera(&[flags, &[&file]].concat()).expect_sentence(super::REFUSED, &[told]);
        }
    }
    assert_eq!(stack.tessera(&["client", "list", "--json"]).expect(0).json(), json!([]));
}

/// Threat 22: a demo's secrets only where a demo is asked for, and the database stays one.
#[rstest]
fn threat_22_a_demo_has_to_be_asked_for(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let demo = &test_kit::checked_in("deploy/bootstrap.demo.yaml").display().to_string();
    stack.tessera(&["apply", demo]).expect(super::REFUSED);
    stack.tessera(&["apply", "--demo", demo]).expect(0);
    assert_eq!(stack.tessera(&["apply", "--demo", demo]).expect(0).stdout, "nothing to change\n");
    let file = stack.home().join("bootstrap.yaml").display().to_string();
    stack.tessera(&["apply", &file]).expect_sentence(super::REFUSED, &["demo"]);
}

/// A file on standard input; its relative paths start where the command does.
#[rstest]
fn a_file_is_read_from_standard_input(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let document = "organizations:\n  - { id: agency, name: Agency }\n";
    let applied = stack.tessera_reading(&["apply", "-"], document).expect(0);
    assert_eq!(applied.stdout, "create organization agency (name)\n");
    assert_eq!(stack.tessera_reading(&["apply", "-"], "").expect(0).stdout, "nothing to change\n");
    stack.tessera_reading(&["apply", "-"], "agency").expect(super::REFUSED);
}
