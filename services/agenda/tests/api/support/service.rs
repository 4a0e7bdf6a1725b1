//! The service on a port of its own.

use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, rt};
use agenda::{Agenda, AgendaSettings};
use auth_claims::SourceError;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::keys::{JwkSet, KeySource};
use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationReason};
use auth_claims::verify::{Verifier, VerifierSettings};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::{BoxFuture, FutureExt as _, ready};
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::Identity;
use identity::audit::{self, AuditEvent, AuditFilter, AuditTrail};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use reqwest::Client;
use serde_json::{Value, json};
use sha2::Sha256;
use store::{DatabaseSettings, Db};
use test_kit::logs::{self, LogWatch};
use test_kit::{Backend, TestDatabase};
use token_signing::{Keyring, TokenType};

use super::sessions::Sessions;
use super::tokens::{ISSUER, access_token, keyring};
use super::{People, Session};

/// The shared secret of every service here, unless its settings say otherwise.
pub(crate) const SHARED_SECRET: &str = "a-shared-secret-of-the-partner-1";

/// A running service.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
    pub(crate) people: People,
    pub(super) url: String,
    pub(super) http: Client,
    keys: Arc<Keyring>,
    sessions: Arc<Sessions>,
    verifier: Verifier,
    audit: AuditTrail,
    handle: ServerHandle,
    database: Arc<TestDatabase>,
    /// Looks through what was logged, at last.
    _logs: LogWatch,
}

/// The keys of the ring, as an auth server would publish them.
struct Published(JwkSet);

impl KeySource for Published {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        ready(Ok(self.0.clone())).boxed()
    }
}

/// 2027-01-15T08:00:00Z, when every test begins.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Service {
    /// With default settings, a shared secret, and the people of the worked example.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, json!({ "shared_secret": SHARED_SECRET })).await
    }

    /// With these settings (`agenda.*`).
    pub(crate) async fn with(backend: Backend, settings: Value) -> Self {
        let database = Arc::new(TestDatabase::on(backend));
        let clock = Clock::manual(start());
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let master = MasterKey::generate().unwrap();
        let passwords = PasswordSettings { memory_kib: 8, iterations: 1, ..PasswordSettings::default() };
        let identity = Identity::open(db, master, passwords, clock.clone()).await.unwrap();
        let people = People::of_the_example(&identity).await;
        let keys = Arc::new(keyring(start()));
        let sessions = Arc::new(Sessions::new(keys.clone(), clock.clone()));
        Self::run(database, clock, identity, people, keys, sessions, settings)
    }

    /// Another one on the same database, with the same sessions, keys and clock, that remembers nothing.
    pub(crate) fn restarted(&self) -> Self {
        let settings = json!({ "shared_secret": SHARED_SECRET });
        let (clock, identity) = (self.clock.clone(), self.identity.clone());
        let (keys, sessions) = (self.keys.clone(), self.sessions.clone());
        Self::run(self.database.clone(), clock, identity, self.people.clone(), keys, sessions, settings)
    }

    fn run(
        database: Arc<TestDatabase>,
        clock: Clock,
        identity: Identity,
        people: People,
        keys: Arc<Keyring>,
        sessions: Arc<Sessions>,
        settings: Value,
    ) -> Self {
        crate::alerts::record();
        let logs = logs::watch();
        logs::note("shared secret", SHARED_SECRET);
        let published = Published(keys.jwks(start()));
        let settings: AgendaSettings = serde_json::from_value(settings).unwrap();
        let service = Some(settings.profile().app.to_owned());
        let expected = VerifierSettings { service, ..VerifierSettings::new(ISSUER, "agenda") };
        let verifier = Verifier::new(expected, Arc::new(published), clock.clone());
        let authenticator = Authenticator::new(verifier.clone(), Some(sessions.clone()));
        // As in a process of its own: with the rights of this service alone.
        let url = database.url_as("identity", "tessera_agenda");
        let db = Db::open(&DatabaseSettings::at(url)).unwrap();
        let audit = AuditTrail::start(db.clone());
        let agenda = Agenda::start(settings, db, audit.clone(), authenticator, clock.clone());
        let app = move || App::new().configure(agenda.configure());
        let server = HttpServer::new(app).workers(2).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self {
            clock,
            identity,
            people,
            url,
            http,
            keys,
            sessions,
            verifier,
            audit,
            handle,
            database,
            _logs: logs,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// A new session of somebody.
    pub(crate) fn sign_in(&self, name: &str) -> Session {
        self.sessions.open(self.people.account(name).id, &People::email(name))
    }

    /// The auth server answers no more.
    pub(crate) fn lose_the_auth_server(&self) {
        self.sessions.go_away();
    }

    /// Claims of somebody's own token for this service.
    pub(crate) fn claims(&self, name: &str) -> Value {
        access_token(self.people.account(name).id, self.clock.now())
    }

    /// Signs claims as an access token.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.keys.sign_as(TokenType::AccessToken, claims, self.clock.now()).unwrap()
    }

    /// Tells the service that something was revoked.
    pub(crate) fn revoke(&self, kind: RevocationKind, value: &str, reason: RevocationReason) {
        let now = self.clock.unix();
        let entry = RevocationEntry {
            seq: 1,
            kind,
            value: value.to_owned(),
            issued_before: now,
            reason,
            expires_at: now + 100_000,
            lifted: false,
        };
        self.verifier.revocations().apply(&entry);
    }

    /// Tells the service that it is switched off, or on again.
    pub(crate) fn switch(&self, enabled: bool) {
        let (now, kind) = (self.clock.unix(), RevocationKind::Service);
        let (value, reason) = ("agenda".to_owned(), RevocationReason::ServiceDisabled);
        let expires_at = now + 1_000_000;
        let entry =
            RevocationEntry { seq: 9, kind, value, issued_before: now, reason, expires_at, lifted: enabled };
        self.verifier.revocations().apply(&entry);
    }

    /// Disables somebody in the directory. The feed is late: this service has heard nothing of it.
    pub(crate) async fn disable(&self, name: &str) {
        let id = self.people.account(name).id;
        self.identity.set_account_enabled(id, false, &audit::Origin::default()).await.unwrap();
    }

    /// The partner's signature for somebody.
    pub(crate) fn signature(&self, name: &str) -> String {
        let account = self.people.account(name);
        let (first_name, last_name) = (&account.given_name, &account.family_name);
        let message =
            [json!(account.number), json!(first_name), json!(last_name), json!(People::email(name))];
        signed(SHARED_SECRET, &message)
    }

    /// The stored audit events of this action, oldest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        self.audit.flush().await.unwrap();
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        let mut events = self.identity.db().read(move |conn| audit::list(conn, &filter)).await.unwrap();
        events.reverse();
        events
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait until it is carried out.
        drop(self.handle.stop(false));
    }
}

/// §10, written down anew: the signature over id, first name, last name and e-mail address.
pub(crate) fn signed(secret: &str, [id, first_name, last_name, email]: &[Value; 4]) -> String {
    let json = format!(r#"{{"id":{id},"first_name":{first_name},"last_name":{last_name},"email":{email}}}"#);
    let escaped = json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(escaped);
    hex::encode(mac.finalize().into_bytes())
}
