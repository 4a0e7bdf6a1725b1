//! The binary: settings, health, whom it asks, and its end.
#![expect(clippy::unwrap_used, reason = "what a test cannot read has failed it")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, rt, web};
use auth_claims::clock::Clock;
use auth_claims::device::{DEVICE_SESSION, DeviceTriple};
use serde_json::{Value, json};
use test_kit::{Launch, Process, TestDatabase, free_port};
use token_signing::{Algorithm, GeneratedKey, Keyring, Sealer, StoredKey, TokenType};

fn rooms() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_rooms"))
}

/// A process with an auth server that does not answer, and its two ports.
fn started(database: &TestDatabase) -> (Process, u16, u16) {
    started_with(database, free_port())
}

/// A process with an auth server on this port.
fn started_with(database: &TestDatabase, authority: u16) -> (Process, u16, u16) {
    let (listen, management) = (free_port(), free_port());
    let process = rooms()
        .env("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{listen}"))
        .env("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"))
        .env("TESSERA_ROOMS__DATABASE__URL", database.url())
        .env("TESSERA_AUTHORITY__URL", format!("http://127.0.0.1:{authority}"))
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

/// Whether the binary itself finds the service on this port healthy, and what it prints.
fn healthcheck(management: u16) -> (bool, String) {
    let address = format!("127.0.0.1:{management}");
    let mut process = rooms()
        .env("TESSERA_AUTHORITY__URL", "http://127.0.0.1:9")
        .env("TESSERA_AUTHORITY__CLIENT_ID", "rooms")
        .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
        .args(["healthcheck", "--management", &address])
        .start();
    (process.wait().success(), process.output())
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
    let (healthy, said) = healthcheck(management);
    assert!(!healthy && said.contains("no keys from the auth server"), "{said}");
    let anonymous = get(listen, "/external-api/v1.0/rooms", "").await.unwrap();
    assert_eq!(anonymous.0, 401);
    let described = get(listen, "/docs/openapi/rooms.json", "x").await.unwrap();
    assert!(described.0 == 200 && described.1.contains("Meet External API"), "{described:?}");
    let status = process.terminate();
    assert!(status.success(), "{status} {}", process.output());
}

const ISSUER: &str = "http://127.0.0.1:8080";

/// An auth server that has keys, an empty feed, and one device session, for whose token it wants this audience asked.
fn authority(triple: &DeviceTriple) -> u16 {
    let (now, sealer) = (Clock::system().now(), Sealer::new(&[7; 32]));
    let row = StoredKey::seal(&GeneratedKey::generate(Algorithm::Es256).unwrap(), &sealer, now, now).unwrap();
    let keys = web::Data::new(Keyring::from_stored(&[row], &sealer, now).unwrap());
    let session = web::Data::new(triple.to_subject_token());
    let app = move || {
        App::new()
            .app_data(keys.clone())
            .app_data(session.clone())
            .route("/oauth/token", web::post().to(token))
            .route("/.well-known/jwks.json", web::get().to(published))
            .route("/internal/revocations", web::get().to(feed))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let port = server.addrs()[0].port();
    rt::spawn(server.run());
    port
}

async fn published(keys: web::Data<Keyring>) -> web::Json<Value> {
    web::Json(serde_json::to_value(keys.jwks(Clock::system().now())).unwrap())
}

async fn feed() -> web::Json<Value> {
    rt::time::sleep(Duration::from_millis(200)).await;
    web::Json(json!({ "next": 0, "entries": [] }))
}

async fn token(
    form: web::Form<HashMap<String, String>>,
    keys: web::Data<Keyring>,
    session: web::Data<String>,
) -> HttpResponse {
    let now = Clock::system().now();
    let account = "7b8d9c40-3a2b-4edf-871c-2f3d4e5f6a7b";
    let claims = json!({
        "iss": ISSUER, "aud": "rooms", "sub": account, "kind": "user", "client_id": "rooms", "jti": "j",
        "iat": now.timestamp(), "exp": now.timestamp() + 600, "scope": "lasuite_visio rooms:list",
    });
    let member = |name: &str| form.get(name).map(String::as_str);
    let own = member("grant_type") == Some("client_credentials");
    let asked = [member("subject_token_type"), member("subject_token"), member("audience")];
    if !own && asked != [Some(DEVICE_SESSION), Some(session.as_str()), Some("rooms")] {
        return HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" }));
    }
    let access_token = keys.sign_as(TokenType::AccessToken, &claims, now).unwrap();
    HttpResponse::Ok()
        .json(json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": 600 }))
}

/// A device session is exchanged at the auth server, for a token of this service.
#[actix_web::test]
async fn device_sessions_are_exchanged_at_its_auth_server() {
    let [access_token, client, uid] = ["t", "c", "ada@agency.example"].map(str::to_owned);
    let ada = DeviceTriple { access_token, client, uid };
    let database = TestDatabase::sqlite();
    let (process, listen, management) = started_with(&database, authority(&ada));
    let deadline = Instant::now() + Duration::from_secs(30);
    while wait_for(&process, management, "/readyz").await.0 != 200 {
        assert!(Instant::now() < deadline, "not ready: {}", process.output());
        rt::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(healthcheck(management), (true, "ready\n".to_owned()));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (access_token, status) in [(&*ada.access_token, 200), ("x", 401), ("", 401)] {
        let request = http.get(format!("http://127.0.0.1:{listen}/external-api/v1.0/rooms"));
        let request = request.header("access-token", access_token).header("client", &ada.client);
        let answer = request.header("uid", &ada.uid).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{}", process.output());
    }
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
