//! Recovery codes, for whoever has lost the device.

use futures_util::future::join_all;
use identity::audit::{Origin, Outcome};
use identity::otp::{FactorShown, OtpRefusal, OtpState, SecondFactor};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, secret};

#[rstest]
#[tokio::test]
async fn a_recovery_code_switches_the_factor_off_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    fixture.account("bob").await;
    let (ada, bob) = (fixture.protect("ada").await, fixture.protect("bob").await);
    let (id, identity) = (ada.account.id, &fixture.identity);
    for wrong in ["", "0000-0000-0000-0000", bob.recovery.expose().next().unwrap()] {
        let refused = identity.recover_otp(id, &secret(wrong), &origin).await;
        assert!(matches!(refused, Err(OtpRefusal::WrongCode)), "{refused:?}");
    }
    assert!(matches!(identity.otp_standing(id).await.unwrap().state, OtpState::On { .. }));
    let codes: Vec<&str> = ada.recovery.expose().collect();
    // As somebody reads it out.
    let typed = codes[3].to_lowercase().replace('-', " ");
    identity.recover_otp(id, &secret(&typed), &origin).await.unwrap();
    let standing = identity.otp_standing(id).await.unwrap();
    assert_eq!((standing.state, standing.recovery_codes), (OtpState::Off, 0));
    let signed_in = fixture.sign_in("ada", &SecondFactor::default()).await.unwrap();
    assert_eq!(signed_in.factor, FactorShown::NotNeeded);
    for code in &codes {
        let refused = identity.recover_otp(id, &secret(code), &origin).await;
        assert!(matches!(refused, Err(OtpRefusal::NotOn)), "{refused:?}");
    }
    let again = fixture.protect("ada").await;
    for code in codes {
        let refused = identity.recover_otp(id, &secret(code), &origin).await;
        assert!(matches!(refused, Err(OtpRefusal::WrongCode)), "{refused:?}");
    }
    assert_eq!(again.recovery.expose().count(), 10);
    let trail = fixture.audited("otp.recover").await;
    assert_eq!(trail.iter().filter(|event| event.outcome == Outcome::Success).count(), 1);
}

#[rstest]
#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, origin) = (Fixture::on(backend).await, Origin::default());
    let (ada, identity) = (fixture.find("ada").await, &fixture.identity);
    let refused = identity.renew_recovery_codes(ada.id, &origin).await;
    assert!(matches!(refused, Err(OtpRefusal::NotOn)), "{refused:?}");
    identity.enrol_otp(&ada, &origin).await.unwrap();
    let refused = identity.renew_recovery_codes(ada.id, &origin).await;
    assert!(matches!(refused, Err(OtpRefusal::NotOn)), "nobody has confirmed it: {refused:?}");
    let app = fixture.protect("ada").await;
    let new = identity.renew_recovery_codes(ada.id, &origin).await.unwrap();
    assert_eq!(identity.otp_standing(ada.id).await.unwrap().recovery_codes, 10);
    for old in app.recovery.expose() {
        let refused = identity.recover_otp(ada.id, &secret(old), &origin).await;
        assert!(matches!(refused, Err(OtpRefusal::WrongCode)), "{refused:?}");
    }
    identity.recover_otp(ada.id, &secret(new.expose().last().unwrap()), &origin).await.unwrap();
}

/// Of many codes at once, the same or not, one switches it off.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_recovery_wins(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let app = fixture.protect("ada").await;
    let id = app.account.id;
    let attempts = app.recovery.expose().chain(app.recovery.expose()).map(|code| {
        let (identity, code) = (fixture.identity.clone(), secret(code));
        tokio::spawn(async move { identity.recover_otp(id, &code, &Origin::default()).await })
    });
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_ok()).count(), 1);
}
