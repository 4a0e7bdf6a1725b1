//! Threat 10: how many codes somebody can try who knows the password, however they go about it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use identity::accounts::Name;
use identity::audit::Origin;
use identity::otp::{OtpSettings, SecondFactor};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, STEP, from, secret, why};

fn limits() -> OtpSettings {
    OtpSettings {
        failures: 3,
        account_failures: 8,
        lockout: Duration::from_hours(24),
        ..OtpSettings::default()
    }
}

#[rstest]
#[tokio::test]
async fn threat_10_one_address_has_few_codes_to_try(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let app = fixture.protect("ada").await;
    for _ in 0..5 {
        assert_eq!(why(&fixture.sign_in_from("192.0.2.1", "ada", &app.wrong()).await), "otp_invalid");
    }
    // Otherwise the limit would tell which code is right.
    for factor in [app.wrong(), app.factor(0)] {
        assert_eq!(why(&fixture.sign_in_from("192.0.2.1", "ada", &factor).await), "throttled");
    }
    assert_eq!(fixture.audited("otp.use").await[0].detail.as_ref().unwrap()["error"], "throttled");
    // What is no code is no guess, and asks for one.
    let none = fixture.sign_in_from("192.0.2.1", "ada", &SecondFactor::default()).await;
    assert_eq!(why(&none), "otp_required");
    fixture.sign_in_from("192.0.2.2", "ada", &app.factor(0)).await.unwrap();
    fixture.pass(5 * 60);
    fixture.sign_in_from("192.0.2.1", "ada", &app.factor(0)).await.unwrap();
    for _ in 0..5 {
        let again = fixture.sign_in_from("192.0.2.1", "ada", &app.wrong()).await;
        assert_eq!(why(&again), "otp_invalid", "a success starts the count anew");
    }
}

/// Many addresses have a budget together. The owner is not locked out where they have signed in before, nor on a trusted
/// device.
#[rstest]
#[tokio::test]
async fn threat_10_many_addresses_are_one_guesser_and_lock_nobody_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::with(backend, limits()).await;
    let app = fixture.protect("ada").await;
    let signed_in = fixture.sign_in_from("198.51.100.7", "ada", &app.factor(0)).await.unwrap();
    let trust = fixture.identity.trust_device(&signed_in, &Origin::default()).await.unwrap().unwrap();
    familiar(&fixture).await;
    let mut looked_at = 0;
    for number in 0..40 {
        let guess = fixture.sign_in_from(&format!("192.0.2.{number}"), "ada", &app.wrong()).await;
        looked_at += usize::from(why(&guess) == "otp_invalid");
        fixture.pass(20 * 60);
        if number % 10 == 0 {
            fixture.sign_in_from("198.51.100.7", "ada", &app.factor(0)).await.unwrap();
        }
    }
    assert_eq!(looked_at, 8, "within a day");
    assert_eq!(why(&fixture.sign_in_from("203.0.113.5", "ada", &app.factor(0)).await), "throttled");
    let device = SecondFactor::trusted_device(trust.expose());
    fixture.sign_in_from("203.0.113.5", "ada", &device).await.unwrap();
    fixture.pass(24 * 3600);
    fixture.sign_in_from("192.0.2.1", "ada", &app.factor(0)).await.unwrap();
}

/// The networks that somebody signs in from are noted behind the answer.
async fn familiar(fixture: &Fixture) {
    for _ in 0..200 {
        if fixture.number("SELECT count(*) AS value FROM familiar_networks").await > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no network was noted");
}

/// Threat 10 by concurrency: of many guesses at once no more are looked at than one after another.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_10_codes_at_once_are_no_more_than_the_limit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] many_addresses: bool,
) {
    let fixture = Arc::new(Fixture::with(backend, limits()).await);
    let app = fixture.protect("ada").await;
    let guesses = (0..48).map(|number| {
        let (fixture, wrong) = (Arc::clone(&fixture), app.wrong());
        let host = if many_addresses { number } else { 1 };
        tokio::spawn(async move {
            why(&fixture.sign_in_from(&format!("192.0.2.{host}"), "ada", &wrong).await) == "otp_invalid"
        })
    });
    let looked_at =
        join_all(guesses).await.into_iter().filter(|looked_at| *looked_at.as_ref().unwrap()).count();
    assert_eq!(looked_at, if many_addresses { 8 } else { 3 });
}

