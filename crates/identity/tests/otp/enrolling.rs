//! Switching factors on and off.

use futures_util::future::join_all;
use identity::IdentityError;
use identity::accounts::AccountId;
use identity::audit::{Origin, Outcome};
use identity::otp::{FactorShown, OtpRefusal, OtpState, SecondFactor};
use rstest::rstest;
use test_kit::Backend;
use totp_rs::Totp;

use crate::fixture::{Fixture, STEP, code, secret, why};

#[rstest]
#[tokio::test]
async fn a_factor_is_needed_once_a_code_of_it_has_been_shown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let (ada, identity) = (fixture.find("ada").await, &fixture.identity);
    assert_eq!(identity.otp_standing(ada.id).await.unwrap().state, OtpState::Off);
    let enrolment = identity.enrol_otp(&ada, &origin).await.unwrap();
    let totp = Totp::from_url(enrolment.uri()).unwrap();
    assert_eq!((totp.issuer(), totp.account_name()), (Some("Tessera"), "ada"));
    assert_eq!(totp.secret().to_base32(), enrolment.secret());
    assert_eq!((enrolment.secret().len(), totp.digits(), totp.step()), (32, 6, 30));

    let at = fixture.clock.now();
    assert_eq!(identity.otp_standing(ada.id).await.unwrap().state, OtpState::Enrolled { at });
    let before = fixture.sign_in("ada", &SecondFactor::default()).await.unwrap();
    assert_eq!(before.factor, FactorShown::NotNeeded);

    let wrong = identity.confirm_otp(ada.id, &secret("12345"), &origin).await;
    assert!(matches!(wrong, Err(OtpRefusal::WrongCode)), "{wrong:?}");
    let now = code(&totp, &fixture.clock, 0);
    let codes = identity.confirm_otp(ada.id, &secret(&now), &origin).await.unwrap();
    assert_eq!(codes.expose().count(), 10);
    let standing = identity.otp_standing(ada.id).await.unwrap();
    assert_eq!(standing.state, OtpState::On { since: fixture.clock.now() });
    assert_eq!((standing.recovery_codes, standing.trusted_devices), (10, 0));

    assert_eq!(why(&fixture.sign_in("ada", &SecondFactor::default()).await), "otp_required");
    assert_eq!(why(&fixture.sign_in("ada", &SecondFactor::code(now)).await), "otp_invalid", "it is used up");
    fixture.pass(STEP);
    let next = SecondFactor::code(code(&totp, &fixture.clock, 0));
    assert_eq!(fixture.sign_in("ada", &next).await.unwrap().factor, FactorShown::Code);
}

/// A secret that nobody has confirmed may be handed out anew; one that is on may not, whoever asks.
#[rstest]
#[tokio::test]
async fn what_is_on_stays_until_it_is_switched_off(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let (ada, identity) = (fixture.find("ada").await, &fixture.identity);
    let nothing = identity.confirm_otp(ada.id, &secret("123456"), &origin).await;
    assert!(matches!(nothing, Err(OtpRefusal::NotEnrolled)), "{nothing:?}");
    let first = Totp::from_url(identity.enrol_otp(&ada, &origin).await.unwrap().uri()).unwrap();
    let app = fixture.protect("ada").await;
    assert_ne!(first.secret().as_bytes(), app.totp.secret().as_bytes());
    for _ in 0..2 {
        let again = identity.enrol_otp(&ada, &origin).await;
        assert!(matches!(again, Err(OtpRefusal::AlreadyOn)), "{again:?}");
    }
    let again = identity.confirm_otp(ada.id, &secret(&app.code(0)), &origin).await;
    assert!(matches!(again, Err(OtpRefusal::AlreadyOn)), "{again:?}");
    fixture.sign_in("ada", &app.factor(0)).await.unwrap();

    assert!(identity.disable_otp(ada.id, &origin).await.unwrap());
    assert!(!identity.disable_otp(ada.id, &origin).await.unwrap(), "there is none left");
    assert_eq!(identity.otp_standing(ada.id).await.unwrap().state, OtpState::Off);
    let without = fixture.sign_in("ada", &app.factor(1)).await.unwrap();
    assert_eq!(without.factor, FactorShown::NotNeeded, "a code that nobody needs is ignored");
    let later = fixture.protect("ada").await;
    fixture.pass(STEP);
    assert_eq!(why(&fixture.sign_in("ada", &app.factor(0)).await), "otp_invalid", "the secret is another");
    fixture.sign_in("ada", &later.factor(0)).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn an_account_that_is_gone_has_no_factor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let app = fixture.protect("ada").await;
    let signed_in = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    fixture.identity.trust_device(&signed_in, &origin).await.unwrap().unwrap();
    fixture.identity.delete_account(app.account.id, &origin).await.unwrap();
    for query in [
        "SELECT count(*) AS value FROM account_otps",
        "SELECT count(*) AS value FROM otp_recovery_codes",
        "SELECT count(*) AS value FROM trusted_devices",
    ] {
        assert_eq!(fixture.number(query).await, 0, "{query}");
    }
    let gone = fixture.identity.enrol_otp(&app.account, &origin).await;
    assert!(matches!(gone, Err(OtpRefusal::Failed(IdentityError::Unknown("account")))), "{gone:?}");
    let nobody = AccountId::new(fixture.clock.now());
    let gone = fixture.identity.confirm_otp(nobody, &secret("123456"), &origin).await;
    assert!(matches!(gone, Err(OtpRefusal::Failed(IdentityError::Unknown("account")))), "{gone:?}");
}

