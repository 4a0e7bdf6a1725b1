//! §5: the rows about the second factor, and trusted devices.

use chrono::TimeDelta;
use identity::audit::Origin;
use rstest::rstest;
use secrecy::SecretString;

use super::{
    BAD, DISABLED, EMAIL, OTP_INVALID, OTP_MISSING, PASSWORD, World, assert_said, sign_in, sign_in_with,
    token,
};
use crate::harness::{Answer, Backend};

const OTP: &str = "X-SEAFILE-OTP";
const TRUST: &str = "X-SEAFILE-2FA-TRUST-DEVICE";
const DEVICE: &str = "X-SEAFILE-S2FA";

/// As many wrong codes as a test needs.
async fn unlimited(backend: Backend) -> World {
    World::with(backend, |settings| {
        (settings.otp.failures, settings.otp.account_failures) = (0, 0);
    })
    .await
}

#[track_caller]
fn assert_asks(answer: &Answer, body: &str) {
    assert_said(answer, 400, body);
    assert_eq!(answer.header("x-seafile-otp"), "required", "{answer:?}");
}

#[rstest]
#[actix_web::test]
async fn a_code_is_asked_for_after_the_password(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = unlimited(backend).await;
    let before = world.token().await;
    // Sent for nothing: nobody looks at it.
    assert_eq!(token(&sign_in_with(&world.app, PASSWORD, &[(OTP, "123456"), (TRUST, "1")]).await), before);
    let totp = world.protect().await;
    world.app.clock.advance(TimeDelta::seconds(300));

    assert_asks(&world.sign_in().await, OTP_MISSING);
    assert_asks(&sign_in_with(&world.app, PASSWORD, &[(OTP, "")]).await, OTP_MISSING);
    for wrong in ["abc", "12345", "1234567", "12345é", "१२३४५६", "-12345"] {
        assert_asks(&sign_in_with(&world.app, PASSWORD, &[(OTP, wrong)]).await, OTP_INVALID);
    }
    let code = world.code(&totp, 0);
    let refused = sign_in_with(&world.app, "wrong", &[(OTP, &code)]).await;
    assert_said(&refused, 400, BAD);
    assert_eq!(refused.header("x-seafile-otp"), "", "the password comes first");
    assert_eq!(token(&sign_in_with(&world.app, PASSWORD, &[(OTP, &code)]).await), before);
    assert_asks(&sign_in_with(&world.app, PASSWORD, &[(OTP, &code)]).await, OTP_INVALID);

    world.disable(true).await;
    let refused = sign_in(&world.app, EMAIL, PASSWORD).await;
    assert_said(&refused, 400, DISABLED);
    assert_eq!(refused.header("x-seafile-otp"), "");
}

/// One step of drift either way, no more, and none again.
#[rstest]
#[actix_web::test]
async fn a_code_is_good_around_its_step_and_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = unlimited(backend).await;
    let totp = world.protect().await;
    world.app.clock.advance(TimeDelta::seconds(300));
    for (steps, good) in [(-2, false), (2, false), (-1, true), (-1, false), (0, true), (1, true), (0, false)]
    {
        let code = world.code(&totp, steps);
        let answer = sign_in_with(&world.app, PASSWORD, &[(OTP, &code)]).await;
        assert_eq!(answer.status, if good { 200 } else { 400 }, "{steps}: {answer:?}");
    }
}

/// Recovery codes are not for here.
#[rstest]
#[actix_web::test]
async fn a_recovery_code_is_no_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = unlimited(backend).await;
    let (identity, origin) = (&world.app.identity, Origin::default());
    let enrolment = identity.enrol_otp(&world.mira, &origin).await.expect("a secret");
    let totp = totp_rs::Totp::from_url(enrolment.uri()).expect("an address");
    let code = SecretString::from(world.code(&totp, 0));
    let recovery = identity.confirm_otp(world.mira.id, &code, &origin).await.expect("the right code");
    for code in recovery.expose() {
        assert_asks(&sign_in_with(&world.app, PASSWORD, &[(OTP, code)]).await, OTP_INVALID);
    }
}

#[rstest]
#[actix_web::test]
async fn a_trusted_device_needs_no_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = unlimited(backend).await;
    let totp = world.protect().await;
    world.app.clock.advance(TimeDelta::seconds(60));
    let with_code = async |more: &[(&str, &str)]| {
        world.app.clock.advance(TimeDelta::seconds(30));
        let code = world.code(&totp, 0);
        sign_in_with(&world.app, PASSWORD, &[&[(OTP, code.as_str())], more].concat()).await
    };
    for no in ["0", "yes", "true", "", "11"] {
        let answer = with_code(&[(TRUST, no)]).await;
        assert_eq!((answer.status, answer.header("x-seafile-s2fa")), (200, ""), "{no}");
    }
    let answer = with_code(&[(TRUST, "1")]).await;
    let (token_then, device) = (token(&answer), answer.header("x-seafile-s2fa").to_owned());
    assert!(!device.is_empty());

    let answer = sign_in_with(&world.app, PASSWORD, &[(DEVICE, &device)]).await;
    assert_eq!((token(&answer), answer.header("x-seafile-s2fa")), (token_then, device.as_str()));
    assert_said(&sign_in_with(&world.app, "wrong", &[(DEVICE, &device)]).await, 400, BAD);
    for other in ["x", &device[1..], &format!("{device}x")] {
        assert_asks(&sign_in_with(&world.app, PASSWORD, &[(DEVICE, other)]).await, OTP_MISSING);
    }
    // Whoever shows a device, good or not, and a code: in, and the header comes back.
    let answer = with_code(&[(DEVICE, "unknown")]).await;
    assert_eq!((answer.status, answer.header("x-seafile-s2fa")), (200, "unknown"));

    // A new password ends the trust.
    let password = SecretString::from("another k3ttle");
    let origin = Origin::default();
    world.app.identity.set_password(world.mira.id, &password, &origin).await.expect("a password");
    let answer = sign_in_with(&world.app, "another k3ttle", &[(DEVICE, &device)]).await;
    assert_asks(&answer, OTP_MISSING);
}

/// A device is trusted for one account.
#[rstest]
#[actix_web::test]
async fn anothers_device_is_not_trusted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (one, two) = (unlimited(backend).await, unlimited(backend).await);
    let mut devices = Vec::new();
    for world in [&one, &two] {
        let totp = world.protect().await;
        world.app.clock.advance(TimeDelta::seconds(60));
        let code = world.code(&totp, 0);
        let answer = sign_in_with(&world.app, PASSWORD, &[(OTP, &code), (TRUST, "1")]).await;
        devices.push(answer.header("x-seafile-s2fa").to_owned());
    }
    assert_asks(&sign_in_with(&one.app, PASSWORD, &[(DEVICE, &devices[1])]).await, OTP_MISSING);
    assert_eq!(sign_in_with(&one.app, PASSWORD, &[(DEVICE, &devices[0])]).await.status, 200);
}
