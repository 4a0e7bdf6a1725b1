//! Devices that need no code for a while (contracts/seatable-tokens.md §5).

use chrono::TimeDelta;
use futures_util::future::join_all;
use identity::accounts::SignedIn;
use identity::audit::Origin;
use identity::otp::{FactorShown, OtpSettings, PlainTrust, SecondFactor};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{App, Fixture, STEP, secret, why};

async fn trust(fixture: &Fixture, signed_in: &SignedIn) -> Option<PlainTrust> {
    fixture.identity.trust_device(signed_in, &Origin::default()).await.unwrap()
}

/// Signs in with a code and trusts the device.
async fn trusted(fixture: &Fixture, app: &App) -> SecondFactor {
    let signed_in = fixture.sign_in(&app.account.login, &app.factor(0)).await.unwrap();
    fixture.pass(STEP);
    let value = trust(fixture, &signed_in).await.unwrap();
    assert_eq!((value.expose().len(), format!("{value:?}").as_str()), (43, "PlainTrust(..)"));
    SecondFactor::trusted_device(value.expose())
}

#[rstest]
#[tokio::test]
async fn a_trusted_device_needs_no_code_until_its_time_is_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let app = fixture.protect("ada").await;
    let device = trusted(&fixture, &app).await;
    for _ in 0..3 {
        assert_eq!(fixture.sign_in("ada", &device).await.unwrap().factor, FactorShown::TrustedDevice);
    }
    // A code beside it is not looked at, so it stays good.
    let both = SecondFactor { code: app.factor(0).code, ..device.clone() };
    assert_eq!(fixture.sign_in("ada", &both).await.unwrap().factor, FactorShown::TrustedDevice);
    assert_eq!(fixture.sign_in("ada", &app.factor(0)).await.unwrap().factor, FactorShown::Code);
    assert_eq!(why(&fixture.try_with("ada", "wrong", &device, &Origin::default()).await), "bad_credentials");

    fixture.clock.advance(TimeDelta::days(90) - TimeDelta::seconds(1));
    fixture.sign_in("ada", &device).await.unwrap();
    fixture.pass(1);
    assert_eq!(why(&fixture.sign_in("ada", &device).await), "otp_required");
    assert_eq!(fixture.identity.otp_standing(app.account.id).await.unwrap().trusted_devices, 0);
    let with_code = SecondFactor { code: app.factor(0).code, ..device };
    assert_eq!(fixture.sign_in("ada", &with_code).await.unwrap().factor, FactorShown::Code);
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(fixture.number("SELECT count(*) AS value FROM trusted_devices").await, 0);
}

/// Somebody else's device, and what was never given out, are no device at all.
#[rstest]
#[tokio::test]
async fn a_device_is_its_accounts_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    fixture.account("bob").await;
    let (ada, bob) = (fixture.protect("ada").await, fixture.protect("bob").await);
    let device = trusted(&fixture, &ada).await;
    assert_eq!(why(&fixture.sign_in("bob", &device).await), "otp_required");
    for garbage in ["", "\0", "A", &"A".repeat(43), &"é".repeat(100_000)] {
        let device = SecondFactor::trusted_device(garbage);
        assert_eq!(why(&fixture.sign_in("ada", &device).await), "otp_required");
        let wrong = SecondFactor { code: bob.factor(0).code, ..device };
        fixture.pass(300);
        assert_eq!(why(&fixture.sign_in("ada", &wrong).await), "otp_invalid");
    }
}

/// Threat 4: what was made for one purpose means nothing for another.
#[rstest]
#[tokio::test]
async fn threat_04_codes_devices_and_recovery_codes_are_not_each_other(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let app = fixture.protect("ada").await;
    let device = trusted(&fixture, &app).await;
    let value = device.trusted_device.clone().unwrap();
    let recovery = app.recovery.expose().next().unwrap();
    assert_eq!(why(&fixture.sign_in("ada", &SecondFactor::code(value.clone())).await), "otp_invalid");
    assert_eq!(why(&fixture.sign_in("ada", &SecondFactor::code(recovery)).await), "otp_invalid");
    assert_eq!(why(&fixture.sign_in("ada", &SecondFactor::trusted_device(recovery)).await), "otp_required");
    let as_device = SecondFactor::trusted_device(app.code(0));
    assert_eq!(why(&fixture.sign_in("ada", &as_device).await), "otp_required");
    for text in [value, secret(&app.code(0))] {
        let refused = fixture.identity.recover_otp(app.account.id, &text, &Origin::default()).await;
        assert!(matches!(refused, Err(identity::otp::OtpRefusal::WrongCode)), "{refused:?}");
    }
    fixture.sign_in("ada", &device).await.unwrap();
}

