//! The service on a port of its own, beside the auth server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, rt};
use auth_claims::basic;
use auth_claims::caller::Credential;
use auth_claims::claims::AccessClaims;
use auth_claims::clock::Clock;
use auth_claims::resource_server::{ResourceServer, Sources};
use auth_server::{AuthServer, AuthSettings, InProcessClient};
use chrono::{DateTime, TimeDelta, Utc};
use identity::Identity;
use identity::accounts::Account;
use identity::audit::{self, AuditEvent, AuditFilter, Origin};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use provisioning::{Provisioning, ProvisioningSettings};
use reqwest::Client;
use serde_json::{Value, json};
use service_kit::origin::PublicOrigin;
use service_kit::settings::ServerSettings;
use store::{DatabaseSettings, Db};
use test_kit::logs::{self, LogWatch};
use test_kit::{Backend, TestDatabase};

use super::people;

const ISSUER: &str = "https://id.example.org";

/// A running service.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
    pub(super) url: String,
    pub(super) http: Client,
    access: ResourceServer,
    handle: ServerHandle,
    _database: Arc<TestDatabase>,
    /// Looks through what was logged, at last.
    _logs: LogWatch,
}

/// 2027-01-15T08:00:00Z, when every test begins.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Service {
    /// With default settings but for the number of changes, and everybody.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, json!({"limits": {"edits": 0, "address_edits": 0}})).await
    }

    /// With these settings (`provisioning.*`).
    pub(crate) async fn with(backend: Backend, settings: Value) -> Self {
        let logs = logs::watch();
        let database = Arc::new(TestDatabase::on(backend));
        let clock = Clock::manual(start());
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let passwords = PasswordSettings { memory_kib: 8, iterations: 1, ..PasswordSettings::default() };
        let identity =
            Identity::open(db, MasterKey::generate().unwrap(), passwords, clock.clone()).await.unwrap();
        people::make(&identity, &clock).await;
        let auth = AuthSettings { issuer: Some(ISSUER.parse().unwrap()), ..AuthSettings::default() };
        let auth = AuthServer::start(auth, identity.clone()).await.unwrap();
        let client = InProcessClient {
            id: "provisioning".parse().unwrap(),
            audience: "provisioning".to_owned(),
            scopes: ["provisioning".parse().unwrap()].into_iter().collect(),
        };
        let sources = Sources {
            keys: auth.key_source(),
            revocations: auth.revocation_source(),
            exchange: auth.exchange(client),
        };
        let settings: ProvisioningSettings = serde_json::from_value(settings).unwrap();
        // As in a process of its own: with the rights of this service alone.
        let url = database.url_as("identity", "tessera_provisioning");
        let db = Db::open(&DatabaseSettings::at(url)).unwrap();
        let access = ResourceServer::start(ISSUER, settings.profile(), sources, clock.clone());
        let (hasher, authenticator) = (identity.hasher().clone(), access.authenticator());
        let origin = PublicOrigin::new(&ServerSettings::default());
        let (feed, clock_of_it) = (identity.revocation_feed(), clock.clone());
        let provisioning =
            Provisioning::start(settings, db, feed, hasher, authenticator, origin, clock_of_it).unwrap();
        let app = move || App::new().configure(auth.configure()).configure(provisioning.configure());
        let server = HttpServer::new(app).workers(2).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let service = Self { clock, identity, url, http, access, handle, _database: database, _logs: logs };
        let access = &service.access;
        service.until(async || access.ensure_feed().is_ok()).await;
        service
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Somebody's account.
    pub(crate) async fn account(&self, login: &str) -> Option<Account> {
        self.identity.find_account_by_login(login).await.unwrap()
    }

    /// What a token of somebody's says that is made now.
    pub(crate) async fn claims(&self, login: &str) -> Arc<AccessClaims> {
        // Neither remembered, nor of the second of a revocation.
        self.advance(120);
        let token = basic::subject_token(login, &people::password(login));
        let credential = Credential::Subject { token_type: basic::BASIC, token };
        self.access.authenticator().admit(&credential, "127.0.0.1".parse().unwrap()).await.unwrap()
    }

    /// Whether somebody signs in with this password, as any dialect would ask.
    pub(crate) async fn signs_in(&self, login: &str, password: &str) -> bool {
        let password = password.to_owned().into();
        self.identity.verify_password(login, &password, &Origin::default()).await.is_ok()
    }

    /// The stored audit events of this action, oldest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        self.identity.audit().flush().await.unwrap();
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        let mut events = self.identity.db().read(move |conn| audit::list(conn, &filter)).await.unwrap();
        events.reverse();
        events
    }

    /// Asks until this is so; not for ever. For what follows the revocation feed.
    pub(crate) async fn until(&self, what: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !what().await {
            assert!(Instant::now() < deadline, "it never came to it");
            rt::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The command is sent at once; nobody has to wait until it is carried out.
        drop(self.handle.stop(false));
    }
}
