//! §3.4: who gets in.

use rstest::rstest;
use serde_json::json;
use token_signing::TokenType;

use crate::support::{APPLICATIONS, Answer, Backend, Service, claims};

const EVERYWHERE: [(&str, &str); 12] = [
    ("GET", "/api/applications"),
    ("POST", "/api/applications"),
    ("GET", "/api/applications/a"),
    ("HEAD", "/api/applications/a"),
    ("PUT", "/api/applications/a"),
    ("DELETE", "/api/applications/a"),
    ("GET", "/api/applications/a/availability"),
    ("GET", "/api/applications/organizations/org-helios"),
    ("PATCH", "/api/applications/a"),
    ("OPTIONS", "/api/applications"),
    ("GET", "/api/applications/a/b/c"),
    ("GET", "/api/applications/"),
];

/// §3.4: the token comes before everything else, also where there is nothing, and whatever the body is.
#[actix_web::test]
async fn without_a_token_nothing_is_answered() {
    let service = Service::on(Backend::Sqlite).await;
    for (method, path) in EVERYWHERE {
        let request = service.request(method, path).header("accept", "text/html");
        let answer = Answer::read(request.body("{").send().await.unwrap()).await;
        if method == "HEAD" {
            assert_eq!(answer.status, 401);
            continue;
        }
        let text = "Full authentication is required to access this resource";
        answer.expect_oauth(401, "unauthorized", text);
    }
}

#[rstest]
#[case::none("", "")]
#[case::basic("authorization", "Basic YTpi")]
#[case::bare("authorization", "abc")]
#[case::empty("authorization", "")]
#[actix_web::test]
async fn without_a_bearer_token_nobody_is_known(#[case] name: &str, #[case] value: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.token("GLOBAL_ADMIN");
    let request = service.request("GET", &format!("{APPLICATIONS}?access_token={token}"));
    let request = if name.is_empty() { request } else { request.header(name, value) };
    let answer = Answer::read(request.send().await.unwrap()).await;
    answer.expect_oauth(401, "unauthorized", "Full authentication is required to access this resource");
}

#[actix_web::test]
async fn what_is_no_token_of_the_platform_is_invalid() {
    let service = Service::on(Backend::Sqlite).await;
    let now = service.clock.now();
    let good = service.token("GLOBAL_ADMIN");
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = claims("GLOBAL_ADMIN", now);
        claims[name] = value;
        service.sign(&claims)
    };
    let stranger = Service::on(Backend::Sqlite).await;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    let tokens = [
        "x".to_owned(),
        "a.b.c".to_owned(),
        good[..good.len() - 4].to_owned(),
        unsigned,
        stranger.token("GLOBAL_ADMIN"),
        with("aud", json!("rooms")),
        with("iss", json!("https://evil.example")),
        with("nbf", json!(now.timestamp() + 600)),
        with("roles", json!("GLOBAL_ADMIN")),
        with("roles", json!(["ROOT"])),
        service.sign_as(TokenType::IdToken, &claims("GLOBAL_ADMIN", now)),
    ];
    for token in tokens {
        let answer = service.send_with(&token, "GET", APPLICATIONS).await;
        answer.expect_oauth(401, "invalid_token", "Cannot convert access token to JSON");
    }
    for header in ["Bearer", "Bearer a b"] {
        let request = service.request("GET", APPLICATIONS).header("authorization", header);
        let answer = Answer::read(request.send().await.unwrap()).await;
        answer.expect_oauth(401, "invalid_token", "Cannot convert access token to JSON");
    }
}

/// §1: the scheme in any case.
#[rstest]
#[case("bearer")]
#[case("BEARER")]
#[actix_web::test]
async fn the_scheme_is_read_in_any_case(#[case] scheme: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let credential = format!("{scheme} {}", service.token("AGENT@helios"));
    let request = service.request("GET", APPLICATIONS).header("authorization", credential);
    Answer::read(request.send().await.unwrap()).await.expect(200);
}

#[actix_web::test]
async fn a_refresh_token_is_no_access_token() {
    let service = Service::on(Backend::Sqlite).await;
    let token = format!("trt_{}", "A".repeat(70));
    let answer = service.send_with(&token, "GET", APPLICATIONS).await;
    answer.expect_oauth(401, "invalid_token", "Encoded token is a refresh token");
}

#[actix_web::test]
async fn without_the_keys_nobody_can_tell() {
    let service = Service::without_keys().await;
    let answer = service.get("GLOBAL_ADMIN", APPLICATIONS).await;
    answer.expect_boot(503, "Service Unavailable", "Service is temporarily unavailable", APPLICATIONS);
    assert_eq!(answer.header("retry-after"), "5");
}

/// §2.1: rights are those of the token; nothing in the request adds to them.
#[actix_web::test]
async fn rights_in_a_request_are_no_rights() {
    let service = Service::on(Backend::Sqlite).await;
    let query = "?roles=GLOBAL_ADMIN&authorities=ROLE_GLOBAL_ADMIN&organization_id=org-selene";
    let path = format!("{APPLICATIONS}/organizations/org-helios{query}");
    let request = service.request_as("AGENT@helios", "GET", &path).header("x-roles", "GLOBAL_ADMIN");
    Answer::read(request.send().await.unwrap()).await.expect_forbidden();
}