/// Trust follows from a code that was shown just now, and from nothing else.
#[rstest]
#[tokio::test]
async fn only_a_code_makes_a_device_trusted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let without = fixture.sign_in("ada", &SecondFactor::default()).await.unwrap();
    assert_eq!(trust(&fixture, &without).await, None);
    let app = fixture.protect("ada").await;
    assert_eq!(trust(&fixture, &without).await, None);
    let device = trusted(&fixture, &app).await;
    let by_device = fixture.sign_in("ada", &device).await.unwrap();
    assert_eq!(trust(&fixture, &by_device).await, None, "otherwise it would never end");

    // Neither a sign-in from before another password, nor one with another secret.
    let by_code = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    fixture.identity.set_password(app.account.id, &secret("Glycine-Blanche-26"), &origin).await.unwrap();
    assert_eq!(trust(&fixture, &by_code).await, None);
    fixture.pass(STEP);
    let by_code = fixture.try_with("ada", "Glycine-Blanche-26", &app.factor(0), &origin).await.unwrap();
    fixture.identity.disable_otp(app.account.id, &origin).await.unwrap();
    assert_eq!(trust(&fixture, &by_code).await, None);
    fixture.protect("ada").await;
    assert_eq!(trust(&fixture, &by_code).await, None);
}

/// Devices are forgotten with the password, with the factor, and where there are too many the oldest.
#[rstest]
#[tokio::test]
async fn trust_ends_with_what_it_rests_on(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let settings = OtpSettings { trusted_devices: 3, ..OtpSettings::default() };
    let (fixture, origin) = (Fixture::with(backend, settings).await, Origin::default());
    let app = fixture.protect("ada").await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(trusted(&fixture, &app).await);
    }
    for (number, device) in devices.iter().enumerate() {
        let expected = if number < 2 { "otp_required" } else { "success" };
        assert_eq!(why(&fixture.sign_in("ada", device).await), expected, "{number}");
    }
    let new = secret("Glycine-Blanche-26");
    fixture.identity.set_password(app.account.id, &new, &origin).await.unwrap();
    let after = fixture.try_with("ada", "Glycine-Blanche-26", &devices[4], &origin).await;
    assert_eq!(why(&after), "otp_required");

    let by_code = fixture.try_with("ada", "Glycine-Blanche-26", &app.factor(0), &origin).await.unwrap();
    let device = SecondFactor::trusted_device(trust(&fixture, &by_code).await.unwrap().expose());
    fixture.identity.disable_otp(app.account.id, &origin).await.unwrap();
    fixture.protect("ada").await;
    let after = fixture.try_with("ada", "Glycine-Blanche-26", &device, &origin).await;
    assert_eq!(why(&after), "otp_required");
}

/// However many are trusted at once, no more of them are than the settings say.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_18_devices_trusted_at_once_are_no_more_than_allowed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let settings = OtpSettings { trusted_devices: 3, ..OtpSettings::default() };
    let fixture = Fixture::with(backend, settings).await;
    let app = fixture.protect("ada").await;
    let signed_in = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    let at_once = (0..12).map(|_| {
        let (identity, signed_in) = (fixture.identity.clone(), signed_in.clone());
        tokio::spawn(async move { identity.trust_device(&signed_in, &Origin::default()).await })
    });
    for trust in join_all(at_once).await {
        assert!(trust.unwrap().unwrap().is_some());
    }
    assert_eq!(fixture.identity.otp_standing(app.account.id).await.unwrap().trusted_devices, 3);
}
