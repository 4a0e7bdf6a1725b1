//! The binary: settings, health, and its end.

use std::time::{Duration, Instant};

use test_kit::{Launch, Process, TestDatabase, free_port};

fn rooms() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_rooms"))
}

/// A process with an auth server that does not answer, and its two ports.
fn started(database: &TestDatabase) -> (Process, u16, u16) {
    let (listen, management) = (free_port(), free_port());
    let process = rooms()
        .env("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{listen}"))
        .env("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"))
        .env("TESSERA_ROOMS__DATABASE__URL", database.url())
        .env("TESSERA_AUTHORITY__URL", format!("http://127.0.0.1:{}", free_port()))
        .env("TESSERA_AUTHORITY__CLIENT_ID", "rooms")
        .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
        .start();
    (process, listen, management)
}

async fn get(port: u16, path: &str, token: &str) -> Option<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().build().ok()?;
    let request = client.get(format!("http://127.0.0.1:{port}{path}")).bearer_auth(token);
    let answer = request.send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// Asks until there is an answer.
async fn wait_for(process: &Process, port: u16, path: &str) -> (u16, String) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = get(port, path, "x").await {
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
    let anonymous = get(listen, "/external-api/v1.0/rooms", "").await.unwrap();
    assert_eq!(anonymous.0, 401);
    let described = get(listen, "/docs/openapi/rooms.json", "x").await.unwrap();
    assert!(described.0 == 200 && described.1.contains("Meet External API"), "{described:?}");
    let status = process.terminate();
    assert!(status.success(), "{status} {}", process.output());
}

/// A wrong setting stops the start with one sentence that names the key.
#[test]
fn a_wrong_setting_is_named() {
    for (name, value, key) in [
        ("TESSERA_ROOMS__TELEPHONY__PIN_LENGTH", "3", "rooms.telephony.pin_length"),
        ("TESSERA_ROOMS__DEFAULT_ACCESS_LEVEL", "open", "rooms.default_access_level"),
        ("TESSERA_ROOMS__CORS__ALLOWED_ORIGIN_REGEXES", "(", "rooms.cors.allowed_origin_regexes"),
        ("TESSERA_ROOMS__COLOUR", "red", "rooms.colour"),
        ("TESSERA_LOG__LEVEL", "info", "authority"),
    ] {
        let mut process = rooms().env(name, value).start();
        let status = process.wait();
        let output = process.output();
        assert!(!status.success(), "{name}");
        assert!(output.contains(key), "{name}: {output}");
    }
}
