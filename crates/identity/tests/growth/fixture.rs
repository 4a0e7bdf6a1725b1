//! A directory with rows in every table that is pruned.

use auth_claims::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use identity::Identity;
use identity::accounts::{AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use identity::clients::{ClientKind, NewClient, NewSecret, Registration};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use store::{DatabaseSettings, Db, StoreError};
use test_kit::{Backend, TestDatabase};

/// What is filled, beside the tables of the list.
pub(crate) const OTHERS: [&str; 2] = ["application_revisions", "audit_events"];

/// How long audit events are kept here.
pub(crate) const AUDIT_KEPT: TimeDelta = TimeDelta::days(30);

/// How long before now the instants of rows are that are over: longer than anything is kept.
const AGO: TimeDelta = TimeDelta::days(200);
/// How long after now those are of rows that stay.
const AHEAD: TimeDelta = TimeDelta::days(1);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    master: MasterKey,
    pub(crate) database: TestDatabase,
}

impl Fixture {
    pub(crate) async fn on(backend: Backend) -> Self {
        let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let identity = open(&database, &master, &clock).await;
        let account = NewAccount { profile: AccountProfile::new("ada"), password: NewPassword::None };
        identity.create_account(account, &Origin::default()).await.unwrap();
        let client = NewClient {
            id: Some("web".parse().unwrap()),
            kind: ClientKind::Service,
            registration: Registration::new("web"),
            secret: NewSecret::Generate,
        };
        identity.create_client(client, &Origin::default()).await.unwrap();
        // The trail is pruned from its beginning, so its first events have to be old, too.
        clock.advance(AUDIT_KEPT + TimeDelta::seconds(1));
        Self { identity, clock, master, database }
    }

    /// What another process on the same database would be.
    pub(crate) async fn another(&self) -> Identity {
        open(&self.database, &self.master, &self.clock).await
    }

    pub(crate) fn db(&self) -> Db {
        Db::open(&DatabaseSettings::at(self.database.url())).unwrap()
    }

    /// So many rows in each table that are over, from one second to the other.
    pub(crate) async fn fill_over(&self, count: u32) {
        self.fill("over", count, self.clock.now() - AGO).await;
    }

    /// So many rows in each table that stay.
    pub(crate) async fn fill_live(&self, count: u32) {
        let seconds = TimeDelta::seconds(count.into());
        self.fill("stay", count, self.clock.now() + AHEAD + seconds).await;
    }

    async fn fill(&self, name: &str, count: u32, last: DateTime<Utc>) {
        let last = last.format("%Y-%m-%d %H:%M:%S");
        let (at, bytes) = match self.database.backend() {
            Backend::Sqlite => (format!("datetime('{last}', '-' || n || ' seconds')"), "BLOB"),
            Backend::Postgres => (format!("TIMESTAMP '{last}' - n * INTERVAL '1 second'"), "BYTEA"),
        };
        let sql = include_str!("fill.sql")
            .replace("$COUNT", &count.to_string())
            .replace("$NAME", name)
            .replace("$AT", &at)
            .replace("$BYTES", bytes);
        self.db().write(move |conn| Ok::<_, StoreError>(conn.batch_execute(&sql)?)).await.unwrap();
    }

    /// The rows of a table.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let query = format!("SELECT count(*) AS count FROM {table}");
        let db = self.db();
        let work = db.read(move |conn| {
            Ok::<_, StoreError>(diesel::sql_query(&query).get_result::<Count>(conn)?.count)
        });
        work.await.unwrap()
    }

    /// The fixture's own, which are old.
    pub(crate) async fn audit_events(&self) -> usize {
        usize::try_from(self.count("audit_events").await).unwrap()
    }

    /// Every table that there is.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let query = match self.database.backend() {
            Backend::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Backend::Postgres => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'",
        };
        let query = format!("{query} ORDER BY name");
        let db = self.db();
        let work = db.read(move |conn| Ok::<Vec<Name>, StoreError>(diesel::sql_query(&query).load(conn)?));
        work.await.unwrap().into_iter().map(|row| row.name).collect()
    }
}

async fn open(database: &TestDatabase, master: &MasterKey, clock: &Clock) -> Identity {
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let cheap = PasswordSettings { memory_kib: 64, iterations: 1, ..PasswordSettings::default() };
    Identity::open(db, master.clone(), cheap, clock.clone()).await.unwrap()
}
