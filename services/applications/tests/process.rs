//! The binary: settings, health, whom it tells, and what a kill leaves.
#![expect(clippy::unwrap_used, reason = "what a test cannot read has failed it")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use auth_claims::clock::Clock;
use reqwest::{Client, Method, RequestBuilder};
use rstest::rstest;
use serde_json::{Value, json};
use test_kit::{Backend, Launch, Process, TestDatabase, free_port};
use token_signing::{Algorithm, GeneratedKey, Keyring, Sealer, StoredKey, TokenType};
use tokio::sync::watch;

const ISSUER: &str = "http://127.0.0.1:8080";
const SERVICE_TOKEN: &str = "a-service-token";

/// An auth server that issues one service token, and does what it is told of applications.
struct Authority {
    keys: Keyring,
    /// The scopes that service tokens were asked for.
    scopes: Mutex<Vec<String>>,
    known: Mutex<BTreeMap<String, Value>>,
    /// Whether it answers those who told it something.
    answers: watch::Sender<bool>,
}

impl Authority {
    fn serve() -> (web::Data<Self>, u16) {
        let (now, sealer) = (Clock::system().now(), Sealer::new(&[7; 32]));
        let key = GeneratedKey::generate(Algorithm::Es256).unwrap();
        let row = StoredKey::seal(&key, &sealer, now, now).unwrap();
        let keys = Keyring::from_stored(&[row], &sealer, now).unwrap();
        let (scopes, known, answers) = (Mutex::default(), Mutex::default(), watch::Sender::new(true));
        let authority = web::Data::new(Self { keys, scopes, known, answers });
        let data = authority.clone();
        let app = move || {
            App::new()
                .app_data(data.clone())
                .route("/oauth/token", web::post().to(token))
                .route("/.well-known/jwks.json", web::get().to(published))
                .route("/internal/revocations", web::get().to(feed))
                .route("/internal/applications/{id}", web::get().to(revision))
                .route("/internal/applications/{id}", web::put().to(tell))
                .route("/internal/applications/{id}", web::delete().to(tell))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let port = server.addrs()[0].port();
        rt::spawn(server.run());
        (authority, port)
    }

    fn knows(&self, id: &str) -> Option<Value> {
        self.known.lock().unwrap().get(id).cloned()
    }

    fn knows_as_disabled(&self, id: &str) -> Option<bool> {
        self.knows(id)?["disabled"].as_bool()
    }

    /// A token of an internal service.
    fn token(&self) -> String {
        let now = Clock::system().now();
        let claims = json!({
            "iss": ISSUER, "aud": "applications", "sub": "setup", "kind": "client", "client_id": "setup", "jti": "j",
            "iat": now.timestamp(), "exp": now.timestamp() + 600, "scope": "global", "roles": ["SERVICE"],
        });
        self.keys.sign_as(TokenType::AccessToken, &claims, now).unwrap()
    }
}

async fn published(authority: web::Data<Authority>) -> web::Json<Value> {
    web::Json(serde_json::to_value(authority.keys.jwks(Clock::system().now())).unwrap())
}

async fn feed() -> web::Json<Value> {
    rt::time::sleep(Duration::from_millis(200)).await;
    web::Json(json!({ "next": 0, "entries": [] }))
}

async fn token(form: web::Form<HashMap<String, String>>, authority: web::Data<Authority>) -> HttpResponse {
    authority.scopes.lock().unwrap().extend(form.get("scope").cloned());
    let token = form.get("scope").map(|scope| format!("{SERVICE_TOKEN} {scope}"));
    HttpResponse::Ok().json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": 600 }))
}

async fn revision() -> web::Json<Value> {
    web::Json(json!({ "revision": 0 }))
}

async fn tell(
    request: HttpRequest,
    id: web::Path<String>,
    body: web::Bytes,
    authority: web::Data<Authority>,
) -> HttpResponse {
    let bearer = request.headers().get("authorization").map(|value| value.to_str().unwrap());
    if bearer != Some(&format!("Bearer {SERVICE_TOKEN} internal:applications")) {
        return HttpResponse::Unauthorized().finish();
    }
    let status = serde_json::from_slice::<Value>(&body).ok();
    match status {
        Some(status) => authority.known.lock().unwrap().insert(id.into_inner(), status),
        None => authority.known.lock().unwrap().remove(&*id),
    };
    authority.answers.subscribe().wait_for(|answers| *answers).await.unwrap();
    HttpResponse::NoContent().finish()
}

fn applications() -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_applications"))
}

