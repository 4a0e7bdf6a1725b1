//! What a sign-in asks for, in which order, and that nobody asks for less.

use identity::accounts::{Name, SignInRefusal};
use identity::audit::Origin;
use identity::device_sessions::{DeviceCredential, DeviceSettings};
use identity::otp::{FactorShown, SecondFactor};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, STEP, from, secret, why};

/// contracts/seatable-tokens.md §5: the password first, then the account, then the factor.
#[rstest]
#[tokio::test]
async fn refusals_come_in_the_order_of_the_contract(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let app = fixture.protect("ada").await;
    let nothing = SecondFactor::default();
    for factor in [&nothing, &app.wrong(), &app.factor(0)] {
        assert_eq!(why(&fixture.try_with("ada", "wrong", factor, &origin).await), "bad_credentials");
        assert_eq!(why(&fixture.try_with("nobody", PASSWORD, factor, &origin).await), "bad_credentials");
    }
    fixture.identity.set_account_enabled(app.account.id, false, &origin).await.unwrap();
    for factor in [&nothing, &app.wrong(), &app.factor(0)] {
        assert_eq!(why(&fixture.sign_in("ada", factor).await), "disabled");
    }
    fixture.identity.set_account_enabled(app.account.id, true, &origin).await.unwrap();
    assert_eq!(why(&fixture.sign_in("ada", &nothing).await), "otp_required");
    assert_eq!(why(&fixture.sign_in("ada", &app.wrong()).await), "otp_invalid");
    for text in ["", "12345", "abcdef", "1234567", "\0\0\0\0\0\0", "１２３４５６"] {
        fixture.pass(300);
        assert_eq!(why(&fixture.sign_in("ada", &SecondFactor::code(text)).await), "otp_invalid", "{text:?}");
    }
    fixture.pass(300);
    let right = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    assert_eq!((right.factor, right.account.login.as_str()), (FactorShown::Code, "ada"));
}

/// Threat 9: a password alone opens nothing by any way in, and a right one leaves no trace of a sign-in.
#[rstest]
#[tokio::test]
async fn threat_09_no_way_in_takes_a_password_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, origin) = (fixture.protect("ada").await.account, from("192.0.2.1"));
    let (identity, password) = (&fixture.identity, secret(PASSWORD));
    let internal = format!("{}@auth.local", ada.id.as_uuid().simple());
    for name in ["ada", "ada@example.org", "  ADA@example.org "] {
        let refused = identity.verify_password(name, &password, &origin).await.unwrap_err();
        assert!(matches!(refused, SignInRefusal::OtpRequired), "{refused:?}");
    }
    for name in [
        Name::login_or_email("ada"),
        Name::email("ada@example.org"),
        Name::login_email_or_internal_id("ada"),
        Name::login_email_or_internal_id(&internal),
    ] {
        let nothing = SecondFactor::default();
        let refused = identity.verify_credentials(name, &password, &nothing, &origin).await;
        assert_eq!(why(&refused), "otp_required");
    }
    let settings = DeviceSettings::default();
    let refused = identity.sign_in_by_email("ada@example.org", &password, &settings, &origin).await;
    assert!(matches!(refused, Err(SignInRefusal::OtpRequired)), "{refused:?}");
    for query in
        ["SELECT count(*) AS value FROM device_sessions", "SELECT count(*) AS value FROM familiar_networks"]
    {
        assert_eq!(fixture.number(query).await, 0, "{query}");
    }
    let trail = fixture.audited("device_session.open").await;
    assert_eq!(trail[0].detail.as_ref().unwrap()["error"], "otp_required");
}

/// Threat 9 by concurrency: once the factor is on, no sign-in that began before opens a session any more.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_09_no_session_opens_after_the_factor_is_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let sign_ins: Vec<_> = (0..12)
        .map(|_| {
            let identity = fixture.identity.clone();
            tokio::spawn(async move {
                let settings = DeviceSettings { max_clients: 100, ..DeviceSettings::default() };
                let (password, origin) = (secret(PASSWORD), Origin::default());
                identity.sign_in_by_email("ada@example.org", &password, &settings, &origin).await
            })
        })
        .collect();
    fixture.protect("ada").await;
    let sessions = "SELECT count(*) AS value FROM device_sessions";
    let when_on = fixture.number(sessions).await;
    let mut opened = 0;
    for sign_in in sign_ins {
        match sign_in.await.unwrap() {
            Ok(_) => opened += 1,
            Err(refusal) => assert!(matches!(refusal, SignInRefusal::OtpRequired), "{refusal:?}"),
        }
    }
    assert_eq!(fixture.number(sessions).await, when_on);
    assert_eq!(opened, when_on);
}

/// A session that is there goes on when the factor is switched on, and may change the password; that ends the trust in
/// devices.
#[rstest]
#[tokio::test]
async fn a_session_changes_the_password_without_a_code(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let (identity, settings) = (&fixture.identity, DeviceSettings::default());
    let opened =
        identity.sign_in_by_email("ada@example.org", &secret(PASSWORD), &settings, &origin).await.unwrap();
    let app = fixture.protect("ada").await;
    let signed_in = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    let trust = identity.trust_device(&signed_in, &origin).await.unwrap().unwrap();
    let credential = DeviceCredential {
        access_token: secret(opened.token.expose()),
        client: opened.session.client.clone(),
        uid: "ada@example.org".to_owned(),
    };
    let new = "Glycine-Blanche-26";
    let changed = identity.change_password_on_device(&credential, &secret(new), &origin).await.unwrap();
    assert!(changed.is_some());
    assert_eq!(identity.otp_standing(app.account.id).await.unwrap().trusted_devices, 0);
    let device = SecondFactor::trusted_device(trust.expose());
    assert_eq!(why(&fixture.try_with("ada", new, &device, &origin).await), "otp_required");
    fixture.pass(STEP);
    fixture.try_with("ada", new, &app.factor(0), &origin).await.unwrap();
}
