//! §4.1: who gets in with an Account-Token, at every endpoint that needs one.

use identity::audit::Origin;
use rstest::rstest;
use serde_json::json;

use crate::support::{Answer, Backend, Service};

/// Every endpoint of §6, §7, §8.2, §10 and §11 that needs an Account-Token.
pub(crate) const ENDPOINTS: [(&str, &str); 27] = [
    ("GET", "/api/v2.1/workspaces/"),
    ("POST", "/api/v2.1/dtables/"),
    ("GET", "/api/v2.1/dtables/shared/"),
    ("POST", "/api/v2.1/dtable-copy/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/share/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/share/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/Stock/share/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/Stock/share/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/group-shares/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/group-shares/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/Stock/group-shares/1/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/Stock/group-shares/1/"),
    ("GET", "/api/v2.1/groups/"),
    ("POST", "/api/v2.1/groups/"),
    ("DELETE", "/api/v2.1/groups/1/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/"),
    ("PUT", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/app/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/Stock/api-tokens/app/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/temp-api-token/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/access-token/"),
    ("GET", "/api/v2.1/workspace/1/dtable/Stock/external-links/"),
    ("POST", "/api/v2.1/workspace/1/dtable/Stock/external-links/"),
    ("DELETE", "/api/v2.1/workspace/1/dtable/Stock/external-links/spring-fair/"),
    ("HEAD", "/api/v2.1/workspaces/"),
];

const MISSING: &str = "Authentication credentials were not provided.";
const INVALID: &str = "Invalid token";

async fn expect_everywhere(service: &Service, header: Option<&str>, status: u16, detail: &str) {
    for (method, path) in ENDPOINTS {
        // What else is wrong with the request is never looked at.
        let request = service.request(method, path).header("content-type", "application/json").body("[");
        let request = header.iter().fold(request, |request, value| request.header("authorization", *value));
        let answer = Answer::of(request).await;
        if method == "HEAD" {
            assert_eq!(answer.status, status, "{answer:?}");
        } else {
            assert_eq!((method, path, answer.status), (method, path, status), "{answer:?}");
            answer.expect_detail(status, detail);
        }
    }
}

/// Rows 1 to 4, in their order.
#[rstest]
#[case::none(None, 403, MISSING)]
#[case::empty(Some(""), 403, MISSING)]
#[case::blank(Some("   "), 403, MISSING)]
#[case::basic(Some("Basic bWlyYTpwYXNz"), 403, MISSING)]
#[case::other(Some("Digest x"), 403, MISSING)]
#[case::no_scheme(Some("b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4"), 403, MISSING)]
#[case::scheme_only(Some("Token"), 401, "Invalid token header. No credentials provided.")]
#[case::scheme_and_blanks(Some("bearer  "), 401, "Invalid token header. No credentials provided.")]
#[case::three_parts(Some("Token a b"), 401, "Invalid token header. Token string should not contain spaces.")]
#[case::unknown(Some("Token b7d04c1fe92a5580c3d6714ea0f9b82d5c16e3a4"), 401, INVALID)]
#[case::upper_case(Some("Bearer B7D04C1FE92A5580C3D6714EA0F9B82D5C16E3A4"), 401, INVALID)]
#[case::no_jwt(Some("Bearer a.b.c"), 401, INVALID)]
#[case::garbage(Some("Token x"), 401, INVALID)]
#[actix_web::test]
async fn a_header_that_holds_no_token_is_refused_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] header: Option<&str>,
    #[case] status: u16,
    #[case] detail: &str,
) {
    let service = Service::on(backend).await;
    expect_everywhere(&service, header, status, detail).await;
}

/// §4: both schemes, in any case, whatever blanks there are.
#[rstest]
#[case("Token {}")]
#[case("Bearer {}")]
#[case("tOkEn {}")]
#[case("BEARER   {}  ")]
#[actix_web::test]
async fn both_schemes_are_taken_in_any_case(#[case] header: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.person("mira").await.account_token;
    let request = service.request("GET", "/api/v2.1/workspaces/");
    Answer::of(request.header("authorization", header.replace("{}", &token))).await.expect(200);
}

