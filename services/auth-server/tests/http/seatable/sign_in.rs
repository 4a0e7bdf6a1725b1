//! §5: a sign-in that goes well.

use chrono::TimeDelta;
use futures_util::future::join_all;
use identity::audit::{Origin, Outcome};
use reqwest::Method;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;

use super::{AUTH_TOKEN, EMAIL, PASSWORD, World, sign_in, token};
use crate::harness::{Backend, Spawned, send};

/// §3: one for an account, the same at every sign-in, by whichever of her names and in whichever content type.
#[rstest]
#[actix_web::test]
async fn every_sign_in_gives_the_same_token(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let first = world.token().await;
    let internal_id = world.internal_id();
    for name in [EMAIL, "mira.holt@tables.example", "mira", "MIRA", &internal_id] {
        assert_eq!(token(&sign_in(&world.app, name, PASSWORD).await), first, "{name}");
    }
    let json = world.app.request(Method::POST, AUTH_TOKEN);
    let json = json.json(&json!({ "username": EMAIL, "password": PASSWORD, "unknown": [1] }));
    assert_eq!(token(&send(json).await), first);
    let part =
        |name, value| format!("--x7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = format!("{}{}--x7--\r\n", part("username", EMAIL), part("password", PASSWORD));
    let multipart = world.app.request(Method::POST, AUTH_TOKEN).body(body);
    let multipart = multipart.header("content-type", "multipart/form-data; boundary=x7");
    assert_eq!(token(&send(multipart).await), first);
    let other = world.app.account("noor").await;
    let theirs = token(&sign_in(&world.app, &other.login, crate::harness::PASSWORD).await);
    assert_ne!(theirs, first);
}

/// §5, below the table; §2.2: of a repeated name the last value counts, and nobody reads the query.
#[rstest]
#[actix_web::test]
async fn blanks_around_the_values_do_not_count(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let first = world.token().await;
    let padded = (format!("\t {EMAIL}\n"), format!("  {PASSWORD}\u{a0}"));
    assert_eq!(token(&sign_in(&world.app, &padded.0, &padded.1).await), first);
    let repeated = format!("username=x&username={EMAIL}&password=k3ttle+Drum");
    let asked = format!("{AUTH_TOKEN}?username=nobody&password=x");
    assert_eq!(token(&world.app.post_raw(&asked, repeated).await), first);
    let device = [
        ("username", "mira"),
        ("password", PASSWORD),
        ("platform", "linux"),
        ("device_id", "d1"),
        ("device_name", "desk"),
    ];
    assert_eq!(token(&world.app.post(AUTH_TOKEN, &device).await), first, "all three or none");
}

#[rstest]
#[actix_web::test]
async fn a_number_is_taken_for_its_digits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let account = app.account("4711").await;
    let origin = Origin::default();
    let password = SecretString::from("20260211");
    app.identity.set_password(account.id, &password, &origin).await.expect("a password");
    let request = app.request(Method::POST, AUTH_TOKEN);
    token(&send(request.json(&json!({ "username": 4711, "password": 20_260_211 }))).await);
}

/// Of any number of first sign-ins at the same time all get the same token.
#[rstest]
#[actix_web::test]
async fn first_sign_ins_at_once_agree(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let other = world.app.replica().await;
    let tokens = join_all((0..16).map(|number| {
        let app = if number % 2 == 0 { &world.app } else { &other };
        async move { token(&sign_in(app, "mira", PASSWORD).await) }
    }))
    .await;
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}

/// §3: it outlives changes of the password, and a revoked one is followed by another.
#[rstest]
#[actix_web::test]
async fn it_never_expires_until_it_is_revoked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let first = world.token().await;
    let origin = Origin::default();
    let password = SecretString::from("another k3ttle");
    world.app.identity.set_password(world.mira.id, &password, &origin).await.expect("a password");
    world.app.advance(TimeDelta::days(1000)).await;
    assert_eq!(world.get(super::AUTH_PING, &format!("Token {first}")).await.status, 200);
    assert_eq!(token(&sign_in(&world.app, "mira", "another k3ttle").await), first);
    assert!(world.app.identity.revoke_account_token(world.mira.id, &origin).await.expect("a directory"));
    let refused = world.get(super::AUTH_PING, &format!("Token {first}")).await;
    super::assert_said(&refused, 401, super::INVALID_TOKEN);
    let second = token(&sign_in(&world.app, "mira", "another k3ttle").await);
    assert_ne!(second, first);
    assert_eq!(world.get(super::AUTH_PING, &format!("Token {second}")).await.status, 200);
}

/// The answer holds a secret; the trail says who and from where, and holds none.
#[rstest]
#[actix_web::test]
async fn the_audit_trail_has_every_attempt(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let answer = world.sign_in().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    sign_in(&world.app, EMAIL, "wrong").await;
    let trail = world.app.audit("account_token.sign_in").await;
    let [failed, succeeded] = trail.as_slice() else { panic!("{trail:?}") };
    let id = world.mira.id.to_string();
    assert_eq!((failed.outcome, succeeded.outcome), (Outcome::Failure, Outcome::Success));
    assert_eq!((succeeded.origin.actor.as_deref(), succeeded.target.as_deref()), (Some(&*id), Some(&*id)));
    assert_eq!(failed.origin.actor, None);
    assert_eq!(failed.detail.as_ref().expect("why")["error"], "bad_credentials");
    assert!(trail.iter().all(|event| event.origin.dialect.as_deref() == Some("seatable")));
    assert!(trail.iter().all(|event| event.origin.address.is_some()));
    let everything = format!("{:?}", world.app.audit("account_token.create").await) + &format!("{trail:?}");
    assert!(!everything.contains(&token(&answer)) && !everything.contains(PASSWORD), "{everything}");
}
