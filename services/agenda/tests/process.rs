//! The binary: settings, health, and its end.

use std::time::{Duration, Instant};

use test_kit::{Launch, Process, TestDatabase, free_port};

fn agenda() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_agenda"))
}

/// A process with an auth server that does not answer, and its two ports.
fn started(database: &TestDatabase) -> (Process, u16, u16) {
    let (listen, management) = (free_port(), free_port());
    let process = agenda()
        .env("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{listen}"))
        .env("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"))
        .env("TESSERA_IDENTITY__DATABASE__URL", database.url())
        .env("TESSERA_AGENDA__SHARED_SECRET", "x".repeat(32))
        .env("TESSERA_AUTHORITY__URL", format!("http://127.0.0.1:{}", free_port()))
        .env("TESSERA_AUTHORITY__CLIENT_ID", "agenda")
        .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
        .start();
    (process, listen, management)
}

async fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().build().ok()?;
    let request = client.get(format!("http://127.0.0.1:{port}{path}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// Asks until there is an answer.
async fn wait_for(process: &Process, port: u16, path: &str) -> (u16, String) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = get(port, path, &[]).await {
            return answer;
        }
        assert!(Instant::now() < deadline, "no answer: {}", process.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Without its auth server the process lives, says that it is not ready and why, and ends with 0 when told to.
#[actix_web::test]
async fn it_starts_without_its_auth_server_and_stops_when_told() {
    let database = TestDatabase::sqlite();
    let (mut process, listen, management) = started(&database);
    assert_eq!(wait_for(&process, management, "/livez").await.0, 200);
    let (status, reasons) = wait_for(&process, management, "/readyz").await;
    assert_eq!(status, 503);
    assert!(reasons.contains("no keys from the auth server"), "{reasons}");
    let anonymous = get(listen, "/api/v1/agents", &[]).await.unwrap();
    assert_eq!(anonymous.0, 401);
    // A session cannot be checked; a signature needs nobody's help, and this one is wrong.
    let session = [("access-token", "x"), ("client", "x"), ("uid", "a@cd26.example")];
    assert_eq!(get(listen, "/api/v1/agents", &session).await.unwrap().0, 503);
    let signature = [("x-agent-auth-signature", "0"), ("uid", "a@cd26.example")];
    assert_eq!(get(listen, "/api/v1/agents", &signature).await.unwrap().0, 401);
    let described = get(listen, "/docs/openapi/agenda.json", &[]).await.unwrap();
    assert!(described.0 == 200 && described.1.contains("RDV-Solidarités agent API"), "{described:?}");
    let status = process.terminate();
    assert!(status.success(), "{status} {}", process.output());
}

/// A wrong setting stops the start with one sentence that names the key, and no secret.
#[test]
fn a_wrong_setting_is_named() {
    for (name, value, key) in [
        ("TESSERA_AGENDA__SCOPE", "a b", "agenda.scope"),
        ("TESSERA_AGENDA__SHARED_SECRET", "sh0rt-secret", "agenda.shared_secret"),
        ("TESSERA_AGENDA__LIMITS__BODY", "much", "agenda.limits.body"),
        ("TESSERA_AGENDA__COLOUR", "red", "agenda.colour"),
        ("TESSERA_IDENTITY__MASTER_KEY", "none", "identity.master_key"),
    ] {
        let authority = "TESSERA_AUTHORITY__URL";
        let mut process = agenda()
            .env(authority, "http://127.0.0.1:9")
            .env("TESSERA_AUTHORITY__CLIENT_ID", "agenda")
            .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
            .env(name, value)
            .start();
        let status = process.wait();
        let output = process.output();
        assert!(!status.success(), "{name}");
        assert!(output.contains(key), "{name}: {output}");
        assert!(!output.contains("sh0rt-secret"), "{name}: {output}");
    }
}
