//! A directory whose trail holds numbered events, and somebody with the rights of the database's owner.

use auth_claims::clock::Clock;
use chrono::{DateTime, TimeDelta};
use diesel::connection::SimpleConnection as _;
use identity::Identity;
use identity::audit::chain::{Anchor, Expectations, Fault, Verification};
use identity::audit::listing::{self, Order, StoredEvent};
use identity::audit::{AuditEvent, AuditFilter, AuditTrail, Origin};
use identity::master::MasterKey;
use identity::passwords::PasswordSettings;
use store::{DatabaseSettings, Db, StoreError, on_backend};
use test_kit::{Backend, TestDatabase};

pub(crate) struct Fixture {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) master: MasterKey,
    pub(crate) database: TestDatabase,
}

impl Fixture {
    /// With nothing in the trail. The clock stands some days before the end of a month.
    pub(crate) async fn on(backend: Backend) -> Self {
        let (database, master) = (TestDatabase::on(backend), MasterKey::generate().unwrap());
        // 2027-01-15 08:00.
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let identity = open(&database, &master, &clock).await;
        Self { identity, clock, master, database }
    }

    /// With so many events that are sealed.
    pub(crate) async fn sealed(backend: Backend, events: u32) -> Self {
        let fixture = Self::on(backend).await;
        fixture.write(0..events).await;
        fixture.seal().await;
        fixture
    }

    pub(crate) async fn another(&self) -> Identity {
        open(&self.database, &self.master, &self.clock).await
    }

    /// A pool of its own.
    pub(crate) fn db(&self) -> Db {
        Db::open(&DatabaseSettings::at(self.database.url())).unwrap()
    }

    pub(crate) fn event(&self, number: u32) -> AuditEvent {
        let origin = Origin {
            actor: Some(format!("actor-{}", number % 3)),
            client_id: Some(format!("client-{}", number % 2)),
            dialect: (!number.is_multiple_of(4)).then(|| "meet".to_owned()),
            address: Some("192.0.2.7".parse().unwrap()),
            request_id: Some(format!("r-{number}")),
        };
        AuditEvent::new(self.clock.now(), "test", &origin)
            .target(number.to_string())
            .detail(serde_json::json!({ "number": number }))
    }

    /// Writes events with these numbers as targets, as the platform's services do.
    pub(crate) async fn write(&self, numbers: std::ops::Range<u32>) {
        let trail = AuditTrail::start(self.db());
        for number in numbers {
            trail.record(self.event(number));
        }
        trail.flush().await.unwrap();
    }

    /// Seals until nothing is left; gives how many were.
    pub(crate) async fn seal(&self) -> usize {
        let mut events = 0;
        loop {
            match self.identity.seal_audit().await.unwrap().events {
                0 => return events,
                sealed => events += sealed,
            }
        }
    }

    /// Runs statements past the program.
    pub(crate) async fn tamper(&self, sql: impl Into<String>) {
        let sql = sql.into();
        let done = self
            .identity
            .db()
            .write(move |conn| on_backend!(conn, |c| c.batch_execute(&sql)).map_err(StoreError::from));
        done.await.unwrap();
    }

    pub(crate) async fn verify(&self) -> Verification {
        self.identity.verify_audit(&Expectations::default()).await.unwrap()
    }

    pub(crate) async fn faults(&self) -> Vec<Fault> {
        let report = self.verify().await;
        assert_eq!(report.fault_count, report.faults.len() as u64);
        report.faults
    }

    /// Where the chain ends.
    pub(crate) async fn head(&self) -> Anchor {
        self.verify().await.partitions.pop().unwrap().head
    }

    /// The id of the event with this number.
    pub(crate) async fn id(&self, number: u32) -> String {
        let filter = AuditFilter { target: Some(number.to_string()), limit: 1, ..AuditFilter::default() };
        self.page(filter, Order::NewestFirst).await.remove(0).id
    }

    pub(crate) async fn page(&self, filter: AuditFilter, order: Order) -> Vec<StoredEvent> {
        self.identity.db().read(move |conn| listing::page(conn, &filter, order, None)).await.unwrap()
    }

    pub(crate) fn days(&self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
    }
}

async fn open(database: &TestDatabase, master: &MasterKey, clock: &Clock) -> Identity {
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    Identity::open(db, master.clone(), PasswordSettings::default(), clock.clone()).await.unwrap()
}
