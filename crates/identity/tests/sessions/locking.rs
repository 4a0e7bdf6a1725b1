//! Failures that replicas count together, and the locks they bring (threat 10).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use identity::Identity;
use identity::accounts::SignInRefusal;
use identity::audit::Origin;
use identity::throttle::{ClientLimits, LockoutRule, PasswordLimits};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, from, secret};
use crate::guessing::{guess, limits, locking};

const ADA: &str = "ada@example.org";

/// Nothing but the lock, so that nothing else stops anybody.
fn lock_only(failures: u32) -> PasswordLimits {
    let minutes = Duration::from_mins;
    let lockout =
        LockoutRule { failures, first: minutes(1), longest: minutes(60), forgotten: minutes(24 * 60) };
    PasswordLimits { pair_failures: 0, address_failures: 0, lockout, ..PasswordLimits::default() }
}

/// A wrong password at one of several replicas: what a caller is told to wait, if it is not looked at.
async fn guess_at(replica: &Identity, address: &str) -> Option<u64> {
    match replica.verify_password(ADA, &secret("wrong"), &from(address)).await {
        Err(SignInRefusal::BadCredentials) => None,
        Err(SignInRefusal::Throttled { retry_after }) => Some(retry_after),
        other => panic!("{other:?}"),
    }
}

/// Guesses that are spread over two replicas are those of one guesser, and a third replica that starts later knows them.
#[rstest]
#[tokio::test]
async fn threat_10_guesses_at_two_replicas_are_counted_together(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, lock_only(10)).await;
    let other = fixture.replica().await.with_password_limits(&lock_only(10));
    for number in 0..10 {
        let replica = if number % 2 == 0 { &fixture.identity } else { &other };
        assert_eq!(guess_at(replica, &format!("192.0.2.{number}")).await, None);
    }
    let later = fixture.replica().await.with_password_limits(&lock_only(10));
    for replica in [&fixture.identity, &other, &later] {
        assert_eq!(guess_at(replica, "198.51.100.1").await, Some(60));
        let right = replica.verify_password(ADA, &secret(PASSWORD), &from("198.51.100.1")).await;
        assert!(matches!(right, Err(SignInRefusal::Throttled { retry_after: 60 })), "{right:?}");
    }
}

/// Threat 10 by concurrency and replicas: however many at once and wherever, no more are told that they were wrong.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_10_guesses_at_once_at_two_replicas_are_no_more_than_the_limit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, lock_only(9)).await;
    let other = fixture.replica().await.with_password_limits(&lock_only(9));
    let replicas = [Arc::new(fixture.identity.clone()), Arc::new(other)];
    let guesses = (0..60).map(|number| {
        let replica = Arc::clone(&replicas[number % 2]);
        tokio::spawn(async move { guess_at(&replica, &format!("192.0.2.{number}")).await.is_none() })
    });
    let told = join_all(guesses).await.into_iter().filter(|told| *told.as_ref().unwrap()).count();
    assert_eq!(told, 9);
}

/// Each further failure doubles the lock, up to the longest; after a day without one it begins anew.
#[rstest]
#[tokio::test]
async fn locks_grow_and_are_forgotten(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::limited(backend, lock_only(3)).await;
    for _ in 0..2 {
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None);
    }
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None, "before the lock of {minutes} min");
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, Some(minutes * 60));
        fixture.pass(i64::try_from(minutes * 60_000).unwrap());
    }
    fixture.pass(24 * 3_600_000);
    for _ in 0..3 {
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None);
    }
    assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, Some(60));
    let locks = fixture.audited("account.lock").await;
    let ada = fixture.find("ada").await.id.to_string();
    assert_eq!(locks.len(), 9);
    assert!(locks.iter().all(|event| event.target.as_ref() == Some(&ada)));
    assert_eq!(locks[0].detail.as_ref().unwrap()["seconds"], 60);
}

/// Threat 10: a day of guessing from ever new addresses has room for the limit, and for one guess a lock.
#[tokio::test]
async fn threat_10_a_day_of_guessing_has_a_bounded_number_of_guesses() {
    let fixture = Fixture::limited(Backend::Sqlite, lock_only(100)).await;
    let mut looked_at = 0;
    for number in 0..24 * 60_u32 {
        let address = format!("198.18.{}.{}", number / 250, number % 250);
        looked_at += usize::from(guess(&fixture, &address, ADA).await.is_none());
        fixture.pass(60_000);
    }
    assert!((100..=100 + 6 + 24).contains(&looked_at), "{looked_at}");
}

