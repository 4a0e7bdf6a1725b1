//! The service on a port of its own.

use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::rt;
use actix_web::{App, HttpServer};
use auth_claims::SourceError;
use auth_claims::caller::Authenticator;
use auth_claims::caller::exchange::Remembering;
use auth_claims::clock::Clock;
use auth_claims::device::DeviceTriple;
use auth_claims::keys::{JwkSet, KeySource};
use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationReason};
use auth_claims::verify::{Verifier, VerifierSettings};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use reqwest::{Client, Method, RequestBuilder};
use rooms::{Rooms, RoomsSettings};
use serde_json::{Value, json};
use service_kit::origin::PublicOrigin;
use service_kit::settings::ServerSettings;
use store::{DatabaseSettings, Db};
use test_kit::logs::{self, LogWatch};
use test_kit::{Backend, TestDatabase};
use token_signing::{Keyring, TokenType};

use super::tokens::{ISSUER, LIFETIME, application_token, keyring, user_token};
use super::{ALL, Answer, ROOMS, Sessions};

/// A running service.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    keys: Arc<Keyring>,
    verifier: Verifier,
    pub(crate) sessions: Sessions,
    url: String,
    http: Client,
    handle: ServerHandle,
    database: Arc<TestDatabase>,
    setup: Setup,
    /// Looks through what was logged, at last.
    _logs: LogWatch,
}

/// What a test asks for.
#[derive(Clone)]
struct Setup {
    settings: Value,
    server: ServerSettings,
    keys_known: bool,
}

/// The keys of the ring, as an auth server would publish them.
struct Published(Option<JwkSet>);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        ready(self.0.clone().ok_or_else(|| SourceError::new("nobody answers"))).boxed()
    }
}