/// Of many who confirm at once one gets recovery codes, and they are the ones that are stored.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_confirmation_wins(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let ada = fixture.find("ada").await;
    let totp = Totp::from_url(fixture.identity.enrol_otp(&ada, &origin).await.unwrap().uri()).unwrap();
    let code = code(&totp, &fixture.clock, 0);
    let confirmations = (0..8).map(|_| {
        let (identity, code) = (fixture.identity.clone(), secret(&code));
        tokio::spawn(async move { identity.confirm_otp(ada.id, &code, &Origin::default()).await })
    });
    let mut won = Vec::new();
    for outcome in join_all(confirmations).await {
        match outcome.unwrap() {
            Ok(codes) => won.push(codes),
            Err(refusal) => assert!(matches!(refusal, OtpRefusal::AlreadyOn), "{refusal:?}"),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(fixture.identity.otp_standing(ada.id).await.unwrap().recovery_codes, 10);
    let recovery = secret(won[0].expose().next().unwrap());
    fixture.identity.recover_otp(ada.id, &recovery, &origin).await.unwrap();
}

/// Whatever happens to a factor is in the trail, with who did it and to whom, and without a code.
#[rstest]
#[tokio::test]
async fn every_act_is_audited(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let operator = Origin { actor: Some("operator".to_owned()), ..Origin::default() };
    let app = fixture.protect("ada").await;
    let (id, identity) = (app.account.id, &fixture.identity);
    let signed_in = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    identity.trust_device(&signed_in, &Origin::default()).await.unwrap().unwrap();
    assert_eq!(why(&fixture.sign_in("ada", &app.wrong()).await), "otp_invalid");
    identity.renew_recovery_codes(id, &operator).await.unwrap();
    identity.recover_otp(id, &secret("0000-0000-0000-0000"), &operator).await.unwrap_err();
    identity.disable_otp(id, &operator).await.unwrap();
    let ada = id.to_string();
    for (action, outcomes) in [
        ("otp.enrol", vec![Outcome::Success]),
        ("otp.confirm", vec![Outcome::Success]),
        ("otp.use", vec![Outcome::Failure, Outcome::Success]),
        ("otp.trust_device", vec![Outcome::Success]),
        ("otp.recovery_codes", vec![Outcome::Success]),
        ("otp.recover", vec![Outcome::Failure]),
        ("otp.disable", vec![Outcome::Success]),
    ] {
        let events = fixture.audited(action).await;
        assert_eq!(events.iter().map(|event| event.outcome).collect::<Vec<_>>(), outcomes, "{action}");
        assert!(events.iter().all(|event| event.target.as_ref() == Some(&ada)), "{action}");
    }
    assert_eq!(fixture.audited("otp.use").await[1].origin.actor.as_ref(), Some(&ada));
    assert_eq!(fixture.audited("otp.disable").await[0].origin.actor.as_deref(), Some("operator"));
}