/// A running service and the ways to it.
struct Service {
    process: Process,
    listen: u16,
    management: u16,
    http: Client,
}

impl Service {
    /// With an auth server on this port.
    fn start(database: &TestDatabase, authority: u16) -> Self {
        let (listen, management) = (free_port(), free_port());
        let process = applications()
            .env("TESSERA_SERVER__LISTEN", format!("127.0.0.1:{listen}"))
            .env("TESSERA_SERVER__MANAGEMENT", format!("127.0.0.1:{management}"))
            .env("TESSERA_APPLICATIONS__DATABASE__URL", database.url())
            .env("TESSERA_AUTHORITY__URL", format!("http://127.0.0.1:{authority}"))
            .env("TESSERA_AUTHORITY__CLIENT_ID", "applications")
            .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody")
            .start();
        let http = Client::builder().no_proxy().build().unwrap();
        Self { process, listen, management, http }
    }

    async fn ready(database: &TestDatabase, authority: u16) -> Self {
        let mut service = Self::start(database, authority);
        let url = format!("http://127.0.0.1:{}/readyz", service.management);
        service.process.wait_until_ok(&url).await;
        service
    }

    fn request(&self, authority: &Authority, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://127.0.0.1:{}/api/applications{path}", self.listen);
        self.http.request(method, url).bearer_auth(authority.token())
    }

    fn create(&self, authority: &Authority, id: &str) -> RequestBuilder {
        let body = json!({ "id": id, "organizationId": "org-helios", "type": "TEST", "config": {} });
        self.request(authority, Method::POST, "").json(&body)
    }

    fn disable(&self, authority: &Authority, id: &str) -> RequestBuilder {
        let body = json!({ "type": "TEST", "config": {}, "version": 0, "disabled": true });
        self.request(authority, Method::PUT, &format!("/{id}")).json(&body)
    }

    async fn find(&self, authority: &Authority, id: &str) -> Value {
        let request = self.request(authority, Method::GET, &format!("/{id}"));
        request.send().await.unwrap().json().await.unwrap()
    }
}

