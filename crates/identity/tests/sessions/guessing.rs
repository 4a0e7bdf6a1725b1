//! Threat 10: how many wrong passwords somebody can try, however they go about it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use identity::IdentityError;
use identity::accounts::SignInRefusal;
use identity::passwords::PasswordSettings;
use identity::throttle::{LockoutRule, PasswordLimits};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, cheap, from, secret};

const ADA: &str = "ada@example.org";

pub(crate) fn limits() -> PasswordLimits {
    PasswordLimits {
        pair_failures: 5,
        lockout: locking(12),
        address_failures: 20,
        ..PasswordLimits::default()
    }
}

/// So many failures in a row, then locks from an hour on.
pub(crate) fn locking(failures: u32) -> LockoutRule {
    let hours = Duration::from_hours;
    LockoutRule { failures, first: hours(1), longest: hours(24), forgotten: hours(24) }
}

/// How a wrong password is refused: looked at, or not.
pub(crate) async fn guess(fixture: &Fixture, address: &str, name: &str) -> Option<u64> {
    match fixture.try_from(address, name, "wrong").await {
        Err(SignInRefusal::BadCredentials) => None,
        Err(SignInRefusal::Throttled { retry_after }) => Some(retry_after),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn threat_10_one_address_is_stopped_and_ordinary_retries_are_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    for _ in 0..30 {
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None);
    }
    assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, Some(60));
    // Otherwise the limit would tell which password is right.
    let right = fixture.try_from("192.0.2.1", ADA, PASSWORD).await;
    assert!(matches!(right, Err(SignInRefusal::Throttled { retry_after: 60 })), "{right:?}");
    let events = fixture.audited("device_session.open").await;
    assert_eq!(events[0].detail.as_ref().unwrap()["error"], "throttled");
    fixture.pass(59_001);
    assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, Some(1));
    fixture.pass(999);
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    for _ in 0..30 {
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None, "a success starts the count anew");
    }
}

/// Many addresses against one account have a budget together, which neither time in small steps nor the owner's own
/// sign-ins fill up again.
#[rstest]
#[tokio::test]
async fn threat_10_many_addresses_against_one_account_are_one_guesser(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    fixture.try_from("198.51.100.7", ADA, PASSWORD).await.unwrap();
    let mut looked_at = 0;
    for number in 0..60 {
        let address = format!("192.0.2.{number}");
        looked_at += usize::from(guess(&fixture, &address, ADA).await.is_none());
        if number % 10 == 0 {
            fixture.try_from("198.51.100.7", ADA, PASSWORD).await.unwrap();
            fixture.pass(60_000);
        }
    }
    assert_eq!(looked_at, 12, "within an hour");
    // A guesser who found the right one now would not know it.
    let lucky = fixture.try_from("203.0.113.5", ADA, PASSWORD).await;
    assert!(matches!(lucky, Err(SignInRefusal::Throttled { .. })), "{lucky:?}");
    fixture.pass(3_600_000);
    assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None);
}

/// The owner signs in from where they have before, all through the attack, and may even mistype.
#[rstest]
#[case("198.51.100.7", "198.51.100.7")]
#[case("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")]
#[tokio::test]
async fn threat_10_the_owner_is_not_locked_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] before: &str,
    #[case] during: &str,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    fixture.try_from(before, ADA, PASSWORD).await.unwrap();
    for number in 0..100 {
        guess(&fixture, &format!("192.0.2.{number}"), ADA).await;
        guess(&fixture, &format!("2001:db8:{number}::1"), "ada").await;
        if number % 20 == 0 {
            // What a wrong one hears does not tell that the next is looked at, too.
            for _ in 0..3 {
                guess(&fixture, during, ADA).await;
            }
            fixture.try_from(during, ADA, PASSWORD).await.unwrap();
        }
    }
    // A network is familiar to whoever has signed in from it, not to everybody.
    fixture.account("bob").await;
    for number in 0..12 {
        guess(&fixture, &format!("192.0.2.{number}"), "bob@example.org").await;
    }
    assert!(guess(&fixture, during, "bob@example.org").await.is_some());
}

