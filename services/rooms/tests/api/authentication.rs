//! §5, §6: who is let in, and what the others are told.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use serde_json::{Value, json};
use token_signing::TokenType;

use crate::support::{ALL, Answer, Backend, ROOMS, Service, account_id, application_token, user_token};

async fn ask(service: &Service, authorization: impl AsRef<[u8]>) -> Answer {
    let header = reqwest::header::HeaderValue::from_bytes(authorization.as_ref()).unwrap();
    Answer::read(service.request("GET", ROOMS).header("authorization", header).send().await.unwrap()).await
}

/// §5: nothing recognised.
#[rstest]
#[case::empty("")]
#[case::basic("Basic YWRhOnNlY3JldA==")]
#[case::token("Token 0123456789")]
#[case::bare_word("abc")]
#[actix_web::test]
async fn another_scheme_is_no_credential(#[case] authorization: &str) {
    let service = Service::on(Backend::Sqlite).await;
    ask(&service, authorization).await.expect_detail(401, "Authentication credentials were not provided.");
}

/// §5: no header at all, for every method and before everything but the format.
#[rstest]
#[actix_web::test]
async fn without_a_header_every_method_is_unauthenticated(
    #[values("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")] method: &str,
    #[values("", "/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913", "/x", "/x/attendees", "/x/attendees/y")] path: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request(method, &format!("{ROOMS}{path}")).header("content-type", "text/plain");
    let answer = Answer::read(request.body("x").send().await.unwrap()).await;
    answer.expect_detail(401, "Authentication credentials were not provided.");
}

/// §5: header format errors.
#[rstest]
#[case::alone(b"Bearer".as_slice(), "Invalid token header.")]
#[case::two_words(b"Bearer a b", "Invalid token header.")]
#[case::not_utf8(b"Bearer \xff\xfe", "Invalid token encoding.")]
#[actix_web::test]
async fn a_malformed_header_is_named(#[case] authorization: &[u8], #[case] detail: &str) {
    let service = Service::on(Backend::Sqlite).await;
    ask(&service, authorization).await.expect_detail(401, detail);
}

/// §5: the scheme is matched without regard to case.
#[rstest]
#[actix_web::test]
async fn the_scheme_is_read_in_any_case(#[values("Bearer", "bearer", "BEARER")] scheme: &str) {
    let service = Service::on(Backend::Sqlite).await;
    ask(&service, format!("{scheme} {}", service.token("ada"))).await.expect(200);
}

/// §6.1, §6.3: a token that says something wrong, though its signature is right.
#[rstest]
#[case::expired(json!({"exp": 1_799_999_999}), "Token expired.")]
#[case::expires_now(json!({"exp": 1_800_000_000}), "Token expired.")]
#[case::not_yet_valid(json!({"nbf": 1_800_000_100}), "Invalid token.")]
#[case::from_the_future(json!({"iat": 1_800_000_100}), "Invalid token.")]
#[case::other_issuer(json!({"iss": "https://id.evil.example"}), "Invalid token.")]
#[case::other_audience(json!({"aud": "base-token"}), "Invalid token.")]
#[case::other_audiences(json!({"aud": ["auth-server", "agenda"]}), "Invalid token.")]
#[case::expiry_wins(json!({"exp": 1, "iss": "x", "aud": "x"}), "Token expired.")]
#[case::no_issuer(json!({"iss": null}), "Invalid token.")]
#[case::no_audience(json!({"aud": null}), "Invalid token.")]
#[actix_web::test]
async fn a_token_with_wrong_registered_claims_is_refused(#[case] wrong: Value, #[case] detail: &str) {
    let service = Service::on(Backend::Sqlite).await;
    for claims in [application_token, user_token] {
        let mut claims = claims("ada", "lasuite_visio rooms:list", service.clock.now());
        claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer = service.send_with(&service.sign(&claims), "GET", ROOMS).await;
        answer.expect_detail(401, detail);
    }
}

/// §6.1: an array that contains the expected audience.
#[actix_web::test]
async fn one_of_several_audiences_is_enough() {
    let service = Service::on(Backend::Sqlite).await;
    let mut claims = application_token("ada", ALL, service.clock.now());
    claims["aud"] = json!(["agenda", "rooms"]);
    service.send_with(&service.sign(&claims), "GET", ROOMS).await.expect(200);
}

/// §6.1: a token dies while it is in use, to the second.
#[actix_web::test]
async fn a_token_is_good_until_the_second_it_expires() {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.token("ada");
    service.advance(3599);
    service.send_with(&token, "GET", ROOMS).await.expect(200);
    service.advance(1);
    service.send_with(&token, "GET", ROOMS).await.expect_detail(401, "Token expired.");
}

