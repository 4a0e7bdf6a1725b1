//! Old events go from the beginning of the chain, and the rest of it still holds.

use chrono::TimeDelta;
use identity::audit::chain::Fault;
use identity::audit::listing::Order;
use identity::audit::{AuditFilter, Origin};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

const KEPT: Option<TimeDelta> = Some(TimeDelta::hours(1));

impl Fixture {
    async fn prune(&self) -> usize {
        self.identity.prune(KEPT).await.unwrap()
    }

    async fn targets(&self) -> Vec<String> {
        let all = AuditFilter { limit: 10_000, ..AuditFilter::default() };
        let events = self.page(all, Order::OldestFirst).await;
        events.into_iter().filter_map(|event| event.event.target).collect()
    }
}

#[rstest]
#[tokio::test]
async fn what_is_left_still_holds(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 1100).await;
    fixture.days(1);
    fixture.write(1100..1110).await;
    assert_eq!(fixture.prune().await, 1100, "and what was written last is sealed on the way");
    let report = fixture.verify().await;
    let [partition] = &report.partitions[..] else { panic!("{report:?}") };
    assert_eq!((partition.first_seq, partition.verified, partition.head.seq), (1101, 10, 1110));
    assert_eq!((report.fault_count, report.unsealed), (0, 0));
    // Everything, and then a new beginning.
    fixture.days(1);
    assert_eq!(fixture.prune().await, 10);
    assert_eq!(fixture.verify().await.fault_count, 0);
    fixture.write(0..2).await;
    fixture.seal().await;
    let report = fixture.verify().await;
    assert_eq!((report.fault_count, report.partitions[0].head.seq), (0, 1112));
    // What is missing now is missing.
    fixture.tamper("DELETE FROM audit_chain; DELETE FROM audit_events").await;
    assert_eq!(fixture.faults().await, [Fault::Missing { part: 1, from: 1111, to: 1112 }]);
}

/// Partitions are emptied one after the other; their heads stay, and with them the way back to the first.
#[rstest]
#[tokio::test]
async fn pruning_goes_from_month_to_month(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 5).await;
    for month in 1..3 {
        fixture.days(31);
        fixture.write(month * 5..month * 5 + 5).await;
        fixture.seal().await;
    }
    assert_eq!(fixture.prune().await, 10);
    assert_eq!(fixture.targets().await, ["10", "11", "12", "13", "14"]);
    let report = fixture.verify().await;
    let verified: Vec<u64> = report.partitions.iter().map(|partition| partition.verified).collect();
    assert_eq!((verified, report.fault_count), (vec![0, 0, 5], 0));
    fixture.tamper("DELETE FROM audit_heads WHERE part = 1").await;
    assert_eq!(fixture.faults().await, [Fault::Partition { part: 1 }]);
}

/// An old event that came late waits for those before it.
#[rstest]
#[tokio::test]
async fn a_prefix_goes_and_nothing_else(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::sealed(backend, 3).await;
    let old = fixture.event(3);
    fixture.clock.advance(TimeDelta::minutes(59));
    fixture.write(4..5).await;
    fixture.seal().await;
    fixture.identity.audit().record(old);
    fixture.identity.audit().flush().await.unwrap();
    fixture.clock.advance(TimeDelta::minutes(2));
    assert_eq!(fixture.prune().await, 3);
    assert_eq!(fixture.targets().await, ["3", "4"]);
    fixture.days(1);
    assert_eq!(fixture.prune().await, 2);
    assert_eq!(fixture.faults().await, []);
}