/// Somebody beside the owner has that network's own budget, and no other network's.
#[rstest]
#[tokio::test]
async fn threat_10_a_familiar_network_has_a_budget_too(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    for address in ["198.51.100.7", "198.51.100.8"] {
        fixture.try_from(address, ADA, PASSWORD).await.unwrap();
    }
    let mut looked_at = 0;
    for _ in 0..30 {
        looked_at += usize::from(guess(&fixture, "198.51.100.7", ADA).await.is_none());
        fixture.pass(20_000);
    }
    assert_eq!(looked_at, 12);
    fixture.try_from("198.51.100.8", ADA, PASSWORD).await.unwrap();
    assert_eq!(guess(&fixture, "203.0.113.5", ADA).await, None, "elsewhere nothing was counted");
}

/// One address against many accounts, whether they exist or not; those whose owners sign in from there are not concerned.
#[rstest]
#[tokio::test]
async fn threat_10_many_names_from_one_address_are_one_guesser(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
    fixture.account("bob").await;
    let mut looked_at = 0;
    for number in 0..50 {
        looked_at +=
            usize::from(guess(&fixture, "192.0.2.1", &format!("{number}@example.org")).await.is_none());
    }
    assert_eq!(looked_at, 20);
    assert!(guess(&fixture, "192.0.2.1", "bob@example.org").await.is_some());
    assert_eq!(guess(&fixture, "192.0.2.2", "bob@example.org").await, None);
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
}

/// However a name is spelt, and whatever dialect is spoken, it is one name if it is one account.
#[rstest]
#[tokio::test]
async fn threat_10_spellings_and_dialects_share_a_count(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, PasswordLimits { lockout: locking(0), ..limits() }).await;
    fixture.account("élodie").await;
    let origin = from("192.0.2.1");
    for name in ["élodie@example.org", "ÉLODIE@EXAMPLE.ORG", "  Élodie@Example.org\u{2003}"] {
        assert_eq!(guess(&fixture, "192.0.2.1", name).await, None);
    }
    for name in ["éLODIE@example.ORG ", "\télodie@example.org"] {
        let refused = fixture.identity.verify_password(name, &secret("wrong"), &origin).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "{refused:?}");
    }
    assert!(guess(&fixture, "192.0.2.1", "élodie@EXAMPLE.org").await.is_some());
    let refused = fixture.identity.verify_password("Élodie@example.org", &secret(PASSWORD), &origin).await;
    assert!(matches!(refused, Err(SignInRefusal::Throttled { .. })), "{refused:?}");
}

/// All addresses of a /64 are one, and so are the two spellings of an IPv4 address.
#[rstest]
#[tokio::test]
async fn threat_10_addresses_of_one_network_are_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    for host in 0..5 {
        assert_eq!(guess(&fixture, &format!("2001:db8:0:1::{host}"), ADA).await, None);
        let mapped = if host % 2 == 0 { "192.0.2.1" } else { "::ffff:192.0.2.1" };
        assert_eq!(guess(&fixture, mapped, ADA).await, None);
    }
    for address in ["2001:db8:0:1:ffff::", "192.0.2.1", "::ffff:192.0.2.1"] {
        assert!(guess(&fixture, address, ADA).await.is_some(), "{address}");
    }
    assert_eq!(guess(&fixture, "2001:db8:0:2::1", ADA).await, None);
}

/// Threat 10 by concurrency: of many guesses at once no more are looked at than one after another.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_10_guesses_at_once_are_no_more_than_the_limit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] many_addresses: bool,
) {
    let fixture = Arc::new(Fixture::limited(backend, limits()).await);
    let guesses = (0..64).map(|number| {
        let fixture = Arc::clone(&fixture);
        let host = if many_addresses { number } else { 1 };
        tokio::spawn(async move { guess(&fixture, &format!("192.0.2.{host}"), ADA).await.is_none() })
    });
    let looked_at =
        join_all(guesses).await.into_iter().filter(|looked_at| *looked_at.as_ref().unwrap()).count();
    assert_eq!(looked_at, if many_addresses { 12 } else { 5 });
}

