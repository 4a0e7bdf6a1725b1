//! A trail from before there was a chain.

use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

/// Old events are sealed when the chain begins, however old they are; later ones are late from then on.
#[rstest]
#[tokio::test]
async fn events_from_before_are_adopted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    fixture.write(0..30).await;
    fixture.days(200);
    assert_eq!(fixture.seal().await, 30);
    let report = fixture.verify().await;
    assert_eq!((report.fault_count, report.partitions[0].verified), (0, 30));
    let old = fixture.event(30);
    fixture.days(2);
    fixture.identity.audit().record(old);
    fixture.identity.audit().flush().await.unwrap();
    fixture.seal().await;
    assert_eq!(fixture.verify().await.fault_count, 1);
}
