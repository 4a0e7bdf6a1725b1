//! Mistakes about secrets. Threat 22: what is known, default or short does not start outside a demo.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rstest::rstest;

use super::{refuses, start};
use crate::stack::{Plan, Topology, run};

/// Stands wherever a secret belongs, and must not be printed.
pub(super) const NEVER_SHOWN: &str = "7Gq2mZr9xKc4vTb8nWp3sLd6hYf1jQe5-never-shown";

/// What `tessera` ends with when a rule is against it.
const REFUSED: i32 = 4;

#[rstest]
#[case("tessera", "IDENTITY__MASTER_KEY", "identity.master_key")]
#[case("auth-server", "IDENTITY__MASTER_KEY", "identity.master_key")]
#[case("tessera", "ROOMS__DATABASE__URL", "rooms.database.url")]
#[case("rooms", "AUTHORITY__CLIENT_SECRET", "authority.client_secret")]
#[case("tessera", "APPLICATIONS__DATABASE__URL", "applications.database.url")]
#[case("applications", "APPLICATIONS__DATABASE__URL", "applications.database.url")]
#[case("applications", "AUTHORITY__CLIENT_SECRET", "authority.client_secret")]
#[case("agenda", "AUTHORITY__CLIENT_SECRET", "authority.client_secret")]
#[case("agenda", "IDENTITY__DATABASE__URL", "identity.database.url")]
#[case("agenda", "AGENDA__SHARED_SECRET", "agenda.shared_secret")]
#[case("tessera", "AGENDA__SHARED_SECRET", "agenda.shared_secret")]
fn a_secret_that_is_given_twice_is_refused(#[case] program: &str, #[case] name: &str, #[case] key: &str) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("secret");
    fs::write(&file, NEVER_SHOWN).unwrap();
    let (name, file_name) = (format!("TESSERA_{name}"), format!("TESSERA_{name}_FILE"));
    let given = [(name.as_str(), NEVER_SHOWN), (&file_name, file.to_str().unwrap())];
    refuses(program, &[], &given, &[key, "both set"]);
}

/// The value may be a mistyped secret, so it is not repeated.
#[rstest]
fn a_malformed_master_key_is_not_shown(#[values("tessera", "auth-server")] program: &str) {
    let key = &[("TESSERA_IDENTITY__MASTER_KEY", NEVER_SHOWN)];
    refuses(program, &[], key, &["identity.master_key"]);
    let missing = &[("TESSERA_IDENTITY__MASTER_KEY_FILE", "/nowhere/master.key")];
    refuses(program, &[], missing, &["identity.master_key_file", "/nowhere/master.key"]);
}

/// A password in the URL of a database that does not answer.
#[rstest]
#[case("tessera", "IDENTITY")]
#[case("auth-server", "IDENTITY")]
#[case("agenda", "IDENTITY")]
#[case("rooms", "ROOMS")]
#[case("applications", "APPLICATIONS")]
fn a_database_password_is_not_shown(#[case] program: &str, #[case] section: &str) {
    let name = format!("TESSERA_{section}__DATABASE__URL");
    let url = format!("postgres://tessera:{NEVER_SHOWN}@127.0.0.1:1/tessera");
    let ran = start(program, &[], &[(&name, &url)]);
    ran.expect_sentence(1, &[&format!("{}.database", section.to_lowercase())]);
}

/// Threat 22: once the demo's secrets are in a database, it opens as a demo only.
#[tokio::test]
async fn threat_22_a_demo_database_opens_as_a_demo_only() {
    let mut stack = Plan::new(Topology::Single).auth("TESSERA_DEMO", "true").start().await;
    assert_eq!(stack.auth().terminate().code(), Some(0));
    let data = stack.home().join("data").display().to_string();
    let home = [("TESSERA_DATA_DIR", data.as_str())];
    let ran = start("tessera", &[], &home);
    ran.expect_sentence(REFUSED, &["demo"]);
    start("auth-server", &[], &home).expect_sentence(1, &["demo"]);
    stack.tessera(&["client", "list"]).expect_sentence(REFUSED, &["demo"]);
}

/// Threat 22: secrets that everybody knows or guesses.
#[rstest]
#[case::demo("demo-visio-secret-0123456789abcdef")]
#[case::short("7Gq2mZr9xKc4vTb8nWp3")]
#[case::pattern("changemechangemechangemechangeme")]
fn threat_22_weak_secrets_are_refused(
    #[values("tessera", "auth-server")] program: &str,
    #[case] secret: &str,
) {
    let ran = bootstrap(program, &client(secret));
    ran.expect_sentence(if program == "tessera" { REFUSED } else { 1 }, &["clients[0].secret"]);
    assert!(!ran_contains(&ran, secret), "{ran:?}");
}

