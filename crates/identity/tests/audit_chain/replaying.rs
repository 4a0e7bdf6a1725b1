//! An older state of everything fits itself: what shows it is an anchor that was kept elsewhere.

use identity::audit::chain::{Anchor, Expectations, Fault, Verification};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

impl Fixture {
    async fn compared(&self, anchors: &[Anchor]) -> Verification {
        let expected = Expectations { anchors: anchors.to_vec(), ..Expectations::default() };
        self.identity.verify_audit(&expected).await.unwrap()
    }
}

const TABLES: [&str; 3] = ["audit_events", "audit_chain", "audit_heads"];

#[rstest]
#[tokio::test]
async fn an_older_state_shows_against_an_anchor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::sealed(backend, 5).await;
    let early = fixture.head().await;
    for table in TABLES {
        fixture.tamper(format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
    fixture.write(5..10).await;
    fixture.seal().await;
    let late = fixture.head().await;
    assert_eq!(fixture.compared(&[early, late]).await.faults, []);

    for table in TABLES {
        fixture.tamper(format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
    fixture.tamper("DELETE FROM audit_unsealed").await;
    assert_eq!(fixture.faults().await, [], "it fits itself");
    assert_eq!(fixture.compared(&[early, late]).await.faults, [Fault::Other(late)]);
    // Also when it has grown as long again.
    fixture.write(10..15).await;
    fixture.seal().await;
    assert_eq!(fixture.faults().await, []);
    assert_eq!(fixture.compared(&[late, early]).await.faults, [Fault::Other(late)]);
}

#[rstest]
#[tokio::test]
async fn anchors_are_compared_where_there_is_something_to_compare(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::sealed(backend, 5).await;
    let first = fixture.head().await;
    fixture.days(1);
    fixture.write(5..10).await;
    fixture.seal().await;
    let last = fixture.head().await;
    let wrong = |anchor: Anchor| Anchor { hash: [0; 32], ..anchor };
    for anchor in [
        wrong(first),
        wrong(last),
        Anchor { seq: 11, ..last },
        Anchor { part: 2, ..first },
        Anchor { seq: 0, ..first },
    ] {
        assert_eq!(fixture.compared(&[anchor]).await.faults, [Fault::Other(anchor)]);
    }
    // A right one does not hide a wrong one.
    for anchors in [[first, wrong(first)], [wrong(first), first]] {
        assert_eq!(fixture.compared(&anchors).await.faults, [Fault::Other(wrong(first))]);
    }
    // Of what is pruned the last hash is left.
    let kept = chrono::TimeDelta::hours(1);
    assert_eq!(fixture.identity.prune(Some(kept)).await.unwrap(), 5);
    let older = Anchor { seq: 4, ..first };
    let report = fixture.compared(&[first, older, last]).await;
    assert_eq!((report.faults, report.pruned), (vec![], vec![older]));
    assert_eq!(fixture.compared(&[wrong(first)]).await.faults, [Fault::Other(wrong(first))]);
}
