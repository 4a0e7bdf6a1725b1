//! The audit trail, with a database that works, that is away, and that has lost its table.

use std::sync::mpsc;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::RunQueryDsl as _;
use identity::audit::{self, AuditEvent, AuditFilter, AuditTrail, Origin, Outcome};
use rstest::rstest;
use serde_json::json;
use store::{DatabaseSettings, Db, StoreError, on_backend};
use test_kit::Backend;

use crate::fixture::Fixture;

impl Fixture {
    fn event(&self, action: &'static str) -> AuditEvent {
        AuditEvent::new(self.clock.now(), action, &Origin::default())
    }

    async fn list(&self, filter: AuditFilter) -> Vec<AuditEvent> {
        self.db().read(move |conn| audit::list(conn, &filter)).await.unwrap()
    }

    /// A trail of its own that does not wait long for locks.
    fn trail(&self) -> AuditTrail {
        let busy_timeout = Duration::from_millis(20);
        let settings = DatabaseSettings { busy_timeout, ..self.settings() };
        AuditTrail::start(Db::open(&settings).unwrap())
    }
}

#[rstest]
#[tokio::test]
async fn what_is_recorded_is_there_after_a_flush(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let origin = Origin {
        actor: Some("ada".into()),
        client_id: Some("web".into()),
        dialect: Some("meet".into()),
        address: Some("2001:db8::1".parse().unwrap()),
        request_id: Some("r-1".into()),
    };
    let event = AuditEvent::new(fixture.clock.now(), "token.issue", &origin)
        .target("room-1")
        .outcome(Outcome::Failure)
        .detail(json!({ "why": "scope", "asked": ["a", "b"] }));
    fixture.identity.audit().record(event.clone());
    fixture.identity.audit().flush().await.unwrap();
    assert_eq!(fixture.audited("token.issue").await, [event]);
}

#[rstest]
#[tokio::test]
async fn lists_are_filtered_bounded_and_newest_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let start = fixture.clock.now();
    for number in 0..6 {
        let actor = if number % 2 == 0 { "ada" } else { "bob" };
        let origin = Origin { actor: Some(actor.into()), ..Origin::default() };
        let event = AuditEvent::new(fixture.clock.now(), "test", &origin).target(number.to_string());
        fixture.identity.audit().record(event);
        if number % 3 == 2 {
            fixture.clock.advance(TimeDelta::seconds(1));
        }
    }
    fixture.identity.audit().flush().await.unwrap();
    let targets = async |filter: AuditFilter| -> Vec<String> {
        let filter = AuditFilter { action: Some("test".into()), ..filter };
        fixture.list(filter).await.into_iter().filter_map(|event| event.target).collect()
    };
    let all = AuditFilter { limit: 100, ..AuditFilter::default() };
    assert_eq!(targets(all.clone()).await, ["5", "4", "3", "2", "1", "0"]);
    assert_eq!(targets(AuditFilter { limit: 2, ..all.clone() }).await, ["5", "4"]);
    assert_eq!(targets(AuditFilter { actor: Some("ada".into()), ..all.clone() }).await, ["4", "2", "0"]);
    let since = Some(start + TimeDelta::seconds(1));
    assert_eq!(targets(AuditFilter { since, ..all }).await, ["5", "4", "3"]);
}

#[rstest]
#[tokio::test]
async fn an_event_of_a_transaction_lives_and_dies_with_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for (action, fails) in [("committed", false), ("undone", true)] {
        let event = fixture.event(action);
        let written = fixture.identity.db().write(move |conn| {
            audit::insert(conn, &event)?;
            if fails { Err(StoreError::Panicked) } else { Ok(()) }
        });
        assert_eq!(written.await.is_err(), fails);
    }
    assert_eq!(fixture.audited("committed").await.len(), 1);
    assert_eq!(fixture.audited("undone").await.len(), 0);
}

