//! Access tokens of the platform in place of a session.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, AGENTS, Answer, Backend, FORBIDDEN, Service, answer};

async fn with_token(service: &Service, claims: &Value) -> Answer {
    answer(service.request("GET", AGENTS).bearer_auth(service.sign(claims))).await
}

/// A token is as good as a session, and leaves no headers behind: there is none to echo.
#[rstest]
#[actix_web::test]
async fn a_token_gets_in_without_an_echo(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let found = with_token(&service, &service.claims("a")).await.expect(200);
    assert_eq!(found.listed("agents", "/email"), ["a@cd26.example", "b@cd26.example"]);
    found.expect_no_session();
    let id = service.absence_of("a").await;
    let path = format!("{ABSENCES}/{id}");
    service.send_as("a", "DELETE", &path, &json!({})).await.expect_body(204, "").expect_no_session();
}

/// A token for somebody else, of somebody else, or of nobody is none.
#[rstest]
#[case::audience("aud", json!("rooms"))]
#[case::issuer("iss", json!("https://evil.example"))]
#[case::client("kind", json!("client"))]
#[case::expired("exp", json!(1_799_999_999))]
#[case::not_yet("nbf", json!(1_900_000_000))]
#[case::unknown_account("sub", json!("0198c0de-0000-7000-8000-000000000000"))]
#[case::no_account("sub", json!("agenda"))]
#[actix_web::test]
async fn a_token_that_is_not_for_an_agent_here_is_401(#[case] claim: &str, #[case] value: Value) {
    let service = Service::on(Backend::Sqlite).await;
    let mut claims = service.claims("a");
    claims[claim] = value;
    with_token(&service, &claims).await.expect_unauthenticated();
}

/// Another scope is another permission.
#[rstest]
#[case::none(json!(null))]
#[case::another(json!("rooms:list"))]
#[case::longer(json!("agenda:read"))]
#[case::letter_case(json!("Agenda"))]
#[actix_web::test]
async fn a_token_without_the_scope_is_403(#[case] scope: Value) {
    let service = Service::on(Backend::Sqlite).await;
    let mut claims = service.claims("a");
    match scope {
        Value::Null => drop(claims.as_object_mut().unwrap().remove("scope")),
        scope => claims["scope"] = scope,
    }
    with_token(&service, &claims).await.expect_body(403, FORBIDDEN).expect_no_session();
}

/// The scope and the audience are settings.
#[actix_web::test]
async fn the_scope_is_a_setting() {
    let service = Service::with(Backend::Sqlite, json!({ "scope": "rdv:agenda" })).await;
    let mut claims = service.claims("a");
    with_token(&service, &claims).await.expect(403);
    claims["scope"] = json!("other rdv:agenda");
    with_token(&service, &claims).await.expect(200);
}

/// §4.1: the documented credential comes first; where any part of it is there, no token helps.
#[rstest]
#[case::uid("uid", "a@cd26.example")]
#[case::client("client", "x")]
#[case::access_token("access-token", "x")]
#[case::empty("uid", "")]
#[actix_web::test]
async fn a_part_of_a_session_keeps_the_token_from_counting(#[case] name: &str, #[case] value: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.sign(&service.claims("a"));
    let request = service.request("GET", AGENTS).bearer_auth(&token);
    answer(request.header(name, value)).await.expect_unauthenticated();
    let session = service.sign_in("b");
    let both = answer(service.request_with(&session, "GET", AGENTS).bearer_auth(token)).await.expect(200);
    both.expect_session(&session);
}
