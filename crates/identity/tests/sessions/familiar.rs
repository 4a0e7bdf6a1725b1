//! Which networks become familiar, and how.

use std::time::Duration;

use identity::accounts::SignInRefusal;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, from, secret};
use crate::guessing::limits;

const ADA: &str = "ada@example.org";

/// Every dialect's sign-in makes a network familiar; nothing else does, and no address is stored.
#[rstest]
#[tokio::test]
async fn a_sign_in_makes_its_network_familiar(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    fixture.try_from("192.0.2.1", ADA, "wrong").await.unwrap_err();
    assert_eq!(fixture.count("familiar_networks").await, 0);
    let origin = from("192.0.2.77");
    fixture.identity.verify_password("ada", &secret(PASSWORD), &origin).await.unwrap();
    // It is noted behind the answer.
    while fixture.count("familiar_networks").await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for host in 100..140 {
        fixture.try_from(&format!("198.51.100.{host}"), ADA, "wrong").await.unwrap_err();
    }
    let elsewhere = fixture.try_from("198.51.100.99", ADA, PASSWORD).await;
    assert!(matches!(elsewhere, Err(SignInRefusal::Throttled { .. })), "{elsewhere:?}");
    fixture.try_from("192.0.2.77", ADA, PASSWORD).await.unwrap();
    assert_eq!(fixture.count("familiar_networks").await, 1, "the same network in both dialects");
}

/// A network seen lately is not written again at each sign-in.
#[rstest]
#[tokio::test]
async fn a_familiar_network_is_noted_once_a_day(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let seen = "SELECT CAST(seen_at AS TEXT) AS value FROM familiar_networks";
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    let first = fixture.texts(seen).await;
    fixture.pass(24 * 3600 * 1000 - 1);
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    assert_eq!(fixture.texts(seen).await, first);
    fixture.pass(1);
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    let second = fixture.texts(seen).await;
    assert_eq!(second.len(), 1);
    assert_ne!(second, first);
}

/// Threat 17: while strangers hear that they tried too often, so does a wrong password from a familiar network: the answer
/// does not tell whose network it is. The right password gets in.
#[rstest]
#[tokio::test]
async fn threat_17_used_up_counts_do_not_tell_who_signs_in_here(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    let wrong = fixture.try_from("192.0.2.1", ADA, "wrong").await;
    assert!(matches!(wrong, Err(SignInRefusal::BadCredentials)), "{wrong:?}");
    for host in 100..140 {
        fixture.try_from(&format!("198.51.100.{host}"), ADA, "wrong").await.unwrap_err();
    }
    let familiar = fixture.try_from("192.0.2.1", ADA, "wrong").await;
    assert!(matches!(familiar, Err(SignInRefusal::Throttled { .. })), "{familiar:?}");
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
}
