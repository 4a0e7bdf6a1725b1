//! `GET`, `PUT` and `DELETE /internal/applications/{id}`.

use identity::clients::ClientKind;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{APP, Backend, World, disabled, registrar, tell, tell_after, usable};
use crate::harness::{Answer, BASIC, basic, scopes, send};

async fn put_raw(world: &World, id: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = world.app.request(Method::PUT, &format!("/internal/applications/{id}"));
    let request = request.bearer_auth(&world.token).header("if-match", "\"1\"");
    send(request.header("content-type", content_type).body(body)).await
}

#[rstest]
#[actix_web::test]
async fn an_application_is_told_and_forgotten(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let own = async || world.app.token(&world.bound, &[("grant_type", "client_credentials")]).await.status;
    assert_eq!(own().await, 200);
    for _ in 0..2 {
        world.put(APP, &disabled()).await;
        assert_eq!(own().await, 400);
    }
    let answer = tell(&world.app, &world.token, Method::PUT, APP, Some(&usable())).await;
    assert_eq!((answer.status, answer.header("cache-control")), (204, "no-store"));
    assert_eq!(own().await, 200);
    // `expires_at` may be absent.
    world.put(APP, &json!({ "organization_id": "helios", "disabled": true })).await;
    assert_eq!(own().await, 400);
    for _ in 0..2 {
        world.delete(APP).await;
        assert_eq!(own().await, 400);
    }
    world.delete("never-was").await;
    assert_eq!(world.app.audit("application.delete").await.len(), 1);
}

/// The authorisation of the feed, with a scope of its own (threat 15): no user's token, no other audience, no other scope.
#[rstest]
#[actix_web::test]
async fn threat_15_only_a_service_with_the_scope_is_listened_to(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let app = &world.app;
    let narrow = app
        .client("narrow", ClientKind::Service, |r| {
            registrar(r);
            r.default_scopes = scopes("internal:revocations");
        })
        .await;
    let elsewhere = app
        .client("elsewhere", ClientKind::Service, |r| {
            registrar(r);
            r.audiences = vec!["rooms".to_owned()];
        })
        .await;
    let gate = app
        .client("gate", ClientKind::Service, |r| {
            registrar(r);
            r.grants = vec![identity::clients::GrantType::TokenExchange];
        })
        .await;
    let user = app.exchange(&gate, BASIC, &basic(&world.account), &[]).await.access_token();
    let (narrow, elsewhere) = (app.own_token(&narrow).await, app.own_token(&elsewhere).await);
    let cases = [
        (narrow.as_str(), 403, "insufficient_scope"),
        (&user, 403, "insufficient_scope"),
        (&elsewhere, 401, "invalid_token"),
        ("garbage", 401, "invalid_token"),
    ];
    for (method, status) in [(Method::GET, None), (Method::PUT, Some(disabled())), (Method::DELETE, None)] {
        for (token, code, error) in cases {
            for id in [APP, "never-was", "not%20an%20id"] {
                let answer = tell(app, token, method.clone(), id, status.as_ref()).await;
                assert_eq!((answer.status, answer.error().as_str()), (code, error), "{answer:?}");
                assert!(answer.header("www-authenticate").starts_with("Bearer error="), "{answer:?}");
            }
        }
        let unauthenticated = send(app.request(method, &format!("/internal/applications/{APP}"))).await;
        assert_eq!((unauthenticated.status, unauthenticated.header("www-authenticate")), (401, "Bearer"));
    }
    let own = app.token(&world.bound, &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.status, 200, "nothing of that was listened to");
}

/// Threat 18: whatever the body, nothing but a well-formed status changes anything, and nothing is a failure of the server.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_bodies_change_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let deep = "[".repeat(15_000);
    let deep_object =
        format!(r#"{{"organization_id":"helios","disabled":true,"expires_at":{}1}}"#, "{\"a\":".repeat(2000));
    let long = json!({ "organization_id": "x".repeat(256), "disabled": true }).to_string();
    let bodies = [
        "",
        "null",
        "[]",
        "{}",
        "true",
        "{",
        "\u{feff}{}",
        "{\"organization_id\":\"helios\"}",
        "{\"disabled\":true}",
        "{\"organization_id\":null,\"disabled\":true}",
        "{\"organization_id\":\"\",\"disabled\":true}",
        "{\"organization_id\":\"  \",\"disabled\":true}",
        "{\"organization_id\":\"a\\u0000b\",\"disabled\":true}",
        "{\"organization_id\":\"\\ud800\",\"disabled\":true}",
        "{\"organization_id\":[\"helios\"],\"disabled\":true}",
        "{\"organization_id\":\"helios\",\"disabled\":\"true\"}",
        "{\"organization_id\":\"helios\",\"disabled\":1}",
        "{\"organization_id\":\"helios\",\"disabled\":null}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"disabled\":true}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"roles\":[\"SERVICE\"]}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":\"tomorrow\"}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":0}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":1e999}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":\"2027-02-30T00:00:00Z\"}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":\"2027-02-03\"}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":\"+262142-01-01T00:00:00Z\"}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":\"-0001-01-01T00:00:00Z\"}",
        "{\"organization_id\":\"helios\",\"disabled\":true,\"expires_at\":\"0000-01-01T00:00:00Z\"}",
        "{\"organization_id\":\"helios\",\"disabled\":true} trailing",
        &deep,
        &deep_object,
        &long,
    ];
    for body in bodies {
        let answer = put_raw(&world, APP, "application/json", body.to_owned()).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (400, "invalid_request"),
            "{body:.80}: {answer:?}"
        );
    }
    for content_type in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let answer = put_raw(&world, APP, content_type, disabled().to_string()).await;
        assert_eq!(answer.status, 400, "{content_type}: {answer:?}");
    }
    assert_eq!(put_raw(&world, APP, "application/json", vec![0xff, 0xfe]).await.status, 400);
    let large = format!("{}{}", disabled(), " ".repeat(17_000));
    assert_eq!(put_raw(&world, APP, "application/json", large).await.status, 413);
    let own = world.app.token(&world.bound, &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.status, 200, "nothing has changed");
    assert_eq!(
        put_raw(&world, APP, "Application/JSON; charset=utf-8", disabled().to_string()).await.status,
        204
    );
}

