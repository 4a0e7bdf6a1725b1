//! Every event gets a place, whoever writes it and whenever it is committed.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use identity::audit::listing::Order;
use identity::audit::{self, AuditFilter, AuditTrail};
use rstest::rstest;
use store::StoreError;
use test_kit::Backend;

use crate::fixture::Fixture;

const ALL: AuditFilter = AuditFilter {
    actor: None,
    action: None,
    target: None,
    client_id: None,
    dialect: None,
    outcome: None,
    since: None,
    until: None,
    limit: 10_000,
};

#[rstest]
#[tokio::test]
async fn events_are_sealed_once_and_in_order(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    assert_eq!(fixture.identity.seal_audit().await.unwrap(), audit::chain::Sealed::default());
    assert!(fixture.verify().await.partitions.is_empty());
    fixture.write(0..1200).await;
    assert_eq!(fixture.verify().await.unsealed, 1200);
    assert!(fixture.page(ALL, Order::OldestFirst).await.iter().all(|event| event.seal.is_none()));
    assert_eq!(fixture.seal().await, 1200);
    assert_eq!(fixture.identity.seal_audit().await.unwrap().events, 0);
    let report = fixture.verify().await;
    assert_eq!((report.unsealed, report.fault_count, report.partitions[0].verified), (0, 0, 1200));
    let events = fixture.page(ALL, Order::OldestFirst).await;
    let places: Vec<i64> = events.iter().map(|event| event.seal.unwrap().seq).collect();
    assert_eq!(places, (1..=1200).collect::<Vec<_>>());
    assert_eq!(events[1199].seal, Some(report.partitions[0].head));
}

/// Of several replicas one seals at a time; none loses an event, and none seals one twice.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn replicas_seal_one_chain_while_events_are_written(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const EVENTS: u32 = 900;
    let fixture = Fixture::on(backend).await;
    let replicas = [fixture.identity.clone(), fixture.another().await, fixture.another().await];
    let trail = AuditTrail::start(fixture.db());
    let seal = replicas.map(|replica| async move {
        let mut sealed = 0;
        for _ in 0..60 {
            sealed += replica.seal_audit().await.unwrap().events;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sealed
    });
    let write = async {
        for number in 0..EVENTS {
            trail.record(fixture.event(number));
            if number % 30 == 0 {
                trail.flush().await.unwrap();
            }
        }
        trail.flush().await.unwrap();
    };
    let (sealed, ()) = tokio::join!(join_all(seal), write);
    let rest = fixture.seal().await;
    assert_eq!(sealed.iter().sum::<usize>() + rest, EVENTS as usize, "{sealed:?}");
    let report = fixture.verify().await;
    assert_eq!((report.faults, report.partitions[0].verified), (vec![], u64::from(EVENTS)));
    let events = fixture.page(ALL, Order::NewestFirst).await;
    let places: HashSet<i64> = events.iter().map(|event| event.seal.unwrap().seq).collect();
    assert_eq!(places, (1..=i64::from(EVENTS)).collect());
}

/// An event that is older than the end of the chain when it is committed is sealed like every other. PostgreSQL alone: on
/// SQLite nobody else commits meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_late_is_sealed_all_the_same() {
    let fixture = Fixture::on(Backend::Postgres).await;
    let (late, mut db) = (fixture.event(0), fixture.db());
    let (written, is_written) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (mut written, released) = (Some(written), std::sync::Mutex::new(released));
    let slow = tokio::spawn(async move {
        db = db.clone();
        db.write(move |conn| {
            audit::insert(conn, &late)?;
            written.take().unwrap().send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok::<_, StoreError>(())
        })
        .await
    });
    is_written.await.unwrap();
    fixture.clock.advance(TimeDelta::hours(1));
    fixture.write(1..4).await;
    assert_eq!(fixture.seal().await, 3);
    release.send(()).unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(fixture.seal().await, 1);
    assert_eq!(fixture.faults().await, []);
    let places: Vec<(Option<String>, i64)> = fixture
        .page(ALL, Order::OldestFirst)
        .await
        .into_iter()
        .map(|event| (event.event.target, event.seal.unwrap().seq))
        .collect();
    let target = |number: &str| Some(number.to_owned());
    assert_eq!(places, [(target("0"), 4), (target("1"), 1), (target("2"), 2), (target("3"), 3)]);
}

/// Whoever deletes an event before it is sealed leaves the note that there was one.
#[rstest]
#[tokio::test]
async fn what_is_deleted_before_it_is_sealed_shows(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.write(0..3).await;
    let event = fixture.id(1).await;
    fixture.tamper(format!("DELETE FROM audit_events WHERE id = '{event}'")).await;
    assert_eq!(fixture.seal().await, 3);
    assert_eq!(fixture.faults().await, [audit::chain::Fault::Deleted { part: 1, seq: 2, event }]);
}

/// To note a sealed event once more stops nobody, and moves nothing.
#[rstest]
#[tokio::test]
async fn a_sealed_event_keeps_its_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 5).await;
    let head = fixture.head().await;
    fixture.tamper("INSERT INTO audit_unsealed SELECT event_id FROM audit_chain WHERE seq < 4").await;
    fixture.seal().await;
    assert_eq!((fixture.head().await, fixture.verify().await.unsealed), (head, 0));
    fixture.write(5..6).await;
    fixture.seal().await;
    assert_eq!(fixture.faults().await, []);
}

/// A partition is the month in which it is sealed (UTC), and a clock that is set back opens no old one.
#[rstest]
#[tokio::test]
async fn each_month_has_a_partition(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 2).await;
    let end_of_month = chrono::DateTime::parse_from_rfc3339("2027-01-31T23:59:59.999999Z").unwrap();
    fixture.clock.advance(end_of_month.to_utc() - fixture.clock.now());
    fixture.write(2..4).await;
    fixture.seal().await;
    fixture.clock.advance(TimeDelta::microseconds(1));
    fixture.write(4..7).await;
    fixture.seal().await;
    fixture.clock.advance(TimeDelta::days(-20));
    fixture.write(7..8).await;
    fixture.seal().await;
    let report = fixture.verify().await;
    let found: Vec<_> = report
        .partitions
        .iter()
        .map(|partition| (partition.month.as_str(), partition.head.part, partition.verified))
        .collect();
    assert_eq!((found, report.fault_count), (vec![("2027-01", 1, 4), ("2027-02", 2, 4)], 0));
}
