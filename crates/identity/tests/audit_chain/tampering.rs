//! Whoever may write every table, but has no master key, leaves traces.

use identity::audit::chain::{Expectations, Fault};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

/// Each column of an event counts, and so do those of its link.
#[rstest]
#[tokio::test]
async fn a_changed_event_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 20).await;
    assert_eq!(fixture.faults().await, []);
    let id = fixture.id(7).await;
    for (column, value) in [
        ("at", "'2027-01-15 08:00:01'"),
        ("action", "'other'"),
        ("actor", "'somebody'"),
        ("actor", "NULL"),
        ("client_id", "''"),
        ("dialect", "NULL"),
        ("target", "'8'"),
        ("address", "'192.0.2.8'"),
        ("outcome", "'failure'"),
        ("request_id", "'r-8'"),
        ("detail", "'{\"number\":8}'"),
    ] {
        fixture.tamper("CREATE TABLE kept AS SELECT * FROM audit_events").await;
        fixture.tamper(format!("UPDATE audit_events SET {column} = {value} WHERE id = '{id}'")).await;
        let expected = Fault::Changed { part: 1, seq: 8, event: id.clone() };
        assert_eq!(fixture.faults().await, [expected], "{column} = {value}");
        fixture
            .tamper(format!(
                "UPDATE audit_events SET {column} = (SELECT {column} FROM kept WHERE id = '{id}') WHERE id = '{id}';
                 DROP TABLE kept"
            ))
            .await;
        assert_eq!(fixture.faults().await, [], "{column} is as it was");
    }
    for change in ["sealed_at = '2027-01-15 08:00:01'", "event_id = 'x'"] {
        let fixture = Fixture::sealed(backend, 20).await;
        fixture.tamper(format!("UPDATE audit_chain SET {change} WHERE seq = 8")).await;
        assert!(!fixture.faults().await.is_empty(), "{change}");
    }
}

#[rstest]
#[tokio::test]
async fn a_deleted_event_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 20).await;
    let id = fixture.id(7).await;
    fixture.tamper(format!("DELETE FROM audit_events WHERE id = '{id}'")).await;
    assert_eq!(fixture.faults().await, [Fault::Deleted { part: 1, seq: 8, event: id.clone() }]);
    // With its link, too; the one behind is then of no use to tell.
    fixture.tamper(format!("DELETE FROM audit_chain WHERE event_id = '{id}'")).await;
    assert_eq!(fixture.faults().await, [Fault::Missing { part: 1, from: 8, to: 8 }]);
    // And with those behind it moved up.
    fixture.tamper("UPDATE audit_chain SET seq = -seq + 1 WHERE seq > 8").await;
    fixture.tamper("UPDATE audit_chain SET seq = -seq WHERE seq < 0").await;
    let faults = fixture.faults().await;
    assert!(matches!(faults[0], Fault::Changed { part: 1, seq: 8, .. }), "{faults:?}");
    assert!(faults.contains(&Fault::Missing { part: 1, from: 20, to: 20 }), "{faults:?}");
}

/// The beginning of the chain is kept in its head: nobody else can let it begin later.
#[rstest]
#[tokio::test]
async fn a_beginning_that_is_gone_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 20).await;
    fixture
        .tamper("DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE seq < 5)")
        .await;
    fixture.tamper("DELETE FROM audit_chain WHERE seq < 5").await;
    assert_eq!(fixture.faults().await, [Fault::Missing { part: 1, from: 1, to: 4 }]);
    fixture
        .tamper("UPDATE audit_heads SET first_seq = 5, anchor = (SELECT hash FROM audit_chain WHERE seq = 5)")
        .await;
    assert!(fixture.faults().await.contains(&Fault::Head { part: 1 }));
}

#[rstest]
#[tokio::test]
async fn a_cut_end_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 20).await;
    fixture
        .tamper("DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE seq > 15)")
        .await;
    fixture.tamper("DELETE FROM audit_chain WHERE seq > 15").await;
    assert_eq!(fixture.faults().await, [Fault::Missing { part: 1, from: 16, to: 20 }]);
    // A head that fits is a head with another code.
    fixture
        .tamper(
            "UPDATE audit_heads SET last_seq = 15, last_hash = (SELECT hash FROM audit_chain WHERE seq = 15)",
        )
        .await;
    assert_eq!(fixture.faults().await, [Fault::Head { part: 1 }]);
    // What is sealed afterwards begins anew, and hides nothing.
    fixture.write(20..25).await;
    let sealed = fixture.identity.seal_audit().await.unwrap();
    assert_eq!((sealed.events, sealed.head.unwrap().part), (5, 2));
    assert!(sealed.broken.unwrap().contains("partition 1"));
    assert_eq!(fixture.seal().await, 1, "the event that says so");
    assert_eq!(fixture.faults().await, [Fault::Head { part: 1 }]);
}