/// Who does not know the password uses up none of the owner's codes, and one account's guesses are not another's.
#[rstest]
#[tokio::test]
async fn threat_10_strangers_use_up_no_codes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::with(backend, limits()).await;
    fixture.account("bob").await;
    let (ada, bob) = (fixture.protect("ada").await, fixture.protect("bob").await);
    for _ in 0..20 {
        let stranger = fixture.try_with("ada", "wrong", &ada.wrong(), &from("192.0.2.1")).await;
        assert_eq!(why(&stranger), "bad_credentials");
    }
    for _ in 0..3 {
        assert_eq!(why(&fixture.sign_in_from("192.0.2.1", "bob", &bob.wrong()).await), "otp_invalid");
    }
    assert_eq!(why(&fixture.sign_in_from("192.0.2.1", "bob", &bob.factor(0)).await), "throttled");
    fixture.sign_in_from("192.0.2.1", "ada", &ada.factor(0)).await.unwrap();
}

/// Right codes one after another are never too many, and zero switches a limit off.
#[rstest]
#[tokio::test]
async fn zero_switches_each_limit_off(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let off = OtpSettings { failures: 0, account_failures: 0, ..OtpSettings::default() };
    let fixture = Fixture::with(backend, off).await;
    let app = fixture.protect("ada").await;
    for _ in 0..60 {
        assert_eq!(why(&fixture.sign_in_from("192.0.2.1", "ada", &app.wrong()).await), "otp_invalid");
    }
    for _ in 0..10 {
        fixture.sign_in_from("192.0.2.1", "ada", &app.factor(0)).await.unwrap();
        fixture.pass(STEP);
    }
}

/// Whoever sends one right code through many doors at once gets in through one of them, and through all the others with the
/// next code: a code that is used up is nobody's guess.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_at_many_doors_at_once_locks_nobody_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Arc::new(Fixture::on(backend).await);
    let app = fixture.protect("ada").await;
    let sign_ins = (0..25).map(|_| {
        let (fixture, right) = (Arc::clone(&fixture), app.factor(0));
        tokio::spawn(async move { why(&fixture.sign_in_from("192.0.2.1", "ada", &right).await) })
    });
    let answers: Vec<_> = join_all(sign_ins).await.into_iter().map(Result::unwrap).collect();
    let of = |word: &str| answers.iter().filter(|answer| **answer == word).count();
    assert_eq!((of("success"), of("otp_invalid")), (1, 24), "{answers:?}");
    fixture.pass(STEP);
    fixture.sign_in_from("192.0.2.1", "ada", &app.factor(0)).await.unwrap();
}

/// All replicas count together, and a lock is there after a restart; unlocking the account ends it.
#[rstest]
#[tokio::test]
async fn threat_10_codes_at_two_replicas_are_counted_together(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let settings = OtpSettings { failures: 0, account_failures: 6, ..OtpSettings::default() };
    let fixture = Fixture::with(backend, settings.clone()).await;
    let app = fixture.protect("ada").await;
    let mut answers = Vec::new();
    for number in 0..10 {
        let replica = fixture.identity.clone().with_otp(settings.clone());
        let (name, origin) = (Name::login_or_email("ada"), from(&format!("192.0.2.{number}")));
        let guess = replica.verify_credentials(name, &secret(PASSWORD), &app.wrong(), &origin).await;
        answers.push(why(&guess));
    }
    assert_eq!(answers, [vec!["otp_invalid"; 6], vec!["throttled"; 4]].concat());
    assert_eq!(why(&fixture.sign_in_from("203.0.113.5", "ada", &app.factor(0)).await), "throttled");
    let ada = fixture.identity.find_account_by_login("ada").await.unwrap().unwrap();
    assert_eq!(fixture.identity.unlock_account(ada.id, &Origin::default()).await.unwrap(), 1);
    fixture.sign_in_from("203.0.113.5", "ada", &app.factor(0)).await.unwrap();
}
