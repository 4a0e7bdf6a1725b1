//! An authorization server small enough to see through: real HTTP, real signatures, and switches for its moods.

use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use auth_claims::clock::Clock;
use auth_claims::keys::Algorithm;
use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationPage, RevocationReason};
use auth_client::{Authority, AuthoritySettings};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use token_signing::{GeneratedKey, Keyring, Sealer, StoredKey};
use tokio::sync::watch;
use url::Url;

pub(crate) const CLIENT: &str = "rooms service";
/// Every character that Basic and form encoding could spoil.
pub(crate) const SECRET: &str = "p&s=w+1%:/é \"\\";

/// What the server is like at the moment.
pub(crate) struct Mood {
    pub(crate) expires_in: u64,
    /// Answers of the token endpoint instead of tokens.
    pub(crate) token_answer: Option<(u16, Value)>,
    /// Whether service tokens are refused by the internal endpoints.
    pub(crate) refuses: bool,
}

pub(crate) struct Served {
    pub(crate) url: Url,
    pub(crate) state: Arc<State>,
}

pub(crate) struct State {
    pub(crate) keyring: Keyring,
    pub(crate) now: DateTime<Utc>,
    pub(crate) mood: Mutex<Mood>,
    pub(crate) service_tokens: AtomicUsize,
    pub(crate) exchanges: AtomicUsize,
    /// Token requests under way, and the most there ever were.
    busy: AtomicUsize,
    pub(crate) busiest: AtomicUsize,
    pub(crate) feed_calls: AtomicUsize,
    pub(crate) forms: Mutex<Vec<TokenForm>>,
    /// Holds token answers back while it is on.
    pub(crate) slow: AtomicBool,
    /// The one service token the internal endpoints accept, and what it is for; the newest.
    current: Mutex<(String, String)>,
    /// What was told of applications: method, path, body.
    pub(crate) told: Mutex<Vec<(String, String, String)>>,
    /// The `If-Match` of each.
    pub(crate) conditions: Mutex<Vec<String>>,
    /// What is answered to that.
    pub(crate) told_status: AtomicU16,
    /// What the directory answers to everything.
    pub(crate) directory: Mutex<(u16, String)>,
    entries: Mutex<Vec<RevocationEntry>>,
    news: watch::Sender<()>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenForm {
    pub(crate) grant_type: String,
    pub(crate) subject_token: Option<String>,
    pub(crate) subject_token_type: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) client_address: Option<String>,
    pub(crate) scope: Option<String>,
}

#[derive(Deserialize)]
struct FeedQuery {
    after: i64,
    wait: u64,
}