#[rstest]
#[case("organizations", 400)]
#[case("a%20b", 400)]
#[case("a%00b", 400)]
#[case("a%2Fb", 400)]
#[case("a%252Fb", 400)]
#[case("%C3%A9", 400)]
#[case("%FF", 400)]
#[case("%ZZ", 400)]
#[case("'%20OR%20'1'='1", 400)]
#[case("a/b", 404)]
#[case("", 404)]
#[case("%61", 204)]
#[case("...", 204)]
#[actix_web::test]
async fn threat_18_hostile_ids_are_refused(#[case] id: &str, #[case] expected: u16) {
    let world = World::on(Backend::Sqlite).await;
    for (method, status) in [(Method::PUT, Some(usable())), (Method::DELETE, None)] {
        let answer = tell(&world.app, &world.token, method, id, status.as_ref()).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    for (length, expected) in [(255, 204), (256, 400)] {
        let id = "x".repeat(length);
        assert_eq!(tell(&world.app, &world.token, Method::DELETE, &id, None).await.status, expected);
    }
}

/// Nothing is done that does not say what it comes after, or comes after anything but the last word.
#[rstest]
#[actix_web::test]
async fn what_is_told_comes_after_the_last_word(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let known = tell(&world.app, &world.token, Method::GET, APP, None).await;
    assert_eq!(
        (known.status, known.header("etag"), known.header("cache-control")),
        (200, "\"1\"", "no-store")
    );
    assert_eq!(known.json(), json!({ "revision": 1 }));
    for (method, status) in [(Method::PUT, Some(disabled())), (Method::DELETE, None)] {
        let request = world.app.request(method.clone(), &format!("/internal/applications/{APP}"));
        let request = request.bearer_auth(&world.token).json(&disabled());
        let answer = send(request.try_clone().expect("a request")).await;
        assert_eq!((answer.status, answer.error().as_str()), (428, "invalid_request"), "{answer:?}");
        let answer = send(request.header("if-match", "\"1\"").header("if-match", "\"2\"")).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        for (after, expected, error) in [
            ("\"0\"", 412, "conflict"),
            ("\"2\"", 412, "conflict"),
            ("\"9223372036854775807\"", 412, "conflict"),
            ("\"9223372036854775808\"", 400, "invalid_request"),
            ("\"-1\"", 400, "invalid_request"),
            ("\"\"", 400, "invalid_request"),
            ("1", 400, "invalid_request"),
            ("*", 400, "invalid_request"),
            ("W/\"1\"", 400, "invalid_request"),
            ("\"1\", \"2\"", 400, "invalid_request"),
            ("\"", 400, "invalid_request"),
        ] {
            let answer =
                tell_after(after, &world.app, &world.token, method.clone(), APP, status.as_ref()).await;
            assert_eq!((answer.status, answer.error().as_str()), (expected, error), "{after}: {answer:?}");
        }
    }
    let own = world.app.token(&world.bound, &[("grant_type", "client_credentials")]).await;
    assert_eq!(own.status, 200, "nothing has changed");
    let unknown = tell(&world.app, &world.token, Method::GET, "never-was", None).await;
    assert_eq!((unknown.status, unknown.header("etag")), (200, "\"0\""));
}

/// A body of its own on `DELETE` is none of its business.
#[actix_web::test]
async fn a_body_on_delete_is_ignored() {
    let world = World::on(Backend::Sqlite).await;
    let answer = tell(&world.app, &world.token, Method::DELETE, APP, Some(&Value::from("{"))).await;
    assert_eq!(answer.status, 204);
}