/// Threat 22: the shipped demo file, given by mistake. Each of its secrets is named.
#[test]
fn threat_22_the_demo_file_is_refused_outside_a_demo() {
    let file = test_kit::checked_in("deploy/bootstrap.demo.yaml");
    let ran = start("tessera", &["--bootstrap", file.to_str().unwrap()], &[]);
    assert_eq!(ran.status, REFUSED, "{ran:?}");
    let secrets = fs::read_to_string(&file).unwrap().matches("secret: ").count();
    let passwords = fs::read_to_string(&file).unwrap().matches("password: ").count();
    assert_eq!(ran.stderr.lines().count(), secrets + passwords, "{ran:?}");
    assert!(
        ran.stderr.contains("accounts[0].password") && ran.stderr.contains("clients[3].secret"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("demo-visio-secret"), "{ran:?}");
}

/// Where a secret comes from is a part of the file, and can be wrong too.
#[rstest]
#[case::variable("env:NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE")]
#[case::file("file:no-such-file", "no-such-file")]
fn a_secret_without_a_source_is_named(
    #[values("tessera", "auth-server")] program: &str,
    #[case] secret: &str,
    #[case] name: &str,
) {
    let ran = bootstrap(program, &client(secret));
    ran.expect_sentence(if program == "tessera" { REFUSED } else { 1 }, &["clients[0].secret", name]);
}

#[rstest]
#[case::key("clients:\n  - id: a\n    kind: service\n    colour: red\n", "colour")]
#[case::kind("clients:\n  - id: a\n    kind: robot\n", "clients[0].kind")]
#[case::yaml("clients: [\n", "line")]
fn a_malformed_bootstrap_file_is_refused(
    #[values("tessera", "auth-server")] program: &str,
    #[case] document: &str,
    #[case] word: &str,
) {
    let ran = bootstrap(program, document);
    ran.expect_sentence(if program == "tessera" { REFUSED } else { 1 }, &[word]);
}

#[test]
fn a_missing_bootstrap_file_is_named() {
    for (program, status) in [("tessera", REFUSED), ("auth-server", 1)] {
        let ran = start(program, &["--bootstrap", "/nowhere/bootstrap.yaml"], &[]);
        ran.expect_sentence(status, &["/nowhere/bootstrap.yaml", "No such file"]);
    }
}

/// The master key made at the first start is its owner's alone, and nobody else's opens the database.
#[tokio::test]
async fn the_master_key_is_private_and_the_only_one() {
    let mut stack = Plan::new(Topology::Single).start().await;
    assert!(stack.auth().terminate().success());
    let data = stack.home().join("data");
    let (path, home) = (data.join("master.key"), [("TESSERA_DATA_DIR", data.to_str().unwrap())]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&data)), (0o600, 0o700));
    let own = fs::read_to_string(&path).unwrap();
    stack.watch.note(own.trim());

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    refuses("tessera", &[], &home, &["identity.master_key", "master.key"]);
    refuses("auth-server", &[], &home, &["identity.master_key", "master.key"]);
    fs::remove_file(&path).unwrap();
    // Without it a new one is made, which is another one; it must not take the old one's place unnoticed.
    for (program, status) in [("tessera", REFUSED), ("auth-server", 1)] {
        start(program, &[], &home).expect_sentence(status, &["master key"]);
    }
    fs::write(&path, &own).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    stack.auth().start().await;
    stack.application(&stack.declared.booking, &stack.declared.ada.email).await.expect(200);
}

fn client(secret: &str) -> String {
    format!(
        "clients:\n  - id: a\n    kind: service\n    grants: [client_credentials]\n    scopes: [x]\n    \
         audiences: [rooms]\n    secret: {secret}\n"
    )
}

fn bootstrap(program: &str, document: &str) -> crate::stack::Ran {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("bootstrap.yaml");
    fs::write(&file, document).unwrap();
    start(program, &["--bootstrap", file.to_str().unwrap()], &[])
}

fn ran_contains(ran: &crate::stack::Ran, text: &str) -> bool {
    format!("{ran:?}").contains(text)
}

/// The same variables that stop a start stop a command.
#[test]
fn a_command_judges_settings_like_a_start() {
    let wrong = [("TESSERA_COLOUR".to_owned(), "red".to_owned())];
    for arguments in [&["client", "list"][..], &["config", "show"], &["migrate"], &["healthcheck"]] {
        run("tessera", arguments, &wrong, "").expect_sentence(2, &["colour", "TESSERA_COLOUR"]);
    }
}