/// §6.2, checks 1, 4, 5 and the UUID rule, in their order. Without a client (check 1) a token is not even one of the
/// platform: its signature is right, but RFC 9068 §2.2 requires the claim.
#[rstest]
#[case::empty_client(json!({"client_id": ""}), "Invalid token.")]
#[case::not_delegated(json!({"delegated": false}), "Invalid token type.")]
#[case::empty_user(json!({"user_id": ""}), "Invalid token claims.")]
#[case::no_user(json!({"user_id": null}), "Invalid token claims.")]
#[case::user_is_no_uuid(json!({"user_id": "ada"}), "User not found.")]
#[case::client_before_delegation(json!({"client_id": "", "delegated": false}), "Invalid token.")]
#[case::delegation_before_user(json!({"delegated": false, "user_id": "ada"}), "Invalid token type.")]
#[actix_web::test]
async fn an_application_token_with_wrong_claims_is_refused(#[case] wrong: Value, #[case] detail: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let mut claims = application_token("ada", ALL, service.clock.now());
    claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
    service.send_with(&service.sign(&claims), "GET", ROOMS).await.expect_detail(401, detail);
}

/// §6.2 check 4: an absent `delegated` is false.
#[actix_web::test]
async fn an_application_token_without_delegation_has_the_wrong_type() {
    let service = Service::on(Backend::Sqlite).await;
    let mut claims = application_token("ada", ALL, service.clock.now());
    claims.as_object_mut().unwrap().remove("delegated");
    service.send_with(&service.sign(&claims), "GET", ROOMS).await.expect_detail(401, "Invalid token type.");
}

/// §6.2 checks 2, 3, 6, 7 and §6.3 checks 3 and 10: what was revoked since the token was issued.
#[rstest]
#[case::application_deleted("client", RevocationReason::ClientDeleted, "Application not found.")]
#[case::application_disabled("client", RevocationReason::ClientDisabled, "Application is disabled.")]
#[case::account_deleted("sub", RevocationReason::AccountDeleted, "User not found.")]
#[case::account_disabled("sub", RevocationReason::AccountDisabled, "User account is disabled.")]
#[case::client_revoked("client", RevocationReason::Revoked, "Invalid token.")]
#[case::signed_out("sid", RevocationReason::SignedOut, "Invalid token.")]
#[case::password_changed("sub", RevocationReason::PasswordChanged, "Invalid token.")]
#[case::token_revoked("jti", RevocationReason::Revoked, "Invalid token.")]
#[actix_web::test]
async fn what_was_revoked_is_refused_at_once(
    #[case] kind: &str,
    #[case] reason: RevocationReason,
    #[case] detail: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    for claims in [application_token, user_token] {
        let mut claims = claims("ada", "lasuite_visio rooms:list", service.clock.now());
        claims["sid"] = "session".into();
        let token = service.sign(&claims);
        let (kind, value) = match kind {
            "client" => (RevocationKind::Client, "booking".to_owned()),
            "sub" => (RevocationKind::Sub, account_id("ada")),
            "sid" => (RevocationKind::Sid, "session".to_owned()),
            _ => (RevocationKind::Jti, claims["jti"].as_str().unwrap().to_owned()),
        };
        service.send_with(&token, "GET", ROOMS).await;
        service.revoke(kind, &value, reason);
        service.send_with(&token, "GET", ROOMS).await.expect_detail(401, detail);
    }
}

/// §14.8: application checks win over user checks.
#[actix_web::test]
async fn a_disabled_application_is_told_before_a_disabled_account() {
    let service = Service::on(Backend::Sqlite).await;
    service.revoke(RevocationKind::Sub, &account_id("ada"), RevocationReason::AccountDisabled);
    service.revoke(RevocationKind::Client, "booking", RevocationReason::ClientDisabled);
    service.send("ada", "GET", ROOMS).await.expect_detail(401, "Application is disabled.");
}

/// §6.2, effects of later changes: a state that has ended lets the same token in again.
#[actix_web::test]
async fn an_account_that_is_enabled_again_gets_in_with_the_same_token() {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.token("ada");
    service.revoke(RevocationKind::Sub, &account_id("ada"), RevocationReason::AccountDisabled);
    service.send_with(&token, "GET", ROOMS).await.expect(401);
    service.lift(RevocationKind::Sub, &account_id("ada"), RevocationReason::AccountDisabled);
    service.send_with(&token, "GET", ROOMS).await.expect(200);
}

