//! An empty directory on a throw-away database, cheap passwords, and a clock that can be moved.

use auth_claims::clock::Clock;
use auth_claims::revocations::RevocationEntry;
use chrono::{DateTime, TimeDelta};
use diesel::{prelude::*, sql_types::Text};
use identity::{
    Identity,
    accounts::{Account, AccountProfile, NewAccount, NewPassword},
    audit::{self, AuditEvent, AuditFilter, Origin},
    clients::{Client, ClientId, ClientKind, NewClient, NewSecret, Registration},
    master::MasterKey,
    passwords::PasswordSettings,
};
use secrecy::SecretString;
use store::{DatabaseSettings, Db, StoreError};
use test_kit::{Backend, TestDatabase};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) master: MasterKey,
    pub(crate) database: TestDatabase,
}

impl Fixture {
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::with(backend, cheap()).await
    }

    pub(crate) async fn with(backend: Backend, settings: PasswordSettings) -> Self {
        let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let identity = Identity::open(db, master.clone(), settings, clock.clone()).await.unwrap();
        Self { identity, clock, master, database }
    }

    /// A second directory on the same database: what another process would be.
    pub(crate) async fn replica(&self) -> Identity {
        let db = Db::open(&DatabaseSettings::at(self.database.url())).unwrap();
        Identity::open(db, self.master.clone(), cheap(), self.clock.clone()).await.unwrap()
    }

    pub(crate) async fn account(&self, login: &str) -> Account {
        let profile =
            AccountProfile { email: Some(format!("{login}@example.org")), ..AccountProfile::new(login) };
        let new = NewAccount { profile, password: NewPassword::Plain(secret(PASSWORD)) };
        self.identity.create_account(new, &Origin::default()).await.unwrap()
    }

    pub(crate) async fn client(&self, id: &str) -> (ClientId, SecretString) {
        let (client, secret) = self.register(id, ClientKind::Service, Registration::new(id)).await;
        (client.id, secret)
    }

    pub(crate) async fn register(
        &self,
        id: &str,
        kind: ClientKind,
        registration: Registration,
    ) -> (Client, SecretString) {
        let new =
            NewClient { id: Some(id.parse().unwrap()), kind, registration, secret: NewSecret::Generate };
        let (client, secret) = self.identity.create_client(new, &Origin::default()).await.unwrap();
        (client, secret.unwrap().expose().clone())
    }

    /// Everything the revocation feed holds.
    pub(crate) async fn feed(&self) -> Vec<RevocationEntry> {
        self.identity.wait_for_revocation(0, std::time::Duration::ZERO).await.unwrap().entries
    }

    /// The stored audit events of this action, newest first.
    pub(crate) async fn audited(&self, action: &str) -> Vec<AuditEvent> {
        let filter = AuditFilter { action: Some(action.into()), limit: 1000, ..AuditFilter::default() };
        self.identity.db().read(move |conn| audit::list(conn, &filter)).await.unwrap()
    }

    /// The first column of a query, as texts.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            value: String,
        }
        let load =
            move |conn: &mut store::DbConn| Ok::<_, StoreError>(diesel::sql_query(query).load::<Row>(conn)?);
        self.identity.db().read(load).await.unwrap().into_iter().map(|row| row.value).collect()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

pub(crate) fn cheap() -> PasswordSettings {
    PasswordSettings { memory_kib: 64, iterations: 1, threads: Some(4), ..PasswordSettings::default() }
}

pub(crate) fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// What has broken string-built SQL, patterns and encodings elsewhere (threat 25).
pub(crate) const HOSTILE: [&str; 16] = [
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE accounts; --",
    "\"; DELETE FROM clients; --",
    "') UNION SELECT id FROM clients --",
    "admin'--",
    "%",
    "_",
    "%' ESCAPE '!",
    "\\",
    "\\' OR 1=1 --",
    "$1",
    "?",
    "\0",
    "a\0b",
    "\u{2019} OR 1=1",
];