impl State {
    pub(crate) fn count(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::SeqCst)
    }

    /// Waits until something was counted so often; not for ever, so that what never comes fails a test.
    pub(crate) async fn reached(counter: &AtomicUsize, number: usize) {
        let reached = async {
            while Self::count(counter) < number {
                actix_web::rt::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.expect("in time");
    }

    /// Whether a request brings the current service token, and that is for this use.
    fn admits(&self, request: &HttpRequest, scope: &str) -> bool {
        let current = self.current.lock().unwrap();
        let expected = format!("Bearer {}", current.0);
        let given = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap());
        !self.mood.lock().unwrap().refuses && given == Some(expected.as_str()) && current.1 == scope
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.mood.lock().unwrap());
    }

    /// Makes the internal endpoints forget the token they accept.
    pub(crate) fn expire_service_token(&self) {
        self.current.lock().unwrap().0.clear();
    }

    pub(crate) fn revoke(&self, kind: RevocationKind, value: &str, reason: RevocationReason) {
        let mut entries = self.entries.lock().unwrap();
        let seq = i64::try_from(entries.len()).unwrap() + 1;
        let (now, value) = (self.now.timestamp(), value.to_owned());
        let (issued_before, expires_at) = (now, now + 3600);
        entries.push(RevocationEntry { seq, kind, value, issued_before, reason, expires_at, lifted: false });
        drop(entries);
        self.news.send_replace(());
    }

    pub(crate) fn token(&self, changes: &Value) -> String {
        let now = self.now.timestamp();
        let mut claims = json!({
            "iss": "https://id.example", "sub": "ada", "aud": "rooms", "exp": now + 600, "iat": now, "jti": "j",
            "client_id": CLIENT, "kind": "user", "sid": "session-1",
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        self.keyring.sign(&serde_json::from_value(claims).unwrap(), self.now).unwrap()
    }
}

fn keyring(now: DateTime<Utc>) -> Keyring {
    let sealer = Sealer::new(&[1; 32]);
    let key = GeneratedKey::generate(Algorithm::Es256).unwrap();
    Keyring::from_stored(&[StoredKey::seal(&key, &sealer, now, now).unwrap()], &sealer, now).unwrap()
}

pub(crate) fn serve() -> Served {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let state = Arc::new(State {
        keyring: keyring(now),
        now,
        mood: Mutex::new(Mood { expires_in: 600, token_answer: None, refuses: false }),
        service_tokens: AtomicUsize::new(0),
        exchanges: AtomicUsize::new(0),
        busy: AtomicUsize::new(0),
        busiest: AtomicUsize::new(0),
        feed_calls: AtomicUsize::new(0),
        forms: Mutex::default(),
        slow: AtomicBool::new(false),
        current: Mutex::default(),
        told: Mutex::default(),
        conditions: Mutex::default(),
        told_status: AtomicU16::new(204),
        directory: Mutex::new((200, "[]".to_owned())),
        entries: Mutex::default(),
        news: watch::Sender::new(()),
    });
    let data = web::Data::from(Arc::clone(&state));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(web::FormConfig::default().limit(64 * 1024))
            .route("/base/oauth/token", web::post().to(token))
            .route("/base/.well-known/jwks.json", web::get().to(keys))
            .route("/base/internal/revocations", web::get().to(feed))
            .service(web::resource("/base/internal/applications/{id:.*}").to(application))
            .service(web::resource("/base/internal/directory/{path:.*}").to(directory))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let url = Url::parse(&format!("http://{}/base", server.addrs()[0])).unwrap();
    actix_web::rt::spawn(server.run());
    Served { url, state }
}

impl Served {
    pub(crate) fn settings(&self) -> AuthoritySettings {
        let timeout = Duration::from_secs(2);
        AuthoritySettings { timeout, ..AuthoritySettings::new(self.url.clone(), CLIENT, SECRET.into()) }
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::manual(self.state.now)
    }

    pub(crate) fn authority(&self) -> Authority {
        Authority::connect(self.settings()).unwrap()
    }
}

/// RFC 6749 §2.3.1 from the server's side: split, then form-decode each half.
fn knows(request: &HttpRequest) -> bool {
    use base64::Engine as _;
    let header =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let decoded =
        header.strip_prefix("Basic ").map(|text| base64::engine::general_purpose::STANDARD.decode(text));
    let Some(Ok(decoded)) = decoded else { return false };
    let decoded = String::from_utf8(decoded).unwrap();
    let (id, secret) = decoded.split_once(':').unwrap();
    let plain = |half: &str| {
        let pair = format!("x={half}");
        url::form_urlencoded::parse(pair.as_bytes()).next().unwrap().1.into_owned()
    };
    (plain(id), plain(secret)) == (CLIENT.to_owned(), SECRET.to_owned())
}

async fn token(request: HttpRequest, form: web::Form<TokenForm>, state: web::Data<State>) -> HttpResponse {
    state.forms.lock().unwrap().push(form.clone());
    let exchange = form.grant_type != "client_credentials";
    let counter = if exchange { &state.exchanges } else { &state.service_tokens };
    let number = counter.fetch_add(1, Ordering::SeqCst);
    let busy = state.busy.fetch_add(1, Ordering::SeqCst) + 1;
    state.busiest.fetch_max(busy, Ordering::SeqCst);
    while state.slow.load(Ordering::SeqCst) {
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
    state.busy.fetch_sub(1, Ordering::SeqCst);
    if !knows(&request) {
        return HttpResponse::Unauthorized().json(json!({ "error": "invalid_client" }));
    }
    let mood = state.mood.lock().unwrap();
    if let Some((status, body)) = &mood.token_answer {
        let status = actix_web::http::StatusCode::from_u16(*status).unwrap();
        let mut answer = HttpResponse::build(status);
        if status == actix_web::http::StatusCode::TOO_MANY_REQUESTS {
            answer.insert_header(("Retry-After", "7"));
        }
        return answer.json(body);
    }
    let access_token = if exchange {
        state.token(&json!({ "jti": format!("exchanged-{number}") }))
    } else {
        let token =
            state.token(&json!({ "aud": "auth-server", "kind": "client", "jti": format!("own-{number}") }));
        *state.current.lock().unwrap() = (token.clone(), form.scope.clone().unwrap());
        token
    };
    HttpResponse::Ok().json(json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": mood.expires_in, "scope": "",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }))
}

async fn keys(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(state.keyring.jwks(state.now))
}

async fn feed(request: HttpRequest, query: web::Query<FeedQuery>, state: web::Data<State>) -> HttpResponse {
    state.feed_calls.fetch_add(1, Ordering::SeqCst);
    if !state.admits(&request, "internal:revocations") {
        return HttpResponse::Unauthorized().finish();
    }
    let page = || {
        let entries = state.entries.lock().unwrap();
        let next = i64::try_from(entries.len()).unwrap();
        let entries = entries.iter().filter(|entry| entry.seq > query.after).cloned().collect();
        RevocationPage { next, entries }
    };
    let mut news = state.news.subscribe();
    let mut answer = page();
    if answer.entries.is_empty() {
        let _ = tokio::time::timeout(Duration::from_secs(query.wait), news.changed()).await;
        answer = page();
    }
    HttpResponse::Ok().json(answer)
}

async fn directory(request: HttpRequest, body: String, state: web::Data<State>) -> HttpResponse {
    if !state.admits(&request, "internal:directory") {
        return HttpResponse::Unauthorized().finish();
    }
    state.told.lock().unwrap().push((request.method().to_string(), request.uri().to_string(), body));
    while state.slow.load(Ordering::SeqCst) {
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
    let (status, body) = state.directory.lock().unwrap().clone();
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).body(body)
}

async fn application(request: HttpRequest, body: String, state: web::Data<State>) -> HttpResponse {
    if !state.admits(&request, "internal:applications") {
        return HttpResponse::Unauthorized().finish();
    }
    let told = (request.method().to_string(), request.uri().path().to_owned(), body);
    state.told.lock().unwrap().push(told);
    let condition = request.headers().get("if-match").map_or("", |value| value.to_str().unwrap());
    state.conditions.lock().unwrap().push(condition.to_owned());
    while state.slow.load(Ordering::SeqCst) {
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
    let status = state.told_status.load(Ordering::SeqCst);
    let mut response = HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap());
    if request.method() == "GET" {
        return response.json(serde_json::json!({ "revision": 17 }));
    }
    response.finish()
}