/// Right passwords at once are never too many: they wait for each other where wrong ones could use up the limit.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_10_right_passwords_at_once_are_not_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Arc::new(Fixture::limited(backend, PasswordLimits { pair_failures: 2, ..limits() }).await);
    let sign_ins = (0..24).map(|_| {
        let fixture = Arc::clone(&fixture);
        tokio::spawn(async move { fixture.try_from("192.0.2.1", ADA, PASSWORD).await })
    });
    assert!(join_all(sign_ins).await.into_iter().all(|opened| opened.unwrap().is_ok()));
}

/// Threat 17: the limits say nothing about whether there is such an account.
#[rstest]
#[tokio::test]
async fn threat_17_nobodys_name_is_limited_like_somebodys(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::limited(backend, limits()).await;
    let mut answers = Vec::new();
    for name in [ADA, "nobody@example.org"] {
        let mut of_name = Vec::new();
        for number in 0..30 {
            of_name.push(guess(&fixture, &format!("192.0.2.{}", number / 7), name).await);
        }
        answers.push(of_name);
    }
    assert_eq!(answers[0], answers[1]);
}

#[rstest]
#[tokio::test]
async fn zero_switches_each_limit_off(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let off = PasswordLimits { pair_failures: 0, lockout: locking(0), address_failures: 0, ..limits() };
    let fixture = Fixture::limited(backend, off).await;
    for _ in 0..60 {
        assert_eq!(guess(&fixture, "192.0.2.1", ADA).await, None);
    }
}

/// What could not be looked at is no guess: a busy server does not use up anybody's attempts.
#[rstest]
#[tokio::test]
async fn an_attempt_without_an_outcome_counts_nowhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(0, 100)] queue: usize,
) {
    let single = PasswordSettings { threads: Some(1), queue, ..cheap() };
    let fixture = Fixture::with(backend, single, limits()).await;
    let slow = "pbkdf2_sha256$5000000$x$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=".parse().unwrap();
    let password = secret(PASSWORD);
    let attempts = async {
        // One more than `pair_failures`.
        for _ in 0..6 {
            // With a queue it waits behind the slow one until it is given up: whoever goes away has learnt nothing.
            let attempt = fixture.try_from("192.0.2.1", ADA, "wrong");
            match tokio::time::timeout(Duration::from_millis(25), attempt).await {
                Ok(Err(SignInRefusal::Failed(IdentityError::Overloaded))) | Err(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let (occupied, ()) = tokio::join!(fixture.identity.hasher().verify(&slow, &password), attempts);
    occupied.unwrap();
    fixture.try_from("192.0.2.1", ADA, PASSWORD).await.unwrap();
}

/// Threat 18: what was looked at is a guess, even if nobody waits for its end. Otherwise a guesser who hangs up keeps the
/// hasher busy for ever.
#[rstest]
#[tokio::test]
async fn threat_18_hanging_up_makes_no_hash_free(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let slow = PasswordSettings { memory_kib: 64 * 1024, iterations: 4, threads: Some(1), ..cheap() };
    let fixture = Fixture::with(backend, slow, limits()).await;
    let hangs_up = || async {
        let attempt = fixture.try_from("192.0.2.1", "nobody@example.org", "wrong");
        tokio::time::timeout(Duration::from_millis(50), attempt).await
    };
    let begin = Instant::now();
    while !matches!(hangs_up().await, Ok(Err(SignInRefusal::Throttled { .. }))) {
        assert!(begin.elapsed() < Duration::from_mins(2), "two minutes of attempts, and no end of it");
    }
}
