//! The service on a port of its own, beside an auth server with a directory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, rt};
use auth_claims::clock::Clock;
use auth_claims::resource_server::{ResourceServer, Sources};
use auth_server::{AuthServer, AuthSettings, InProcessClient};
use base_token::{Bases, BasesSettings, pruning};
use chrono::{DateTime, TimeDelta, Utc};
use identity::Identity;
use identity::audit::Origin;
use identity::master;
use identity::passwords::PasswordSettings;
use master_key::MasterKey;
use reqwest::Client;
use serde_json::{Value, json};
use service_kit::origin::PublicOrigin;
use service_kit::settings::ServerSettings;
use store::{DatabaseSettings, Db};
use test_kit::logs::{self, LogWatch};
use test_kit::{Backend, TestDatabase};

use super::people::People;
use super::{Person, SERVER};

const ISSUER: &str = "https://id.example";

/// A running service.
pub(crate) struct Service {
    pub(crate) clock: Clock,
    pub(crate) identity: Identity,
    pub(crate) auth: AuthServer,
    pub(crate) bases: Bases,
    pub(crate) url: String,
    pub(crate) http: Client,
    master: MasterKey,
    people: Arc<People>,
    access: ResourceServer,
    handle: ServerHandle,
    databases: Arc<[TestDatabase; 2]>,
    /// Looks through what was logged, at last.
    _logs: LogWatch,
}

/// 2027-01-15T08:00:00Z, when every test begins.
fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn open(database: &TestDatabase) -> Db {
    Db::open(&DatabaseSettings::at(database.url())).unwrap()
}

impl Service {
    /// With default settings.
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, json!({})).await
    }

    /// With these settings (`bases.*`). The directory is always a file: it is not what is tested here.
    pub(crate) async fn with(backend: Backend, settings: Value) -> Self {
        let databases = Arc::new([TestDatabase::sqlite(), TestDatabase::on(backend)]);
        let clock = Clock::manual(start());
        let cheap = PasswordSettings { memory_kib: 8, iterations: 1, ..PasswordSettings::default() };
        let key = master::MasterKey::generate().unwrap();
        let identity = Identity::open(open(&databases[0]), key, cheap, clock.clone()).await.unwrap();
        let auth_settings = AuthSettings { issuer: Some(ISSUER.parse().unwrap()), ..AuthSettings::default() };
        let auth = AuthServer::start(auth_settings, identity.clone()).await.unwrap();
        let master = MasterKey::generate().unwrap();
        Self::run(databases, clock, identity, auth, master, Arc::default(), settings).await
    }

    /// Another one on the same databases, with the same people and clock, that remembers nothing.
    pub(crate) async fn restarted(&self) -> Self {
        self.restarted_with(json!({})).await
    }

    /// The same with other settings.
    pub(crate) async fn restarted_with(&self, settings: Value) -> Self {
        let (databases, people) = (Arc::clone(&self.databases), Arc::clone(&self.people));
        let (clock, identity, auth) = (self.clock.clone(), self.identity.clone(), self.auth.clone());
        Self::run(databases, clock, identity, auth, self.master.clone(), people, settings).await
    }

    async fn run(
        databases: Arc<[TestDatabase; 2]>,
        clock: Clock,
        identity: Identity,
        auth: AuthServer,
        master: MasterKey,
        people: Arc<People>,
        settings: Value,
    ) -> Self {
        let logs = logs::watch();
        let client = InProcessClient {
            id: "bases".parse().unwrap(),
            audience: "bases".to_owned(),
            scopes: ["bases".parse().unwrap()].into_iter().collect(),
        };
        let sources = Sources {
            keys: auth.key_source(),
            revocations: auth.revocation_source(),
            exchange: auth.exchange(client),
        };
        let settings: BasesSettings = serde_json::from_value(settings).unwrap();
        let access = ResourceServer::start(ISSUER, settings.profile(), sources, clock.clone());
        let public_url = Some(SERVER.parse().unwrap());
        let origin = PublicOrigin::new(&ServerSettings { public_url, ..ServerSettings::default() });
        let (db, authenticator) = (open(&databases[1]), access.authenticator());
        let bases =
            Bases::start(settings, db, &master, authenticator, auth.directory(), origin, clock.clone())
                .await
                .unwrap();
        let (mounted, beside) = (bases.configure(), auth.configure());
        let app = move || App::new().configure(beside.clone()).configure(mounted.clone());
        let server = HttpServer::new(app).workers(2).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let service = Self {
            clock,
            identity,
            auth,
            bases,
            url,
            http,
            master,
            people,
            access,
            handle,
            databases,
            _logs: logs,
        };
        service.ready().await;
        service
    }

    /// Nobody is let in before the feed was read.
    async fn ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.access.ensure_feed().is_err() {
            assert!(Instant::now() < deadline, "no revocation feed");
            rt::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Somebody, made at the first mention; see [`People::get`].
    pub(crate) async fn person(&self, name: &str) -> Person {
        self.people.get(&self.identity, name).await
    }

    /// The database of bases.
    pub(crate) fn db(&self) -> Db {
        open(&self.databases[1])
    }

    /// Deletes what is over, with default settings; how many rows went.
    pub(crate) async fn prune(&self) -> usize {
        pruning::prune(&self.db(), &self.clock, &BasesSettings::default()).await.unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Disables somebody, or lets them in again.
    pub(crate) async fn enable(&self, name: &str, enabled: bool) {
        let id = self.person(name).await.account.id;
        self.identity.set_account_enabled(id, enabled, &Origin::default()).await.unwrap();
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
