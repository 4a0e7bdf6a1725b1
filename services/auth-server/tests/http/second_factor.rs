//! Second factors through HTTP: what each dialect makes of an account that asks for one.

use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use auth_claims::device::DEVICE_SESSION;
use auth_server::InProcessClient;
use chrono::TimeDelta;
use identity::audit::Origin;
use reqwest::Method;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;
use totp_rs::Totp;

use crate::harness::{Answer, BASIC, Backend, CLIENT, basic_of, scopes, send};
use crate::rdv::{BAD, CHANGE, EMAIL, PASSWORD, Session, UID, World, assert_said, sign_in};

/// Switches the agent's factor on.
async fn protect(world: &World) -> Totp {
    let (identity, origin) = (&world.app.identity, Origin::default());
    let enrolment = identity.enrol_otp(&world.agent, &origin).await.expect("a secret");
    test_kit::logs::note("OTP secret", enrolment.secret());
    let totp = Totp::from_url(enrolment.uri()).expect("an address");
    let now = u64::try_from(world.app.clock.unix()).expect("seconds");
    let code = SecretString::from(totp.generate(now).to_string());
    identity.confirm_otp(world.agent.id, &code, &origin).await.expect("the right code");
    totp
}

#[track_caller]
fn assert_reason(answer: &Answer, reason: &str) {
    answer.assert_refused(400, "invalid_grant");
    assert_eq!(answer.json()["reason"], reason, "{answer:?}");
}

/// Threat 9: there is no dialect in which the password of such an account is enough. Each refuses as it can: with a reason
/// where the presenter may know it, as for a wrong password elsewhere.
#[rstest]
#[actix_web::test]
async fn threat_09_no_dialect_takes_a_password_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let before = world.session().await;
    protect(&world).await;
    for name in ["amina", UID, EMAIL] {
        let refused = world.app.exchange(&gate, BASIC, &basic_of(name, PASSWORD), &[]).await;
        assert_reason(&refused, "otp_required");
        assert_eq!(refused.json()["error_description"], "a second factor is required");
        let wrong = world.app.exchange(&gate, BASIC, &basic_of(name, "wrong"), &[]).await;
        assert!(wrong.json().get("reason").is_none(), "only after the right password: {wrong:?}");
    }
    for email in [UID, EMAIL] {
        assert_said(&sign_in(&world.app, email, PASSWORD).await, 401, BAD);
    }
    let client = InProcessClient {
        id: "agenda".parse().expect("a client id"),
        audience: "agenda".to_owned(),
        scopes: scopes("agenda"),
    };
    let neighbour = world.app.auth.exchange(client);
    let refused = neighbour.exchange(BASIC, &basic_of("amina", PASSWORD), CLIENT).await;
    assert_eq!(refused, Err(ExchangeError::Refused(ExchangeRefusal::OtpRequired)));
    // The session from before is no password: it goes on.
    assert!(world.is_valid(&before).await);
    assert!(neighbour.exchange(DEVICE_SESSION, &before.subject_token(), CLIENT).await.is_ok());

    // Disabled comes before the factor, and says so.
    world.app.enable_account(&world.agent, false).await;
    let refused = world.app.exchange(&gate, BASIC, &basic_of(UID, PASSWORD), &[]).await;
    assert_reason(&refused, "account_disabled");
    world.app.enable_account(&world.agent, true).await;
    world.app.identity.disable_otp(world.agent.id, &Origin::default()).await.expect("a directory");
    Session::of(&sign_in(&world.app, UID, PASSWORD).await);
    assert_eq!(world.app.exchange(&gate, BASIC, &basic_of(UID, PASSWORD), &[]).await.status, 200);
}

/// A program signs in with an app password, which needs no code and is good for nothing that a person signs in to.
#[rstest]
#[actix_web::test]
async fn an_app_password_is_the_way_of_programs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    protect(&world).await;
    let origin = Origin::default();
    let made = world.app.identity.create_app_password(world.agent.id, "backup", &origin).await;
    let (_, plain) = made.expect("an app password");
    let answer = world.app.exchange(&gate, BASIC, &basic_of(UID, plain.expose()), &[]).await;
    assert_eq!(answer.claims().sub, world.agent.id.to_string());
    assert_said(&sign_in(&world.app, UID, plain.expose()).await, 401, BAD);
}

/// contracts/rdv-sign-in.md §7: whoever has a session may change the password with it, and then still needs the factor.
#[rstest]
#[actix_web::test]
async fn a_session_changes_the_password_without_a_code(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let session = world.session().await;
    protect(&world).await;
    world.app.clock.advance(TimeDelta::seconds(60));
    let new = "Glycine-Blanche-26";
    let body = json!({ "password": new, "password_confirmation": new });
    let changed = send(session.on(world.app.request(Method::PUT, CHANGE)).json(&body)).await;
    assert_eq!(Session::of(&changed), session);
    assert_said(&sign_in(&world.app, UID, new).await, 401, BAD);
    assert_reason(&world.app.exchange(&gate, BASIC, &basic_of(UID, new), &[]).await, "otp_required");
}

/// Threat 10: who lets a right password go without its code has not guessed, and is not locked out by it.
#[rstest]
#[actix_web::test]
async fn threat_10_right_passwords_without_a_code_are_no_guesses(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| settings.limits.password_failures = 3).await;
    let gate = world.app.exchanger("gate").await;
    protect(&world).await;
    for _ in 0..10 {
        let refused = world.app.exchange(&gate, BASIC, &basic_of(UID, PASSWORD), &[]).await;
        assert_reason(&refused, "otp_required");
    }
}
