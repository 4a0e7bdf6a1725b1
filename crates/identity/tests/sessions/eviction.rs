//! Which sessions make room for a new one (contracts/rdv-sign-in.md §8.3).

use std::time::Duration;

use identity::device_sessions::{DeviceSettings, OpenedSession};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, several, values};

async fn live(fixture: &Fixture, sessions: &[&OpenedSession]) -> Vec<bool> {
    let mut live = Vec::new();
    for session in sessions {
        live.push(fixture.present(&values(session)).await.is_some());
    }
    live
}

#[rstest]
#[tokio::test]
async fn by_default_each_sign_in_ends_the_one_before(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    fixture.account("bob").await;
    let (bob, first) = (fixture.sign_in("bob").await, fixture.sign_in("ada").await);
    assert_eq!(fixture.feed().await, []);
    let second = fixture.sign_in("ada").await;
    assert_eq!(live(&fixture, &[&bob, &first, &second]).await, [true, false, true]);
    assert_ne!(first.session.client, second.session.client);
    assert!(fixture.is_revoked(&first.session.sid).await, "in the transaction of the sign-in");
    assert_eq!(fixture.feed().await.len(), 1);

    let evictions = fixture.audited("device_session.evict").await;
    assert_eq!(evictions.len(), 1);
    assert_eq!(evictions[0].target.as_ref(), Some(&first.session.sid));
    assert_eq!(evictions[0].detail.as_ref().unwrap()["by"], second.session.sid);
}

/// The smallest end goes first, not the greatest age.
#[rstest]
#[tokio::test]
async fn the_session_that_would_end_first_makes_room(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let lasting = |hours| DeviceSettings { lifetime: Duration::from_hours(hours), max_clients: 3 };
    let long = fixture.sign_in_with("ada", &lasting(20)).await;
    let short = fixture.sign_in_with("ada", &lasting(10)).await;
    let middle = fixture.sign_in_with("ada", &lasting(15)).await;
    let fourth = fixture.sign_in_with("ada", &lasting(24)).await;
    assert_eq!(live(&fixture, &[&long, &short, &middle, &fourth]).await, [true, false, true, true]);
    let fifth = fixture.sign_in_with("ada", &lasting(24)).await;
    assert_eq!(live(&fixture, &[&long, &middle, &fourth, &fifth]).await, [true, false, true, true]);
}

/// What would outlast every new session, because the lifetime was longer once, goes before all others, and the new one
/// survives although its end is the smallest.
#[rstest]
#[tokio::test]
async fn sessions_of_a_longer_lifetime_go_first_and_the_new_one_never(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let lasting = |hours| DeviceSettings { lifetime: Duration::from_hours(hours), max_clients: 3 };
    let month = fixture.sign_in_with("ada", &lasting(30 * 24)).await;
    let week = fixture.sign_in_with("ada", &lasting(7 * 24)).await;
    let day = fixture.sign_in_with("ada", &lasting(12)).await;
    fixture.pass(1000);
    let newest = fixture.sign_in_with("ada", &lasting(24)).await;
    assert_eq!(live(&fixture, &[&month, &week, &day, &newest]).await, [false, false, true, true]);

    let shortest = fixture.sign_in_with("ada", &lasting(1)).await;
    assert_eq!(live(&fixture, &[&day, &newest, &shortest]).await, [true, true, true], "there was room");
    let one = DeviceSettings { lifetime: Duration::from_mins(1), max_clients: 1 };
    let last = fixture.sign_in_with("ada", &one).await;
    assert_eq!(live(&fixture, &[&day, &newest, &shortest, &last]).await, [false, false, false, true]);
}

/// A lower maximum takes effect at the next sign-in; equal ends are told apart by age, and the new one is never taken.
#[rstest]
#[tokio::test]
async fn equal_ends_go_by_age_and_a_lower_maximum_counts_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(fixture.sign_in_with("ada", &several(5)).await);
        fixture.pass(100);
    }
    sessions.push(fixture.sign_in_with("ada", &several(2)).await);
    let all: Vec<_> = sessions.iter().collect();
    assert!(sessions.iter().all(|opened| opened.session.expires_at == sessions[0].session.expires_at));
    assert_eq!(live(&fixture, &all).await, [false, false, false, false, true, true]);
    assert_eq!(fixture.feed().await.len(), 4);
    assert_eq!(fixture.count("device_sessions").await, 2);
}

/// What has expired takes no place, is removed on the way, and needs no revocation.
#[rstest]
#[tokio::test]
async fn expired_sessions_take_no_place(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let brief = DeviceSettings { lifetime: Duration::from_secs(5), max_clients: 2 };
    fixture.sign_in_with("ada", &brief).await;
    let lasting = fixture.sign_in_with("ada", &several(2)).await;
    fixture.pass(5000);
    let new = fixture.sign_in_with("ada", &several(2)).await;
    assert_eq!(live(&fixture, &[&lasting, &new]).await, [true, true]);
    assert_eq!((fixture.feed().await.len(), fixture.count("device_sessions").await), (0, 2));
}
