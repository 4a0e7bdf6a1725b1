//! §4.5 and §10.2: who is acted for, and what settings decide.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Backend, MEET, Spawned, send};
use crate::meet::{ALL_MISSING, EMAIL, assert_said, world};

#[rstest]
#[actix_web::test]
async fn letter_case_of_the_address_does_not_matter(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client) = world(backend).await;
    let (one, other) = (app.meet(&client, EMAIL).await, app.meet(&client, "NaDia@AGENCY.example").await);
    assert_eq!(one.claims().user_id, other.claims().user_id);
}

/// A disabled user yields a token, which is revoked from the start (§4.5, pitfall 6).
#[rstest]
#[actix_web::test]
async fn a_disabled_account_yields_a_dead_token(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let (client, account) = (app.application("meet").await, app.account("nadia").await);
    app.enable_account(&account, false).await;
    let token = app.meet(&client, EMAIL).await.access_token();
    assert_eq!(app.introspect(&client, &token).await, json!({"active": false}));
    app.enable_account(&account, true).await;
    assert_eq!(app.introspect(&client, &token).await["active"], true);
}

/// Threat 9: an address that nobody but its bearer vouches for names nobody here, nor does anybody else get it.
#[rstest]
#[actix_web::test]
async fn threat_09_nobody_is_meant_by_what_only_they_say(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::with(backend, |settings| settings.meet.allow_user_creation = true).await;
    let (client, account) = (app.application("meet").await, app.account("nadia").await);
    for (vouched, status) in [(true, 200), (false, 404), (true, 200)] {
        let (db, id) = (app.identity.db().clone(), account.id);
        db.write(move |conn| identity::accounts::vouch_for_email(conn, id, vouched)).await.unwrap();
        assert_eq!(app.meet(&client, EMAIL).await.status, status);
    }
}

#[rstest]
#[actix_web::test]
async fn an_unknown_address_gets_an_account_if_that_is_allowed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::with(backend, |settings| settings.meet.allow_user_creation = true).await;
    let client = app.application("meet").await;
    let first = app.meet(&client, "New.Person@Agency.Example").await;
    let second = app.meet(&client, "new.person@agency.example").await;
    assert_eq!(first.claims().user_id, second.claims().user_id);
    assert_eq!(first.claims().email.as_deref(), Some("New.Person@Agency.Example"));
    let events = app.audit("account.provision").await;
    assert_eq!((events.len(), events[0].origin.client_id.as_deref()), (1, Some("meet")));
}

#[rstest]
#[actix_web::test]
async fn concurrent_creations_of_one_address_agree(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::with(backend, |settings| settings.meet.allow_user_creation = true).await;
    let replica = app.replica().await;
    let client = app.application("meet").await;
    let calls = (0..16).map(|n| if n % 2 == 0 { &app } else { &replica }.meet(&client, "new@agency.example"));
    let answers = futures_util::future::join_all(calls).await;
    let mut users: Vec<_> = answers.iter().map(|answer| answer.claims().user_id).collect();
    users.dedup();
    assert_eq!(users.len(), 1);
}

#[rstest]
#[case::default(3600)]
#[case::short(60)]
#[case::expired_from_the_start(0)]
#[actix_web::test]
async fn the_lifetime_is_a_setting(#[case] seconds: u64) {
    let app =
        Spawned::with(Backend::Sqlite, |settings| settings.meet.token_ttl = Duration::from_secs(seconds))
            .await;
    let client = app.application("meet").await;
    app.account("nadia").await;
    let answer = app.meet(&client, EMAIL).await;
    let claims = answer.claims();
    assert_eq!(
        (answer.json()["expires_in"].as_u64(), claims.exp - claims.iat),
        (Some(seconds), seconds.cast_signed())
    );
}

#[actix_web::test]
async fn the_audience_is_a_setting() {
    let app =
        Spawned::with(Backend::Sqlite, |settings| settings.meet.audience = "meet-clients".to_owned()).await;
    let client = app.application("meet").await;
    app.account("nadia").await;
    assert_eq!(app.meet(&client, EMAIL).await.claims().aud, "meet-clients".into());
}

#[actix_web::test]
async fn answers_are_in_english_whatever_is_asked_for() {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = send(app.request(Method::POST, MEET).header("accept-language", "fr-FR")).await;
    assert_said(&answer, 400, ALL_MISSING);
}