/// 2027-01-15T08:00:00Z, when every test begins.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Service {
    /// With default settings.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, json!({})).await
    }

    /// With these settings (`rooms.*`).
    pub(crate) async fn with(backend: Backend, settings: Value) -> Self {
        Self::start(backend, Setup { settings, server: ServerSettings::default(), keys_known: true }).await
    }

    /// With these settings of the server, which say where links begin.
    pub(crate) async fn behind(backend: Backend, server: ServerSettings) -> Self {
        Self::start(backend, Setup { settings: json!({}), server, keys_known: true }).await
    }

    /// Whose auth server does not answer.
    pub(crate) async fn without_keys() -> Self {
        let server = ServerSettings::default();
        Self::start(Backend::Sqlite, Setup { settings: json!({}), server, keys_known: false }).await
    }

    /// Another one on the same database, with the same keys and the same clock, that remembers nothing.
    pub(crate) async fn restarted(&self) -> Self {
        Self::run(self.database.clone(), self.setup.clone(), self.clock.clone(), self.keys.clone()).await
    }

    async fn start(backend: Backend, setup: Setup) -> Self {
        let database = Arc::new(TestDatabase::on(backend));
        Self::run(database, setup, Clock::manual(start()), Arc::new(keyring(start()))).await
    }

    async fn run(database: Arc<TestDatabase>, setup: Setup, clock: Clock, keys: Arc<Keyring>) -> Self {
        crate::audit::record();
        let logs = logs::watch();
        let published = Published(setup.keys_known.then(|| keys.jwks(start())));
        let settings: RoomsSettings = serde_json::from_value(setup.settings.clone()).unwrap();
        let service = Some(settings.profile().app.to_owned());
        let expected = VerifierSettings { service, ..VerifierSettings::new(ISSUER, "rooms") };
        let verifier = Verifier::new(expected, Arc::new(published), clock.clone());
        let origin = PublicOrigin::new(&setup.server);
        let sessions = Sessions::new(keys.clone(), clock.clone());
        let exchange = Arc::new(Remembering::new(sessions.clone(), clock.clone()));
        let authenticator = Authenticator::new(verifier.clone(), Some(exchange));
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let rooms = Rooms::start(settings, db, authenticator, origin, clock.clone()).await.unwrap();
        let app = move || App::new().configure(rooms.configure());
        let server = HttpServer::new(app).workers(2).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { clock, keys, verifier, sessions, url, http, handle, database, setup, _logs: logs }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// The keys that sign, for tokens that are broken on purpose.
    pub(crate) fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// Signs claims as an access token.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let token = self.keys.sign_as(TokenType::AccessToken, claims, self.clock.now()).unwrap();
        logs::note("access token", &token);
        token
    }

    /// Tells the service that something was revoked.
    pub(crate) fn revoke(&self, kind: RevocationKind, value: &str, reason: RevocationReason) {
        self.tell(kind, value, reason, false);
    }

    /// Tells the service that it is switched off, or on again.
    pub(crate) fn switch(&self, enabled: bool) {
        let (now, kind) = (self.clock.unix(), RevocationKind::Service);
        let (value, reason) = ("rooms".to_owned(), RevocationReason::ServiceDisabled);
        let expires_at = now + 1_000_000;
        let entry =
            RevocationEntry { seq: 9, kind, value, issued_before: now, reason, expires_at, lifted: enabled };
        self.verifier.revocations().apply(&entry);
    }

    /// Tells the service that a state has ended.
    pub(crate) fn lift(&self, kind: RevocationKind, value: &str, reason: RevocationReason) {
        self.tell(kind, value, reason, true);
    }

    fn tell(&self, kind: RevocationKind, value: &str, reason: RevocationReason, lifted: bool) {
        let now = self.clock.unix();
        let (seq, value, expires_at) = (i64::from(lifted) + 1, value.to_owned(), now + LIFETIME);
        let entry = RevocationEntry { seq, kind, value, issued_before: now, reason, expires_at, lifted };
        self.verifier.revocations().apply(&entry);
    }

    /// Keeps everybody else from changing rooms, on PostgreSQL.
    pub(crate) fn lock_rooms(&self) -> LockedRooms {
        let mut conn = PgConnection::establish(&self.database.url()).unwrap();
        conn.batch_execute("BEGIN; LOCK TABLE rooms IN EXCLUSIVE MODE").unwrap();
        LockedRooms(conn)
    }

    /// A request without a token.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request with this token.
    pub(crate) fn request_with(&self, token: &str, method: &str, path: &str) -> RequestBuilder {
        self.request(method, path).header("authorization", format!("Bearer {token}"))
    }

    /// A token of the application `booking` for somebody, with every scope.
    pub(crate) fn token(&self, name: &str) -> String {
        self.token_with(name, ALL)
    }

    /// A token of the application `booking` for somebody, with these scopes.
    pub(crate) fn token_with(&self, name: &str, scope: &str) -> String {
        self.sign(&application_token(name, scope, self.clock.now()))
    }

    /// A token of another application for somebody, with every scope.
    pub(crate) fn token_through(&self, client: &str, name: &str) -> String {
        let mut claims = application_token(name, ALL, self.clock.now());
        claims["client_id"] = client.into();
        self.sign(&claims)
    }

    /// Somebody's own token, with every scope.
    pub(crate) fn own_token(&self, name: &str) -> String {
        self.sign(&user_token(name, &format!("lasuite_visio {ALL}"), self.clock.now()))
    }

    /// A request of somebody whose device has a session.
    pub(crate) fn request_from(&self, triple: &DeviceTriple, method: &str, path: &str) -> RequestBuilder {
        let DeviceTriple { access_token, client, uid } = triple;
        logs::note("device token", access_token);
        let request = self.request(method, path).header("access-token", access_token);
        request.header("client", client).header("uid", uid)
    }

    /// Sends a request as somebody, through `booking` and with every scope.
    pub(crate) async fn send(&self, name: &str, method: &str, path: &str) -> Answer {
        self.send_with(&self.token(name), method, path).await
    }

    /// Sends a request with this token.
    pub(crate) async fn send_with(&self, token: &str, method: &str, path: &str) -> Answer {
        Answer::read(self.request_with(token, method, path).send().await.unwrap()).await
    }

    /// Sends JSON as somebody, through `booking` and with every scope.
    pub(crate) async fn send_json(&self, name: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request_with(&self.token(name), method, path).json(&body);
        Answer::read(request.send().await.unwrap()).await
    }

    /// Sends a body of any type as somebody, through `booking` and with every scope.
    pub(crate) async fn send_body(&self, name: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = self.request_with(&self.token(name), "POST", ROOMS);
        let request = request.header("content-type", content_type).body(body.into());
        Answer::read(request.send().await.unwrap()).await
    }

    /// A new room of somebody.
    pub(crate) async fn room_of(&self, name: &str) -> Answer {
        self.send(name, "POST", ROOMS).await.expect(201)
    }

    /// Puts somebody into a room of `owner`.
    pub(crate) async fn invite(&self, owner: &str, room: &Answer, name: &str, role: &str) -> Answer {
        let body = json!({"email": format!("{name}@agency.example"), "role": role});
        self.send_json(owner, "POST", &super::attendees_path(room), body).await.expect(201)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait until it is carried out.
        drop(self.handle.stop(false));
    }
}

/// A lock on all rooms; it ends with this value.
pub(crate) struct LockedRooms(PgConnection);

impl LockedRooms {
    /// Returns once a statement of somebody else waits for the lock.
    pub(crate) fn wait_until_somebody_waits(mut self) -> Self {
        let waiting = "DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_stat_activity \
            WHERE datname = current_database() AND wait_event_type = 'Lock') \
            LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$";
        self.0.batch_execute(waiting).unwrap();
        self
    }
}