/// §6.3: a user's own token.
#[rstest]
#[case::seed("lasuite_visio rooms:list", 200, "")]
#[case::second_name("lasuite_meet rooms:list", 200, "")]
#[case::prefixed("lasuite_visio lasuite_visio:rooms:list", 200, "")]
#[case::no_base_scope("rooms:list", 403, "Insufficient permissions.")]
#[case::base_scope_in_upper_case("LASUITE_VISIO rooms:list", 403, "Insufficient permissions.")]
#[case::base_scope_alone("lasuite_visio", 403, "Insufficient permissions. Required scope: rooms:list")]
#[case::no_scope("", 401, "Invalid token.")]
#[actix_web::test]
async fn a_users_own_token_needs_the_base_scope(
    #[case] scope: &str,
    #[case] status: u16,
    #[case] detail: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.sign(&user_token("ada", scope, service.clock.now()));
    let answer = service.send_with(&token, "GET", ROOMS).await;
    if status == 200 { drop(answer.expect(200)) } else { answer.expect_detail(status, detail) }
}

/// §6.3: base scopes and prefixes are settings.
#[actix_web::test]
async fn the_base_scope_is_a_setting() {
    let settings = json!({"base_scopes": ["visio"], "scope_prefixes": []});
    let service = Service::with(Backend::Sqlite, settings).await;
    let token = |scope| service.sign(&user_token("ada", scope, service.clock.now()));
    service.send_with(&token("visio rooms:list"), "GET", ROOMS).await.expect(200);
    let answer = service.send_with(&token("lasuite_visio rooms:list"), "GET", ROOMS).await;
    answer.expect_detail(403, "Insufficient permissions.");
    let answer = service.send_with(&token("visio visio:rooms:list"), "GET", ROOMS).await;
    answer.expect_detail(403, "Insufficient permissions. Required scope: rooms:list");
}

/// §6.3 checks 6 to 9b, in their order. Without a subject (check 7) a token is not even one of the platform: RFC 9068
/// §2.2 requires the claim.
#[rstest]
#[case::no_client(json!({"client_id": ""}), 401, r#"{"detail":"Invalid token."}"#)]
#[case::no_subject(json!({"sub": ""}), 401, r#"{"detail":"Invalid token."}"#)]
#[case::unknown_subject(
    json!({"sub": "ada"}),
    401,
    r#"{"detail":"Login failed: No user found for the given access token."}"#
)]
#[case::a_clients_token(
    json!({"sub": "booking", "kind": "client"}),
    401,
    r#"{"detail":"Login failed: No user found for the given access token."}"#
)]
#[case::odd_subject(
    json!({"sub": "a b"}),
    400,
    r#"{"sub":["Enter a valid sub. This value may contain only letters, numbers, and @/./+/-/_ characters."]}"#
)]
#[case::base_scope_first(json!({"sub": "booking", "kind": "client", "scope": "rooms:list"}), 403,
    r#"{"detail":"Insufficient permissions."}"#)]
#[actix_web::test]
async fn a_users_own_token_with_wrong_claims_is_refused(
    #[case] wrong: Value,
    #[case] status: u16,
    #[case] body: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let mut claims = user_token("ada", "lasuite_visio rooms:list", service.clock.now());
    claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
    service.send_with(&service.sign(&claims), "GET", ROOMS).await.expect_body(status, body);
}

/// §6.3: a token that is wrapped in base64 is unwrapped; one that is not stays as it is.
#[actix_web::test]
async fn a_base64_wrapped_token_is_accepted() {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.own_token("ada");
    service.send_with(&STANDARD.encode(&token), "GET", ROOMS).await.expect(200);
    let twice = STANDARD.encode(STANDARD.encode(&token));
    service.send_with(&twice, "GET", ROOMS).await.expect_detail(401, "Invalid token.");
    let nonsense = STANDARD.encode([0xff, 0xfe, 0xfd]);
    service.send_with(&nonsense, "GET", ROOMS).await.expect_detail(401, "Invalid token.");
}

/// §6.3 check 1b: nobody can tell whether the token is good.
#[actix_web::test]
async fn without_keys_the_service_is_unavailable() {
    let service = Service::without_keys().await;
    let answer = service.send("ada", "GET", ROOMS).await;
    answer.expect_detail(503, "Service temporarily unavailable, try again later.");
}

/// §6.1: an id token is no access token.
#[actix_web::test]
async fn an_id_token_is_refused() {
    let service = Service::on(Backend::Sqlite).await;
    let claims = application_token("ada", ALL, service.clock.now());
    let token = service.keys().sign_as(TokenType::IdToken, &claims, service.clock.now()).unwrap();
    service.send_with(&token, "GET", ROOMS).await.expect_detail(401, "Invalid token.");
}