/// What a request may bring along must not spoil the batch it is stored in.
#[rstest]
#[tokio::test]
async fn hostile_values_are_stored_defused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let origin = Origin { actor: Some("a\0b\x1b[2J".repeat(1000)), ..Origin::default() };
    let hostile = AuditEvent::new(fixture.clock.now(), "hostile", &origin)
        .target("'; DROP TABLE audit_events; --")
        .detail(json!({ "text": "\0".repeat(100_000) }));
    fixture.identity.audit().record(hostile);
    fixture.identity.audit().record(fixture.event("harmless"));
    fixture.identity.audit().flush().await.unwrap();
    let stored = fixture.audited("hostile").await.remove(0);
    assert!(!stored.origin.actor.unwrap().contains(char::is_control));
    assert_eq!(stored.target.as_deref(), Some("'; DROP TABLE audit_events; --"));
    assert_eq!(fixture.audited("harmless").await.len(), 1);
    assert_eq!(fixture.identity.audit().dropped(), 0);
}

/// While the database is away the queue is bounded; what does not fit is counted, the rest arrives afterwards.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_survived_within_bounds(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const RECORDED: u64 = 10_000;
    let fixture = Fixture::on(backend).await;
    let trail = fixture.trail();
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let (db, mut locked, released) = (fixture.db(), Some(locked), std::sync::Mutex::new(released));
    let outage = tokio::spawn(async move {
        db.write(move |conn| {
            if let store::DbConn::Pg(conn) = conn {
                diesel::sql_query("LOCK TABLE audit_events IN EXCLUSIVE MODE").execute(conn)?;
            }
            locked.take().unwrap().send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok::<_, StoreError>(())
        })
        .await
    });
    is_locked.await.unwrap();
    for _ in 0..RECORDED {
        trail.record(fixture.event("outage"));
    }
    let dropped = trail.dropped();
    assert!((1..2000).contains(&dropped), "{dropped}");
    release.send(()).unwrap();
    outage.await.unwrap().unwrap();
    // Thirty transactions: more than one flush may wait for on a slow disk.
    while trail.flush().await.is_err() {}
    let filter = AuditFilter { action: Some("outage".into()), limit: 20_000, ..AuditFilter::default() };
    assert_eq!(fixture.list(filter).await.len() as u64, RECORDED - trail.dropped());
    assert_eq!(trail.dropped(), dropped);
}

#[rstest]
#[tokio::test]
async fn events_the_database_refuses_are_counted_and_block_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let rename = async |from: &'static str, to: &'static str| {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        let renamed = fixture.identity.db().write(move |conn| {
            on_backend!(conn, |c| diesel::sql_query(&rename).execute(c)).map_err(StoreError::from)
        });
        renamed.await.unwrap();
    };
    rename("audit_events", "audit_elsewhere").await;
    for _ in 0..3 {
        fixture.identity.audit().record(fixture.event("lost"));
    }
    fixture.identity.audit().flush().await.unwrap();
    assert_eq!(fixture.identity.audit().dropped(), 3);
    rename("audit_elsewhere", "audit_events").await;
    fixture.identity.audit().record(fixture.event("kept"));
    fixture.identity.audit().flush().await.unwrap();
    assert_eq!(fixture.audited("kept").await.len(), 1);
}

/// Under actix the trail is fed from workers that have runtimes of their own.
#[rstest]
fn events_arrive_from_every_runtime(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    actix_web::rt::System::new().block_on(async {
        let fixture = Fixture::on(backend).await;
        let (trail, event) = (fixture.identity.audit().clone(), fixture.event("worker"));
        let (done, flushed) = tokio::sync::oneshot::channel();
        let worker = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                trail.record(event);
                done.send(trail.flush().await).unwrap();
            });
        });
        flushed.await.unwrap().unwrap();
        worker.join().unwrap();
        assert_eq!(fixture.audited("worker").await.len(), 1);
    });
}

/// The writer ends with the last handle, so that nothing holds the process or its database.
#[rstest]
#[tokio::test]
async fn what_was_recorded_last_is_stored_although_the_trail_is_dropped(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let trail = fixture.trail();
    trail.record(fixture.event("last"));
    drop(trail);
    while fixture.audited("last").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