/// Two headers are none that anybody can read.
#[actix_web::test]
async fn two_headers_are_refused() {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_as("mira", "GET", "/api/v2.1/workspaces/").await;
    Answer::of(request.header("authorization", "Token x")).await.expect_detail(401, INVALID);
}

/// Rows 5 and 6: a deleted account is another thing than a disabled one, and who comes back is let in again.
#[rstest]
#[actix_web::test]
async fn disabled_and_deleted_accounts_are_told_apart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let path = "/api/v2.1/workspaces/";
    service.get("mira", path).await.expect(200);
    service.enable("mira", false).await;
    service.until(async || service.get("mira", path).await.status == 403).await;
    service.get("mira", path).await.expect_detail(403, MISSING);
    service.enable("mira", true).await;
    service.until(async || service.get("mira", path).await.status == 200).await;
    let id = service.person("mira").await.account.id;
    service.identity.delete_account(id, &Origin::default()).await.unwrap();
    service.until(async || service.get("mira", path).await.status == 401).await;
    service.get("mira", path).await.expect_detail(401, "User inactive or deleted");
    // The same for whoever has never heard of them.
    let other = service.restarted().await;
    other.get("mira", path).await.expect_detail(401, "User inactive or deleted");
}

/// What an administrator revokes is unknown from then on, and the next sign-in gives another token.
#[actix_web::test]
async fn a_revoked_token_is_unknown() {
    let service = Service::on(Backend::Sqlite).await;
    let path = "/api/v2.1/workspaces/";
    service.get("mira", path).await.expect(200);
    let id = service.person("mira").await.account.id;
    assert!(service.identity.revoke_account_token(id, &Origin::default()).await.unwrap());
    service.until(async || service.get("mira", path).await.status == 401).await;
    service.get("mira", path).await.expect_detail(401, INVALID);
    let account = service.person("mira").await.account;
    let token = service.identity.account_token(&account, &Origin::default()).await.unwrap();
    let request = service.request("GET", path).header("authorization", format!("Token {}", token.expose()));
    Answer::of(request).await.expect(200);
}

/// §12, class `user`: per account, whatever is asked; what the last period holds counts, and no more.
#[rstest]
#[actix_web::test]
async fn requests_of_an_account_are_counted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, json!({ "rates": { "user": 3, "window": "1m" } })).await;
    let path = "/api/v2.1/workspaces/";
    service.get("mira", path).await.expect(200);
    service.advance(23);
    service.get("mira", "/api/v2.1/groups/").await.expect(200);
    service.get("mira", "/api/v2.1/workspace/99999/dtable/x/share/").await.expect(404);
    let refused = service.get("mira", path).await;
    refused.expect_detail(429, "Request was throttled. Expected available in 37 seconds.");
    assert_eq!(refused.header("retry-after"), "37");
    service.get("noa", path).await.expect(200);
    service.advance(36);
    let refused = service.get("mira", path).await;
    refused.expect_detail(429, "Request was throttled. Expected available in 1 second.");
    service.advance(1);
    service.get("mira", path).await.expect(200);
    service.get("mira", path).await.expect(429);
}

/// §12: 0 is no limit, and listed addresses are not counted.
#[rstest]
#[case::unlimited(json!({ "user": 0 }))]
#[case::listed(json!({ "user": 1, "whitelist": ["127.0.0.0/8"] }))]
#[actix_web::test]
async fn there_need_not_be_a_limit(#[case] rates: serde_json::Value) {
    let service = Service::with(Backend::Sqlite, json!({ "rates": rates })).await;
    for _ in 0..20 {
        service.get("mira", "/api/v2.1/groups/").await.expect(200);
    }
}
