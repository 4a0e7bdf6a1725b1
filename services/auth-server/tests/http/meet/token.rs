//! §4.1 to §4.3: a valid request and its answer.

use auth_claims::claims::SubjectKind;
use auth_claims::roles::Role;
use identity::accounts::{AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use identity::clients::ClientKind;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Backend, ISSUER, MEET, Spawned, part, scopes, send};
use crate::meet::{EMAIL, SLASHLESS, assert_common_headers, assert_said, body, post_json, world};

/// §4.2 and §4.3, on both slash forms.
#[rstest]
#[actix_web::test]
async fn success_gives_the_platforms_token_with_two_more_claims(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(MEET, SLASHLESS)] path: &str,
) {
    let app = Spawned::on(backend).await;
    let client = app.application("meet").await;
    let account = app.account("nadia").await;
    let form = [
        ("client_id", "meet"),
        ("client_secret", &client.secret),
        ("grant_type", "client_credentials"),
        ("scope", EMAIL),
    ];
    let answer = app.post(path, &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_common_headers(&answer);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = answer.access_token();
    let expected = format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600,"scope":"rooms:list rooms:create"}}"#
    );
    assert_eq!(answer.text, expected);
    let (claims, id) = (answer.claims(), account.id.to_string());
    assert_eq!((claims.user_id.as_ref(), claims.delegated), (Some(&id), true));
    assert_eq!((claims.sub, claims.kind, claims.client_id.as_str()), (id, SubjectKind::User, "meet"));
    assert_eq!((claims.iss.as_str(), claims.aud, claims.exp - claims.iat), (ISSUER, "rooms".into(), 3600));
    assert_eq!(claims.scope, scopes("rooms:list rooms:create"));
    assert_eq!((claims.email.as_deref(), claims.name.as_deref()), (Some(EMAIL), Some("The nadia")));
    let payload = part(&token, 1);
    assert!(payload["iat"].is_i64() && payload["exp"].is_i64() && payload["aud"].is_string(), "{payload}");
    assert_eq!(part(&token, 0)["typ"], "at+jwt");
}

#[rstest]
#[actix_web::test]
async fn an_application_without_scopes_gets_no_scope_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client) = world(backend).await;
    app.reregister("meet", |r| r.scopes = scopes("")).await;
    let answer = app.meet(&client, EMAIL).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("scope").is_none());
    assert!(part(&answer.access_token(), 1).get("scope").is_none());
}

#[actix_web::test]
async fn scopes_keep_their_stored_order() {
    let (app, client) = world(Backend::Sqlite).await;
    app.reregister("meet", |r| r.scopes = scopes("rooms:update rooms:create rooms:list")).await;
    assert_eq!(app.meet(&client, EMAIL).await.json()["scope"], "rooms:update rooms:create rooms:list");
}

#[actix_web::test]
async fn every_call_mints_a_new_token_and_none_can_be_refreshed() {
    let (app, client) = world(Backend::Sqlite).await;
    let (first, second) = (app.meet(&client, EMAIL).await, app.meet(&client, EMAIL).await);
    assert_ne!(first.claims().jti, second.claims().jti);
    assert!(first.json().get("refresh_token").is_none());
}

#[actix_web::test]
async fn the_claims_are_those_of_the_account() {
    let (app, client) = world(Backend::Sqlite).await;
    let profile = AccountProfile {
        email: Some("sam@agency.example".to_owned()),
        given_name: Some("Sam".to_owned()),
        family_name: Some("Roe".to_owned()),
        roles: vec![Role::Agent],
        ..AccountProfile::new("sam")
    };
    let new = NewAccount { profile, password: NewPassword::None };
    app.identity.create_account(new, &Origin::default()).await.expect("an account");
    let claims = app.meet(&client, "sam@agency.example").await.claims();
    assert_eq!((claims.name.as_deref(), claims.roles), (Some("Sam Roe"), vec![Role::Agent]));
}

/// §4.1: numbers are taken by their text, and blanks around values do not matter.
#[actix_web::test]
async fn fields_are_trimmed_and_numbers_stringified() {
    let (app, _) = world(Backend::Sqlite).await;
    let client = app.client("12345", ClientKind::Application, |r| {
        (r.scopes, r.default_scopes, r.grants) = (scopes(""), scopes(""), Vec::new());
    });
    let client = client.await;
    let body = body(
        &client,
        &json!({
            "client_id": 12345, "client_secret": format!(" {}\t", client.secret), "scope": format!("\n{EMAIL} "),
            "unknown": ["ignored"],
        }),
    );
    assert_eq!(post_json(&app, &body).await.status, 200);
}

/// §4.1: an `Authorization` header of any kind is ignored.
#[rstest]
#[case("Basic bWVldDp4")]
#[case("Bearer x")]
#[case("nonsense")]
#[actix_web::test]
async fn an_authorization_header_is_ignored(#[case] header: &str) {
    let (app, client) = world(Backend::Sqlite).await;
    let request = app.request(Method::POST, MEET).header("authorization", header);
    assert_eq!(send(request.json(&body(&client, &json!({})))).await.status, 200);
    let alone = app.request(Method::POST, MEET).basic_auth(&client.id, Some(&client.secret));
    let answer = send(alone.json(&json!({"grant_type": "client_credentials", "scope": EMAIL}))).await;
    let required = r#"{"client_id":["This field is required."],"client_secret":["This field is required."]}"#;
    assert_said(&answer, 400, required);
}
