//! The binary: settings, bootstrap, health, and its end.
#![expect(clippy::expect_used, reason = "what a test cannot read has failed it")]

use std::fs;
use std::path::Path;

use test_kit::{Launch, Process, TestDatabase, free_port};

const SECRET: &str = "9hK2vQ7xWm4TzR8pLc3NfYb6JdSgA5eU";

fn auth_server() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_auth-server"))
}

/// A process with a data directory of its own, and its two ports.
fn started(directory: &Path, change: impl FnOnce(Launch) -> Launch) -> (Process, u16, u16) {
    let (listen, management) = (free_port(), free_port());
    let launch = auth_server()
        .args(["--listen".to_owned(), format!("127.0.0.1:{listen}")])
        .args(["--management".to_owned(), format!("127.0.0.1:{management}")])
        .args(["--data-dir".to_owned(), directory.display().to_string()]);
    (change(launch).start(), listen, management)
}

async fn ready(process: &mut Process, management: u16) {
    process.wait_until_ok(&format!("http://127.0.0.1:{management}/readyz")).await;
}

/// The status of a request for a token of the client `booking`.
async fn token(listen: u16) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let request = client.post(format!("http://127.0.0.1:{listen}/oauth/token"));
    let request = request.basic_auth("booking", Some(SECRET)).form(&[("grant_type", "client_credentials")]);
    request.send().await.expect("an answer").status().as_u16()
}

fn bootstrap(directory: &Path) -> String {
    let path = directory.join("bootstrap.yaml");
    let text = "clients:\n  - id: booking\n    name: Booking\n    kind: service\n    grants: [client_credentials]\n    \
                audiences: [rooms]\n    scopes: [rooms:list]\n    secret: env:BOOKING_SECRET\n";
    fs::write(&path, text).expect("a writable directory");
    path.display().to_string()
}

/// The first start makes keys and clients, the second finds them; SIGTERM ends it with 0.
#[actix_web::test]
async fn it_starts_with_a_bootstrap_file_and_again_without() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let file = bootstrap(directory.path());
    let with_file = |launch: Launch| launch.args(["--bootstrap", &file]).env("BOOKING_SECRET", SECRET);
    let (mut process, listen, management) = started(&data, with_file);
    ready(&mut process, management).await;
    assert_eq!(token(listen).await, 200);
    let status = process.terminate();
    assert!(status.success(), "{status} {}", process.output());
    assert!(!process.output().contains(SECRET), "{}", process.output());
    let (mut process, listen, management) = started(&data, |launch| launch);
    ready(&mut process, management).await;
    assert_eq!(token(listen).await, 200);
    assert!(process.terminate().success());
}

/// Two replicas on one PostgreSQL under one master key accept each other's clients and publish the same keys.
#[actix_web::test]
async fn two_replicas_share_a_database() {
    let (directory, database) = (tempfile::tempdir().expect("a directory"), TestDatabase::postgres());
    let data = directory.path().join("data");
    let file = bootstrap(directory.path());
    let shared = |launch: Launch| launch.env("TESSERA_IDENTITY__DATABASE__URL", database.url());
    let first = |launch: Launch| shared(launch).args(["--bootstrap", &file]).env("BOOKING_SECRET", SECRET);
    let (mut one, one_listen, one_management) = started(&data, first);
    ready(&mut one, one_management).await;
    let (mut two, two_listen, two_management) = started(&data, shared);
    ready(&mut two, two_management).await;
    assert_eq!(token(two_listen).await, 200);
    let mut published = Vec::new();
    for port in [one_listen, two_listen] {
        let url = format!("http://127.0.0.1:{port}/.well-known/jwks.json");
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        published.push(client.get(url).send().await.expect("an answer").text().await.expect("a body"));
    }
    assert_eq!(published[0], published[1]);
}

/// A demo's data are not served outside a demo (threat 22).
#[actix_web::test]
async fn threat_22_demo_data_are_refused_without_the_flag() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut process, _, management) = started(directory.path(), |launch| launch.arg("--demo"));
    ready(&mut process, management).await;
    assert!(process.terminate().success());
    let (mut process, _, _) = started(directory.path(), |launch| launch);
    assert!(!process.wait().success());
    assert!(process.output().contains("demo"), "{}", process.output());
}

/// A wrong setting stops the start with one sentence that names the key.
#[test]
fn a_wrong_setting_is_named() {
    for (name, value, key) in [
        ("TESSERA_AUTH__ISSUER", "id.example", "auth.issuer"),
        ("TESSERA_AUTH__ACCESS_TOKEN_TTL", "soon", "auth.access_token_ttl"),
        ("TESSERA_AUTH__SIGNING__ALGORITHM", "HS256", "auth.signing.algorithm"),
        ("TESSERA_AUTH__SIGNING__INTERVAL", "15m", "auth.signing: interval must be longer than publish_lead"),
        ("TESSERA_AUTH__SIGNING__RELOAD", "0s", "auth.signing: reload must be longer than nothing"),
        ("TESSERA_AUTH__LIMITS__CLIENT_FAILURES", "-1", "auth.limits.client_failures"),
        ("TESSERA_AUTH__LIMITS__PASSWORD_WINDOW", "soon", "auth.limits.password_window"),
        ("TESSERA_AUTH__RDV__SESSIONS__MAX_CLIENTS", "0", "auth.rdv.sessions"),
        ("TESSERA_AUTH__RDV__SESSIONS__LIFETIME", "31d", "auth.rdv.sessions"),
        ("TESSERA_AUTH__RDV__ENGLISH", "perhaps", "auth.rdv.english"),
        ("TESSERA_AUTH__COLOUR", "red", "auth.colour"),
        ("TESSERA_IDENTITY__MASTER_KEY", "c2hvcnQ=", "identity.master_key"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut process, _, _) = started(directory.path(), |launch| launch.env(name, value));
        assert!(!process.wait().success(), "{name}");
        assert!(process.output().contains(key), "{name}: {}", process.output());
    }
}