/// Written past the program, an event has no place; written like one, it has the place of when it was found.
#[rstest]
#[tokio::test]
async fn an_inserted_event_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 20).await;
    fixture.days(3);
    let forged = "INSERT INTO audit_events (id, at, action, outcome)
        VALUES ('01900000-0000-7000-8000-000000000001', '2027-01-15 08:00:00', 'token.issue', 'success')";
    fixture.tamper(forged).await;
    let event = "01900000-0000-7000-8000-000000000001".to_owned();
    fixture.tamper("DELETE FROM audit_unsealed").await;
    assert_eq!(fixture.faults().await, [Fault::Stray { event: event.clone() }]);

    fixture
        .tamper("INSERT INTO audit_unsealed SELECT id FROM audit_events WHERE action = 'token.issue'")
        .await;
    assert_eq!(fixture.verify().await.unsealed, 1);
    assert_eq!(fixture.seal().await, 1);
    assert_eq!(fixture.faults().await, [Fault::Late { part: 1, seq: 21, event: event.clone() }]);

    // Into the chain, in the place of another.
    fixture.tamper(format!("DELETE FROM audit_chain WHERE event_id = '{event}'")).await;
    fixture.tamper(format!("UPDATE audit_chain SET event_id = '{event}' WHERE seq = 4")).await;
    let faults = fixture.faults().await;
    assert!(faults.contains(&Fault::Changed { part: 1, seq: 4, event }), "{faults:?}");
    // And behind its end.
    let fixture = Fixture::sealed(backend, 20).await;
    fixture
        .tamper(
            "INSERT INTO audit_chain SELECT part, 21, 'x', sealed_at, hash FROM audit_chain WHERE seq = 20",
        )
        .await;
    assert_eq!(fixture.faults().await, [Fault::Appended { part: 1, after: 20 }]);
}

#[rstest]
#[tokio::test]
async fn another_order_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 20).await;
    for (from, to) in [(8, -1), (9, 8), (-1, 9)] {
        fixture.tamper(format!("UPDATE audit_chain SET seq = {to} WHERE seq = {from}")).await;
    }
    let faults = fixture.faults().await;
    assert!(
        faults.iter().all(|fault| matches!(fault, Fault::Changed { part: 1, seq: 8..=10, .. })),
        "{faults:?}"
    );
    assert!(faults.len() >= 2, "{faults:?}");
    // The contents of two events, under each other's ids.
    let fixture = Fixture::sealed(backend, 20).await;
    let (one, other) = (fixture.id(3).await, fixture.id(4).await);
    for (from, to) in [(&one, &"x".to_owned()), (&other, &one), (&"x".to_owned(), &other)] {
        fixture.tamper(format!("UPDATE audit_events SET id = '{to}' WHERE id = '{from}'")).await;
    }
    let (four, five) =
        (Fault::Changed { part: 1, seq: 4, event: one }, Fault::Changed { part: 1, seq: 5, event: other });
    assert_eq!(fixture.faults().await, [four, five]);
}

/// Months hang together, so none can be taken out, at the end either.
#[rstest]
#[tokio::test]
async fn a_partition_that_is_gone_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 5).await;
    for month in 1..4 {
        fixture.days(31);
        fixture.write(month * 5..month * 5 + 5).await;
        fixture.seal().await;
    }
    let report = fixture.verify().await;
    let months: Vec<&str> = report.partitions.iter().map(|partition| partition.month.as_str()).collect();
    assert_eq!(months, ["2027-01", "2027-02", "2027-03", "2027-04"]);
    assert_eq!(report.fault_count, 0);
    let drop = async |part: i64| {
        fixture
            .tamper(format!(
                "DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE part = {part});
                 DELETE FROM audit_chain WHERE part = {part};
                 DELETE FROM audit_heads WHERE part = {part}"
            ))
            .await;
    };
    drop(4).await;
    assert_eq!(fixture.faults().await, [Fault::Partition { part: 4 }]);
    drop(2).await;
    assert_eq!(fixture.faults().await, [Fault::Partition { part: 2 }, Fault::Partition { part: 4 }]);
    // What comes later does not close the gap.
    fixture.write(20..21).await;
    assert!(fixture.identity.seal_audit().await.unwrap().broken.is_some());
    fixture.seal().await;
    assert_eq!(fixture.faults().await, [Fault::Partition { part: 2 }, Fault::Partition { part: 4 }]);
    // Without any head the links give them away.
    fixture.tamper("DELETE FROM audit_heads").await;
    assert!(fixture.faults().await.contains(&Fault::Partition { part: 5 }));
}

/// A head of another partition, or of another database, is none of this one.
#[rstest]
#[tokio::test]
async fn codes_of_elsewhere_do_not_fit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, other) = (Fixture::sealed(backend, 5).await, Fixture::sealed(backend, 5).await);
    assert_ne!(fixture.head().await, other.head().await);
    fixture.days(31);
    fixture.write(5..6).await;
    fixture.seal().await;
    fixture.tamper("UPDATE audit_heads SET mac = (SELECT mac FROM audit_heads WHERE part = 1)").await;
    assert_eq!(fixture.faults().await, [Fault::Head { part: 2 }]);
    fixture.tamper("UPDATE audit_heads SET mac = (SELECT hash FROM audit_chain WHERE part = 2)").await;
    assert_eq!(fixture.faults().await, [Fault::Head { part: 1 }, Fault::Head { part: 2 }]);
}

/// Everything was replaced, consistently, under another key.
#[rstest]
#[tokio::test]
async fn a_chain_of_another_key_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 5).await;
    let foreign = Fixture::sealed(backend, 5).await;
    foreign.tamper("DELETE FROM identity_facts").await;
    let stranger = identity::Identity::open(
        foreign.db(),
        fixture.master.clone(),
        identity::passwords::PasswordSettings::default(),
        fixture.clock.clone(),
    );
    let report = stranger.await.unwrap().verify_audit(&Expectations::default()).await.unwrap();
    assert_eq!(report.fault_count, 6, "the head and each event: {:?}", report.faults);
}
