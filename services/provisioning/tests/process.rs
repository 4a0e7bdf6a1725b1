//! The binary: settings, health, and its end.

use std::time::{Duration, Instant};

use test_kit::{Launch, Process, TestDatabase, free_port};

fn provisioning() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_provisioning"))
}

/// A process with an auth server that does not answer, and its two ports.
fn started(database: &TestDatabase) -> (Process, u16, u16) {
    let (listen, management) = (free_port(), free_port());
    let process = provisioning()
        .env("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{listen}"))
        .env("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"))
        .env("TESSERA_IDENTITY__DATABASE__URL", database.url())
        .env("TESSERA_IDENTITY__PASSWORD__MEMORY_KIB", "8")
        .env("TESSERA_IDENTITY__PASSWORD__ITERATIONS", "1")
        .env("TESSERA_AUTHORITY__URL", format!("http://127.0.0.1:{}", free_port()))
        .env("TESSERA_AUTHORITY__CLIENT_ID", "provisioning")
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
    let api = [("ocs-apirequest", "true")];
    let anonymous = get(listen, "/ocs/v2.php/cloud/users", &api).await.unwrap();
    assert_eq!(anonymous.0, 401);
    assert_eq!(get(listen, "/ocs/v1.php/cloud/capabilities", &api).await.unwrap().0, 200);
    // A password cannot be checked, and that is no verdict on it.
    let basic = [("ocs-apirequest", "true"), ("authorization", "Basic bWlyYTpw")];
    assert_eq!(get(listen, "/ocs/v1.php/cloud/capabilities", &basic).await.unwrap().0, 503);
    let described = get(listen, "/docs/openapi/provisioning.json", &[]).await.unwrap();
    assert!(described.0 == 200 && described.1.contains("OCS provisioning API"), "{described:?}");
    let status = process.terminate();
    assert!(status.success(), "{status} {}", process.output());
}

/// A wrong setting stops the start with one sentence that names the key.
#[test]
fn a_wrong_setting_is_named() {
    for (name, value, key) in [
        ("TESSERA_PROVISIONING__SCOPE", "a b", "provisioning.scope"),
        ("TESSERA_PROVISIONING__LIMITS__BODY", "much", "provisioning.limits.body"),
        ("TESSERA_PROVISIONING__ACCOUNTS__PHONE_REGION", "XX", "provisioning.accounts.phone_region"),
        ("TESSERA_PROVISIONING__COLOUR", "red", "provisioning.colour"),
        ("TESSERA_IDENTITY__PASSWORD__ITERATIONS", "0", "identity.password"),
        ("TESSERA_IDENTITY__MASTER_KEY", "none", "identity.master_key"),
    ] {
        let authority = "TESSERA_AUTHORITY__URL";
        let mut process = provisioning()
            .env(authority, "http://127.0.0.1:9")
            .env("TESSERA_AUTHORITY__CLIENT_ID", "provisioning")
            .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
            .env(name, value)
            .start();
        let status = process.wait();
        let output = process.output();
        assert!(!status.success(), "{name}");
        assert!(output.contains(key), "{name}: {output}");
    }
}