/// The owner's sign-ins from familiar networks go on, forget their own slips, and give a guesser elsewhere nothing.
#[rstest]
#[tokio::test]
async fn threat_10_the_owner_signs_in_through_a_lock_and_ends_it_for_nobody_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, PasswordLimits { lockout: locking(4), ..limits() }).await;
    let home = "198.51.100.7";
    fixture.try_from(home, ADA, PASSWORD).await.unwrap();
    for round in 0..4 {
        for number in 0..6 {
            guess(&fixture, &format!("192.0.2.{}", round * 6 + number), ADA).await;
        }
        for _ in 0..3 {
            guess(&fixture, home, ADA).await;
        }
        fixture.try_from(home, ADA, PASSWORD).await.unwrap();
        assert!(guess(&fixture, "203.0.113.9", ADA).await.is_some());
    }
    assert_eq!(fixture.count("lockouts").await, 1, "that of strangers");
}

/// What an operator sees, and ends.
#[rstest]
#[tokio::test]
async fn an_operator_sees_locks_and_ends_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, lock_only(3)).await;
    let (ada, bob) = (fixture.find("ada").await, fixture.account("bob").await);
    let both = [ada.clone(), bob.clone()];
    assert!(fixture.identity.lock_states(&both).await.unwrap().is_empty());
    let internal = format!("{}@auth.local", ada.id.as_uuid().simple());
    for name in ["ADA", ADA, ADA, " Ada@Example.org ", "bob", "nobody"] {
        let origin = from("192.0.2.1");
        fixture.identity.verify_password(name, &secret("wrong"), &origin).await.unwrap_err();
    }
    let name = identity::accounts::Name::login_email_or_internal_id(&internal);
    let nothing = identity::otp::SecondFactor::default();
    let origin = from("192.0.2.1");
    fixture.identity.verify_credentials(name, &secret("wrong"), &nothing, &origin).await.unwrap_err();
    let states = fixture.identity.lock_states(&both).await.unwrap();
    let until = fixture.clock.now() + chrono::TimeDelta::minutes(1);
    assert_eq!((states[&ada.id].failures, states[&ada.id].locked_until), (3, Some(until)));
    assert_eq!((states[&bob.id].failures, states[&bob.id].locked_until), (1, None));

    let operator = Origin { actor: Some("operator".to_owned()), ..Origin::default() };
    assert_eq!(fixture.identity.unlock_account(ada.id, &operator).await.unwrap(), 3);
    assert_eq!(fixture.identity.unlock_account(ada.id, &operator).await.unwrap(), 0);
    let states = fixture.identity.lock_states(&both).await.unwrap();
    assert_eq!((states.contains_key(&ada.id), states[&bob.id].failures), (false, 1));
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    let events = fixture.audited("account.unlock").await;
    assert_eq!(events[1].detail.as_ref().unwrap()["counts"], 3);
    assert_eq!(events[1].origin.actor.as_deref(), Some("operator"));
}

