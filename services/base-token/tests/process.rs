//! The binary: settings, health, and its end.

use std::time::{Duration, Instant};

use rstest::rstest;
use test_kit::{Backend, Launch, Process, TestDatabase, free_port};

fn base_token() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_base-token"))
        .env("TESSERA_AUTHORITY__URL", format!("http://127.0.0.1:{}", free_port()))
        .env("TESSERA_AUTHORITY__CLIENT_ID", "bases")
        .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
}

/// A process with an auth server that does not answer, and its two ports.
fn started(database: &TestDatabase, home: &std::path::Path) -> (Process, u16, u16) {
    let (listen, management) = (free_port(), free_port());
    let process = base_token()
        .env("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{listen}"))
        .env("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"))
        .env("TESSERA_DATA_DIR", home.display().to_string())
        .env("TESSERA_BASES__DATABASE__URL", database.url())
        .start();
    (process, listen, management)
}

async fn get(port: u16, path: &str, token: Option<&str>) -> Option<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().build().ok()?;
    let request = client.get(format!("http://127.0.0.1:{port}{path}"));
    let request = token.iter().fold(request, |request, token| request.header("authorization", *token));
    let answer = request.send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// Asks until there is an answer.
async fn wait_for(process: &Process, port: u16, path: &str) -> (u16, String) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = get(port, path, None).await {
            return answer;
        }
        assert!(Instant::now() < deadline, "no answer: {}", process.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Without its auth server the process lives, says that it is not ready and why, answers what needs nobody's help, and ends
/// with 0 when told to. Its next start finds the keys of the first.
#[rstest]
#[actix_web::test]
async fn it_starts_without_its_auth_server_and_stops_when_told(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (database, home) = (TestDatabase::on(backend), tempfile::tempdir().unwrap());
    for _ in 0..2 {
        let (mut process, listen, management) = started(&database, home.path());
        assert_eq!(wait_for(&process, management, "/livez").await.0, 200);
        let (status, reasons) = wait_for(&process, management, "/readyz").await;
        assert!(status == 503 && reasons.contains("no keys from the auth server"), "{reasons}");
        let anonymous = get(listen, "/api/v2.1/workspaces/", None).await.unwrap();
        assert_eq!(anonymous.0, 403);
        let token = "Token b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4";
        let unchecked = get(listen, "/api/v2.1/workspaces/", Some(token)).await.unwrap();
        assert_eq!(unchecked, (503, r#"{"error_msg":"Service Unavailable"}"#.to_owned()));
        let exchanged = get(listen, "/api/v2.1/dtable/app-access-token/", Some(token)).await.unwrap();
        assert_eq!(exchanged, (403, r#"{"error_msg":"Permission denied."}"#.to_owned()));
        let link =
            get(listen, "/api/v2.1/external-link-tokens/spring-fair/access-token/", None).await.unwrap();
        assert_eq!(link, (404, r#"{"error_msg":"External link not found."}"#.to_owned()));
        let described = get(listen, "/docs/openapi/base-token.json", None).await.unwrap();
        assert!(described.0 == 200 && described.1.contains("/api/v2.1/dtable-copy/"), "{described:?}");
        let status = process.terminate();
        assert!(status.success(), "{status} {}", process.output());
    }
    assert!(home.path().join("bases-master.key").is_file());
}

/// The keys in the database are sealed under the master key: with another one nothing is made up.
#[actix_web::test]
async fn another_master_key_stops_the_start() {
    let (database, home) = (TestDatabase::sqlite(), tempfile::tempdir().unwrap());
    let (mut process, _, management) = started(&database, home.path());
    wait_for(&process, management, "/livez").await;
    assert!(process.terminate().success());
    std::fs::remove_file(home.path().join("bases-master.key")).unwrap();
    let (mut process, _, _) = started(&database, home.path());
    assert!(!process.wait().success(), "{}", process.output());
    assert!(process.output().contains("master"), "{}", process.output());
}

/// A wrong setting stops the start with one sentence that names the key, and no secret.
#[test]
fn a_wrong_setting_is_named() {
    let home = tempfile::tempdir().unwrap();
    for (name, value, key) in [
        ("TESSERA_BASES__SCOPE", "a b", "bases.scope"),
        ("TESSERA_BASES__MASTER_KEY", "sh0rt-secret", "bases.master_key"),
        ("TESSERA_BASES__TOKENS__BASE_KEY", "sh0rt-secret", "bases.tokens.base_key"),
        ("TESSERA_BASES__TOKENS__TEMPORARY_KEY", "sh0rt-secret", "bases.tokens.temporary_key"),
        ("TESSERA_BASES__DTABLE_SERVER", "tables.example.org", "bases.dtable_server"),
        ("TESSERA_BASES__TRASH_RETENTION", "long", "bases.trash_retention"),
        ("TESSERA_BASES__DATABASE__URL", "mysql://h/d", "bases.database"),
        ("TESSERA_BASES__RATES__USER", "-1", "bases.rates.user"),
        ("TESSERA_BASES__COLOUR", "red", "bases.colour"),
    ] {
        let data_dir = home.path().display().to_string();
        let mut process = base_token().env("TESSERA_DATA_DIR", data_dir).env(name, value).start();
        let status = process.wait();
        let output = process.output();
        assert!(!status.success(), "{name}");
        assert!(output.contains(key), "{name}: {output}");
        assert!(!output.contains("sh0rt-secret"), "{name}: {output}");
    }
}
