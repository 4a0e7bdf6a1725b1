//! What has expired goes, and not before.

use std::time::Duration;

use identity::device_sessions::DeviceSettings;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, values};

const DAY: i64 = 24 * 3600 * 1000;

#[rstest]
#[tokio::test]
async fn sessions_go_when_they_have_expired(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    fixture.account("bob").await;
    fixture.sign_in("ada").await;
    let longer = DeviceSettings { lifetime: Duration::from_hours(48), max_clients: 1 };
    let bob = fixture.sign_in_with("bob", &longer).await;
    fixture.pass(DAY - 1);
    assert_eq!(fixture.identity.prune(None).await.unwrap(), 0);
    fixture.pass(1);
    assert_eq!(fixture.identity.prune(None).await.unwrap(), 1);
    assert!(fixture.present(&values(&bob)).await.is_some());
    fixture.pass(DAY);
    assert_eq!(fixture.identity.prune(None).await.unwrap(), 1);
    assert_eq!(fixture.count("device_sessions").await, 0);
}

/// Networks are kept for half a year after the last sign-in, at most sixteen for each account.
#[rstest]
#[tokio::test]
async fn familiar_networks_are_bounded_and_forgotten(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for host in 0..20 {
        fixture.try_from(&format!("192.0.2.{host}"), "ada@example.org", PASSWORD).await.unwrap();
        fixture.pass(1000);
    }
    assert_eq!(fixture.count("familiar_networks").await, 16);
    fixture.pass(100 * DAY);
    // The first is new again, the last is refreshed: fifteen are old.
    for host in [0, 19] {
        fixture.try_from(&format!("192.0.2.{host}"), "ada@example.org", PASSWORD).await.unwrap();
    }
    assert_eq!(fixture.count("familiar_networks").await, 16);
    fixture.pass(81 * DAY);
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(fixture.count("familiar_networks").await, 2);
    let ada = fixture.find("ada").await;
    fixture.identity.delete_account(ada.id, &identity::audit::Origin::default()).await.unwrap();
    assert_eq!(fixture.count("familiar_networks").await, 0);
}
