//! Everything that is over goes, and nothing else.

use std::num::NonZeroU32;

use identity::pruning::EXPIRED;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{AUDIT_KEPT, Fixture, OTHERS};

fn pruned() -> impl Iterator<Item = &'static str> {
    EXPIRED.into_iter().map(|(rows, _)| rows.table).chain(OTHERS)
}

fn batch(rows: u32) -> NonZeroU32 {
    NonZeroU32::new(rows).unwrap()
}

#[rstest]
#[tokio::test]
async fn what_is_over_goes_from_every_table(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let mut own = Vec::new();
    for table in pruned() {
        own.push(fixture.count(table).await);
    }
    let events = fixture.audit_events().await;
    fixture.fill_over(230).await;
    fixture.fill_live(40).await;
    let deleted = fixture.identity.prune_in_batches(Some(AUDIT_KEPT), batch(50)).await.unwrap();
    assert_eq!(deleted, 230 * pruned().count() + events);
    for (table, own) in pruned().zip(own) {
        let own = if table == "audit_events" { 0 } else { own };
        assert_eq!(fixture.count(table).await, own + 40, "{table}");
    }
    assert_eq!(fixture.identity.prune(Some(AUDIT_KEPT)).await.unwrap(), 0);
    // Without a word on the audit trail it stays. By a process that has not looked yet: nothing is told of an application today
    // that is as old as these rows say.
    fixture.fill_over(5).await;
    assert_eq!(fixture.another().await.prune(None).await.unwrap(), 5 * (pruned().count() - 1));
}

/// Two replicas at the same time: each row goes once, and the one that finds the other at work leaves.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_no_work(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let events = fixture.audit_events().await;
    fixture.fill_over(300).await;
    let other = fixture.another().await;
    let own = fixture.identity.clone();
    let (first, second) = tokio::join!(
        tokio::spawn(async move { own.prune_in_batches(Some(AUDIT_KEPT), batch(20)).await.unwrap() }),
        tokio::spawn(async move { other.prune_in_batches(Some(AUDIT_KEPT), batch(20)).await.unwrap() }),
    );
    assert_eq!(first.unwrap() + second.unwrap(), 300 * pruned().count() + events);
    assert_eq!(fixture.identity.prune(Some(AUDIT_KEPT)).await.unwrap(), 0);
}
