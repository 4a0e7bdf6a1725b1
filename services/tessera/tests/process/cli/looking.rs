//! Commands that look, and those that prepare: settings, migrations, health, completions, documents.

use std::fs;

use rstest::rstest;
use serde_json::{Value, json};

use super::{NOT_READY, both};
use crate::stack::{Plan, Topology, new_secret, run};

/// What is in force is shown, whatever it came from, except what is secret.
#[test]
fn settings_are_shown_and_secrets_are_not() {
    let (key, password) = (new_secret(), new_secret());
    let variables = [
        ("TESSERA_IDENTITY__MASTER_KEY", key.as_str()),
        ("TESSERA_IDENTITY__DATABASE__URL", &format!("postgres://tessera:{password}@db.example/tessera")),
        ("TESSERA_ROOMS__DATABASE__URL", &format!("postgres://db.example/tessera?password={password}")),
        ("TESSERA_AUTH__ACCESS_TOKEN_TTL", "10m"),
        ("TESSERA_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.0/24"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let human = run("tessera", &["config", "show"], &variables, "").expect(0);
    let json = run("tessera", &["config", "show", "--json", "--data-dir", "/srv/tessera"], &variables, "");
    let tree = json.expect(0).json();
    assert_eq!(tree["auth"]["access_token_ttl"], "10m");
    assert_eq!(tree["data_dir"], "/srv/tessera");
    assert_eq!(tree["server"]["trusted_proxies"], json!(["10.0.0.0/8", "192.0.2.0/24"]));
    for text in [human.stdout.clone(), tree.to_string()] {
        assert!(!text.contains(&key) && !text.contains(&password), "{text}");
    }
    assert!(tree["identity"]["master_key"].as_str().is_some_and(|mask| mask.contains('*')), "{tree}");

    // What is shown can be used as it stands.
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("tessera.toml");
    fs::write(&file, &human.stdout).unwrap();
    let again = run("tessera", &["config", "show", "--config", file.to_str().unwrap()], &[], "").expect(0);
    let differs =
        |text: &str| text.lines().filter(|line| !line.contains('*')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(differs(&again.stdout), differs(&human.stdout));
}

#[rstest]
fn migrations_run_once(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let first = stack.tessera(&["migrate", "--json"]).expect(0).json();
    for (index, name) in ["identity", "applications", "bases", "rooms"].iter().enumerate() {
        assert_eq!(first[index]["database"], *name);
        assert!(!first[index]["applied"].as_array().unwrap().is_empty(), "{first}");
    }
    let (text, again) = both(&stack, &["migrate"]);
    assert_eq!(text.matches("up to date").count(), 4, "{text}");
    assert!(again.as_array().unwrap().iter().all(|database| database["applied"] == json!([])), "{again}");
}

/// Exit status 0 from a server that is ready, 6 from one that is not there.
#[rstest]
#[tokio::test]
async fn health_is_an_exit_status(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let mut stack = Plan::new(topology).start().await;
    let addresses: Vec<_> = stack.units().map(|unit| unit.management_address()).collect();
    for address in &addresses {
        let (text, json) = both(&stack, &["healthcheck", "--management", address]);
        assert_eq!((text.as_str(), &json["ready"]), ("ready\n", &json!(true)));
    }
    for unit in stack.units() {
        assert!(unit.terminate().success());
    }
    for address in &addresses {
        let ran = stack.tessera(&["healthcheck", "--management", address, "--timeout", "1s"]);
        ran.expect_sentence(NOT_READY, &[address, "no answer"]);
    }
}

/// Alive and not ready: the rooms service without its auth server. The reasons are told.
#[tokio::test]
async fn health_tells_what_is_missing() {
    let mut stack = Plan::new(Topology::Separate).idle();
    stack.rooms().begin();
    let alive = stack.rooms().management_url("/livez");
    stack.rooms().running().wait_until_ok(&alive).await;
    let address = stack.rooms().management_address();
    let ran = stack.tessera(&["healthcheck", "--management", &address]);
    ran.expect_sentence(NOT_READY, &["not ready", "keys"]);
}

#[rstest]
fn completions_are_for_the_shell_that_asks(#[values("bash", "zsh", "fish")] shell: &str) {
    let script = run("tessera", &["completions", shell], &[], "").expect(0).stdout;
    for word in ["healthcheck", "rotate-secret", "--dry-run"] {
        assert!(script.contains(word.trim_start_matches('-')), "{shell}: no {word}");
    }
    run("tessera", &["completions", "abacus"], &[], "").expect(2);
}

/// The documents that are checked in are those of this build.
#[test]
fn the_checked_in_documents_are_current() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("openapi");
    run("tessera", &["openapi", "--out", out.to_str().unwrap()], &[], "").expect(0);
    let checked_in = test_kit::checked_in("proto-docs/openapi");
    for name in ["agenda.json", "applications.json", "auth-server.json", "rooms.json"] {
        let written: Value = serde_json::from_str(&fs::read_to_string(out.join(name)).unwrap()).unwrap();
        assert!(written["paths"].as_object().is_some_and(|paths| !paths.is_empty()), "{name}");
        let kept = fs::read_to_string(checked_in.join(name)).unwrap();
        assert!(kept == fs::read_to_string(out.join(name)).unwrap(), "{name} differs: run `make openapi`");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for arguments in
        [&["--help"][..], &["help"], &["--version"], &["client", "--help"], &["client", "create", "--help"]]
    {
        let ran = run("tessera", arguments, &[], "").expect(0);
        assert!(ran.stdout.contains("tessera"), "{ran:?}");
    }
    for program in ["agenda", "applications", "auth-server", "rooms"] {
        assert!(run(program, &["--version"], &[], "").expect(0).stdout.starts_with(program));
    }
}
