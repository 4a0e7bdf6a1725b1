//! §12: how often anybody may ask.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;

use super::{
    ACCOUNT_INFO, AUTH_PING, AUTH_TOKEN, BAD, EMAIL, PASSWORD, PING, SERVER_INFO, World, assert_said,
    assert_throttled, sign_in, token,
};
use crate::harness::{Answer, Backend, Spawned, send};

async fn from(app: &Spawned, address: &str, password: &str) -> Answer {
    let request = app.request(Method::POST, AUTH_TOKEN).header("x-forwarded-for", address);
    send(request.form(&[("username", EMAIL), ("password", password)])).await
}

/// Sign-ins of one address, good and bad alike, and the instant of each counts for itself.
#[rstest]
#[actix_web::test]
async fn the_window_of_sign_ins_slides(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| settings.seatable.rates.anon = 3).await;
    world.token().await;
    world.app.clock.advance(TimeDelta::milliseconds(22_500));
    assert_said(&sign_in(&world.app, EMAIL, "wrong").await, 400, BAD);
    let unreadable =
        world.app.request(Method::POST, AUTH_TOKEN).header("content-type", "text/plain").body("x");
    assert_eq!(send(unreadable).await.status, 415);
    assert_eq!(assert_throttled(&world.sign_in().await), 38);
    assert_eq!(assert_throttled(&sign_in(&world.app, EMAIL, "wrong").await), 38);
    world.app.clock.advance(TimeDelta::milliseconds(37_000));
    let refused = world.sign_in().await;
    assert_eq!(refused.text, r#"{"detail":"Request was throttled. Expected available in 1 second."}"#);
    assert_eq!(assert_throttled(&refused), 1);
    world.app.clock.advance(TimeDelta::seconds(1));
    world.token().await;
    assert_eq!(assert_throttled(&world.sign_in().await), 22);
}

#[rstest]
#[actix_web::test]
async fn addresses_are_counted_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| {
        settings.seatable.rates.anon = 2;
        settings.seatable.rates.whitelist = vec!["10.0.0.0/8".parse().expect("a network")];
    });
    let world = world.await;
    let app = world.app.replica_behind_a_proxy().await;
    for _ in 0..2 {
        token(&from(&app, "198.51.100.7", PASSWORD).await);
    }
    assert_throttled(&from(&app, "198.51.100.7", PASSWORD).await);
    token(&from(&app, "198.51.100.8", PASSWORD).await);
    for _ in 0..2 {
        token(&from(&app, "2001:db8::1", PASSWORD).await);
    }
    assert_throttled(&from(&app, "2001:db8::2", PASSWORD).await);
    for _ in 0..5 {
        token(&from(&app, "10.1.2.3", PASSWORD).await);
    }
}

/// The manual's number, without a setting.
#[actix_web::test]
async fn sixty_sign_ins_a_minute_by_default() {
    let world = World::with(Backend::Sqlite, |settings| settings.seatable.rates.anon = 60).await;
    for _ in 0..60 {
        assert_eq!(world.app.post(AUTH_TOKEN, &[]).await.status, 400);
    }
    assert_eq!(assert_throttled(&world.sign_in().await), 60);
}

/// What an account asks is counted for it, wherever from; after its credential was looked at.
#[rstest]
#[actix_web::test]
async fn requests_of_an_account_are_counted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::with(backend, |settings| settings.seatable.rates.user = 3).await;
    let header = format!("Token {}", world.token().await);
    for path in [AUTH_PING, ACCOUNT_INFO, AUTH_PING] {
        assert_eq!(world.get(path, &header).await.status, 200);
    }
    for path in [AUTH_PING, ACCOUNT_INFO] {
        assert_eq!(assert_throttled(&world.get(path, &header).await), 60);
    }
    assert_eq!(world.get(AUTH_PING, "Token x").await.status, 401);
    let other = world.app.account("noor").await;
    let other = token(&sign_in(&world.app, &other.login, crate::harness::PASSWORD).await);
    assert_eq!(world.get(AUTH_PING, &format!("Token {other}")).await.status, 200);
    world.app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(world.get(AUTH_PING, &header).await.status, 200);
}

#[rstest]
#[actix_web::test]
async fn pings_are_counted_and_versions_are_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| settings.seatable.rates.ping = 2).await;
    for _ in 0..2 {
        assert_eq!(world.app.get(PING).await.status, 200);
    }
    assert_throttled(&world.app.get(PING).await);
    for _ in 0..100 {
        assert_eq!(world.app.get(SERVER_INFO).await.status, 200);
    }
}