/// Pruning hides nothing: what did not fit any more when it went is counted, and told as long as there is a partition.
#[rstest]
#[tokio::test]
async fn what_was_tampered_with_before_it_went_is_remembered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::sealed(backend, 20).await;
    let (deleted, changed) = (fixture.id(3).await, fixture.id(5).await);
    fixture.tamper(format!("DELETE FROM audit_events WHERE id = '{deleted}'")).await;
    fixture.tamper(format!("UPDATE audit_events SET actor = 'nobody' WHERE id = '{changed}'")).await;
    fixture.tamper("DELETE FROM audit_chain WHERE seq = 9").await;
    fixture.days(1);
    fixture.write(20..21).await;
    fixture.prune().await;
    // The one without a link is no part of the chain, and stays as a witness; the one behind it cannot be judged.
    let stray = Fault::Stray { event: fixture.id(8).await };
    assert_eq!(fixture.faults().await, [Fault::Pruned { part: 1, events: 4 }, stray]);
    // A head that was changed does not become genuine by it.
    fixture.tamper("UPDATE audit_heads SET damaged = 0").await;
    fixture.days(1);
    fixture.prune().await;
    assert!(fixture.faults().await.contains(&Fault::Head { part: 1 }));
}

/// Whoever writes the tables does not have the program delete what is young by giving it an old date: an event that does not
/// fit says nothing, not even of its age.
#[rstest]
#[tokio::test]
async fn a_forged_date_lets_nothing_go(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let kept = Some(TimeDelta::days(60));
    for forged in [
        "UPDATE audit_events SET at = '2020-01-01 00:00:00'",
        "DELETE FROM audit_events; UPDATE audit_chain SET sealed_at = '2020-01-01 00:00:00'",
    ] {
        let fixture = Fixture::sealed(backend, 5).await;
        fixture.tamper(forged).await;
        fixture.days(31);
        fixture.write(5..10).await;
        fixture.seal().await;
        let faults = fixture.faults().await;
        assert_eq!(faults.len(), 5, "{forged}");
        assert_eq!(fixture.identity.prune(kept).await.unwrap(), 0, "{forged}");
        assert_eq!(fixture.faults().await, faults, "{forged}");
        // The next month has begun so long ago that all of this one is old, whatever it says.
        fixture.days(61);
        fixture.write(10..11).await;
        fixture.seal().await;
        fixture.identity.prune(kept).await.unwrap();
        assert_eq!(fixture.targets().await, ["10"], "{forged}");
        assert_eq!(fixture.faults().await, [], "{forged}");
    }
}

/// What is beside a forged date goes in its time, and takes it along.
#[rstest]
#[tokio::test]
async fn the_next_event_that_fits_tells_the_age(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::sealed(backend, 4).await;
    let old = fixture.event(6);
    fixture.clock.advance(TimeDelta::minutes(50));
    fixture.write(4..5).await;
    fixture.seal().await;
    fixture.identity.audit().record(old);
    fixture.identity.audit().flush().await.unwrap();
    fixture.seal().await;
    let young = fixture.id(4).await;
    fixture.tamper(format!("UPDATE audit_events SET at = '2020-01-01 00:00:00' WHERE id = '{young}'")).await;
    fixture.clock.advance(TimeDelta::minutes(20));
    assert_eq!(fixture.prune().await, 4, "what is behind the forged date was sealed a moment ago");
    fixture.clock.advance(TimeDelta::hours(1));
    fixture.prune().await;
    assert_eq!(fixture.faults().await, [Fault::Pruned { part: 1, events: 1 }]);
}

/// While a long trail is looked at, its beginning may go: that is no fault.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn pruning_does_not_disturb_whoever_verifies(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::sealed(backend, 4000).await;
    fixture.days(1);
    fixture.write(4000..4010).await;
    let other = fixture.another().await;
    let prune = tokio::spawn(async move { other.prune(KEPT).await.unwrap() });
    let mut looked = 0;
    while !prune.is_finished() {
        assert_eq!(fixture.faults().await, []);
        looked += 1;
    }
    assert_eq!(prune.await.unwrap(), 4000);
    assert!(looked > 0);
    assert_eq!(fixture.faults().await, []);
}

/// The account of the fixture's own changes is no exception: every way in is sealed.
#[rstest]
#[tokio::test]
async fn changes_of_the_directory_are_sealed_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let profile = identity::accounts::AccountProfile::new("ada");
    let new = identity::accounts::NewAccount { profile, password: identity::accounts::NewPassword::None };
    fixture.identity.create_account(new, &Origin::default()).await.unwrap();
    assert!(fixture.seal().await > 0);
    assert_eq!(fixture.faults().await, []);
}