/// Waits for something that has no bell; not for ever.
async fn until(what: impl AsyncFn() -> bool, process: &Process) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !what().await {
        assert!(Instant::now() < deadline, "{}", process.output());
        rt::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Without its auth server the process lives, says that it is not ready and why, and ends with 0 when told to.
#[actix_web::test]
async fn it_starts_without_its_auth_server_and_stops_when_told() {
    let database = TestDatabase::sqlite();
    let mut service = Service::start(&database, free_port());
    let url = |port: u16, path: &str| format!("http://127.0.0.1:{port}{path}");
    let live = url(service.management, "/livez");
    service.process.wait_until_ok(&live).await;
    let ready = service.http.get(url(service.management, "/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let reasons = ready.text().await.unwrap();
    assert!(reasons.contains("no keys from the auth server"), "{reasons}");
    let anonymous = service.http.get(url(service.listen, "/api/applications")).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let described =
        service.http.get(url(service.listen, "/docs/openapi/applications.json")).send().await.unwrap();
    assert_eq!(described.status(), 200);
    assert!(described.text().await.unwrap().contains("/api/applications/{id}/availability"));
    let status = service.process.terminate();
    assert!(status.success(), "{status} {}", service.process.output());
}

/// Killed between what the auth server has done and its own commit, it puts that right at its next start.
#[rstest]
#[actix_web::test]
async fn a_kill_between_the_steps_is_repaired_at_the_next_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (database, (authority, port)) = (TestDatabase::on(backend), Authority::serve());
    let mut service = Service::ready(&database, port).await;
    assert_eq!(service.create(&authority, "app").send().await.unwrap().status(), 200);
    assert_eq!(authority.knows_as_disabled("app"), Some(false));
    assert!(authority.scopes.lock().unwrap().iter().any(|scope| scope == "internal:applications"));

    authority.answers.send_replace(false);
    let disabling = rt::spawn(service.disable(&authority, "app").send());
    until(async || authority.knows_as_disabled("app") == Some(true), &service.process).await;
    service.process.kill_hard();
    assert!(disabling.await.unwrap().is_err(), "there was no answer");

    authority.answers.send_replace(true);
    let service = Service::ready(&database, port).await;
    until(async || authority.knows_as_disabled("app") == Some(false), &service.process).await;
    let row = service.find(&authority, "app").await;
    assert_eq!((&row["disabled"], &row["version"]), (&json!(false), &json!(0)));
    assert_eq!(service.disable(&authority, "app").send().await.unwrap().status(), 204);
    assert_eq!(authority.knows_as_disabled("app"), Some(true));
}

/// A client that hangs up while the auth server takes its time does not stop its change.
#[actix_web::test]
async fn a_client_that_hangs_up_stops_nothing() {
    let (database, (authority, port)) = (TestDatabase::sqlite(), Authority::serve());
    let service = Service::ready(&database, port).await;
    assert_eq!(service.create(&authority, "app").send().await.unwrap().status(), 200);
    authority.answers.send_replace(false);
    let disabling = rt::spawn(service.disable(&authority, "app").send());
    until(async || authority.knows_as_disabled("app") == Some(true), &service.process).await;
    disabling.abort();
    assert_eq!(service.find(&authority, "app").await["disabled"], json!(false));
    authority.answers.send_replace(true);
    until(async || service.find(&authority, "app").await["disabled"] == json!(true), &service.process).await;
    assert_eq!(authority.knows_as_disabled("app"), Some(true));
}

/// With its auth server gone, what the auth server has to know is refused for now, and everything else goes on.
#[actix_web::test]
async fn without_the_auth_server_nothing_is_disabled() {
    let database = TestDatabase::sqlite();
    let (authority, port) = Authority::serve();
    let service = Service::ready(&database, port).await;
    assert_eq!(service.create(&authority, "app").send().await.unwrap().status(), 200);
    authority.answers.send_replace(false);
    let refused = service.disable(&authority, "app").send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let row = service.find(&authority, "app").await;
    assert_eq!((&row["disabled"], &row["version"]), (&json!(false), &json!(0)));
    let body = json!({ "type": "TEST", "config": { "a": 1 } });
    let configured = service.request(&authority, Method::PUT, "/app").json(&body).send().await.unwrap();
    // An unconfirmed change is outstanding: until it is settled, no change goes unconfirmed.
    assert_eq!(configured.status(), 503);
    authority.answers.send_replace(true);
    let configured = service.request(&authority, Method::PUT, "/app").json(&body).send().await.unwrap();
    assert_eq!(configured.status(), 204);
    assert_eq!(authority.knows_as_disabled("app"), Some(false));
}

/// A wrong setting stops the start with one sentence that names the key.
#[test]
fn a_wrong_setting_is_named() {
    for (name, value, key) in [
        ("TESSERA_APPLICATIONS__DATABASE__URL", "mysql://h/d", "applications.database"),
        ("TESSERA_APPLICATIONS__COLOUR", "red", "applications.colour"),
        ("TESSERA_LOG__LEVEL", "info", "authority"),
    ] {
        let mut process = applications()
            .env("TESSERA_AUTHORITY__CLIENT_ID", "applications")
            .env("TESSERA_AUTHORITY__CLIENT_SECRET", "not-a-secret-of-anybody");
        if key != "authority" {
            process = process.env("TESSERA_AUTHORITY__URL", "http://127.0.0.1:1");
        }
        let mut process = process.env(name, value).start();
        let status = process.wait();
        let output = process.output();
        assert!(!status.success(), "{name}");
        assert!(output.contains(key), "{name}: {output}");
    }
}