/// Nothing in the table tells whom it is about, and a sign-in without a failure writes nothing to it.
#[rstest]
#[tokio::test]
async fn the_table_holds_hashes_only(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::limited(backend, limits()).await;
    fixture.try_from("198.51.100.7", ADA, PASSWORD).await.unwrap();
    assert_eq!(fixture.count("lockouts").await, 0);
    guess(&fixture, "198.51.100.7", ADA).await;
    guess(&fixture, "192.0.2.1", ADA).await;
    assert_eq!(fixture.count("lockouts").await, 2);
    let lengths =
        fixture.texts("SELECT CAST(length(subject) + length(network) AS TEXT) AS value FROM lockouts");
    let mut lengths = lengths.await;
    lengths.sort();
    assert_eq!(lengths, ["32", "64"]);
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

/// Wrong client secrets at two replicas are counted together; a replica that has heard nothing of the lock looks at one.
#[rstest]
#[tokio::test]
async fn threat_10_client_secrets_at_two_replicas_are_counted_together(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let limits = ClientLimits::default();
    let other = fixture.replica().await.with_client_limits(&limits);
    for number in 0..20 {
        let replica = if number % 2 == 0 { &fixture.identity } else { &other };
        assert!(replica.may_authenticate("booking", HERE).is_ok());
        assert!(replica.client_failed("booking", HERE).await.is_ok(), "{number}");
    }
    assert_eq!(other.may_authenticate("booking", HERE).unwrap_err().retry_after, 60);
    assert!(fixture.identity.may_authenticate("booking", HERE).is_ok(), "not heard of yet");
    assert_eq!(fixture.identity.client_failed("booking", HERE).await.unwrap_err().retry_after, 60);
    assert_eq!(fixture.identity.may_authenticate("booking", HERE).unwrap_err().retry_after, 60);
    for replica in [&fixture.identity, &other] {
        assert!(replica.may_authenticate("booking", THERE).is_ok());
        assert!(replica.may_authenticate("other", HERE).is_ok());
    }
    fixture.pass(60_000);
    assert!(other.client_failed("booking", HERE).await.is_ok());
    assert_eq!(other.may_authenticate("booking", HERE).unwrap_err().retry_after, 120);
    let later = fixture.replica().await;
    assert_eq!(later.client_failed("booking", HERE).await.unwrap_err().retry_after, 120);
}

/// The right secret forgets what was counted before it.
#[rstest]
#[tokio::test]
async fn a_proven_client_starts_anew(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    for _ in 0..3 {
        for _ in 0..19 {
            assert!(fixture.identity.client_failed("booking", HERE).await.is_ok());
        }
        fixture.identity.client_proven("booking", HERE).await.unwrap();
        assert!(fixture.identity.may_authenticate("booking", HERE).is_ok());
        assert_eq!(fixture.count("lockouts").await, 0);
    }
}

/// Threat 10 by concurrency: of any number of secrets at once a right one is none once the others have brought a lock.
#[rstest]
#[tokio::test]
async fn threat_10_a_right_secret_behind_a_lock_is_none(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    assert!(fixture.identity.may_authenticate("booking", HERE).is_ok());
    for _ in 0..20 {
        assert!(fixture.identity.client_failed("booking", HERE).await.is_ok());
    }
    let proven = fixture.identity.client_proven("booking", HERE).await;
    assert_eq!(proven.unwrap_err().retry_after, 60);
    assert_eq!(fixture.count("lockouts").await, 1, "and the lock stays");
    fixture.pass(60_000);
    assert!(fixture.identity.client_proven("booking", HERE).await.is_ok());
    assert_eq!(fixture.count("lockouts").await, 0);
}

/// Threat 10: whoever has used up what an address may fail does not guess at one client without end.
#[rstest]
#[tokio::test]
async fn threat_10_an_exhausted_address_is_locked_all_the_same(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let limits = ClientLimits { address_failures: 5, ..ClientLimits::default() };
    let identity = fixture.identity.clone().with_client_limits(&limits);
    for number in 0..5 {
        assert!(identity.client_failed(&format!("name-{number}"), HERE).await.is_ok());
    }
    for _ in 0..20 {
        assert!(identity.may_authenticate("booking", HERE).is_ok());
        assert!(identity.client_failed("booking", HERE).await.is_err());
    }
    assert_eq!(identity.may_authenticate("booking", HERE).unwrap_err().retry_after, 60);
    assert!(identity.may_authenticate("booking", THERE).is_ok());
    assert_eq!(fixture.count("lockouts").await, 5, "nothing more is written");
}

/// Threat 18: a flood of made-up clients from one address writes a bounded number of rows.
#[rstest]
#[tokio::test]
async fn threat_18_a_flood_of_clients_writes_little(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let limits = ClientLimits { address_failures: 40, ..ClientLimits::default() };
    let identity = fixture.identity.clone().with_client_limits(&limits);
    let mut told = 0;
    for number in 0..200 {
        told += usize::from(identity.client_failed(&format!("name-{number}"), HERE).await.is_ok());
    }
    assert_eq!((told, fixture.count("lockouts").await), (40, 40));
    assert!(identity.may_authenticate("booking", HERE).is_ok(), "right secrets are looked at as ever");
}
