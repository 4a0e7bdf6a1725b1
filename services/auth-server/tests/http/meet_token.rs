//! `contracts/meet.md` §4: the application token, row by row.

use std::time::Duration;

use auth_claims::claims::SubjectKind;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType, Registration};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Credentials, FORM, ISSUER, MEET, Spawned, part, scopes, send};

const SLASHLESS: &str = "/external-api/v1.0/application/token";
const EMAIL: &str = "nadia@agency.example";

async fn world(backend: Backend) -> (Spawned, Credentials) {
    let app = Spawned::on(backend).await;
    let client = app.application("meet").await;
    app.account("nadia").await;
    (app, client)
}

/// A valid request but for these fields.
fn body(client: &Credentials, more: Value) -> Value {
    let mut body = json!({
        "client_id": client.id, "client_secret": client.secret, "grant_type": "client_credentials", "scope": EMAIL,
    });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn post_json(app: &Spawned, body: &Value) -> Answer {
    send(app.request(Method::POST, MEET).json(body)).await
}

async fn post_as(app: &Spawned, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    send(app.request(Method::POST, MEET).header("content-type", content_type).body(body.into())).await
}

#[track_caller]
fn assert_said(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, body), "{answer:?}");
    assert_common_headers(answer);
}

/// §2.4: on every answer with a body.
#[track_caller]
fn assert_common_headers(answer: &Answer) {
    for (name, value) in [
        ("content-type", "application/json"),
        ("allow", "POST, OPTIONS"),
        ("vary", "origin, Accept-Language, Cookie"),
        ("x-frame-options", "DENY"),
        ("content-language", "en-us"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {answer:?}");
    }
    let challenge = if answer.status == 401 { "Session" } else { "" };
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.header("content-length"), answer.text.len().to_string());
}

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
        roles: vec![auth_claims::roles::Role::Agent],
        ..AccountProfile::new("sam")
    };
    let new = identity::accounts::NewAccount { profile, password: identity::accounts::NewPassword::None };
    app.identity.create_account(new, &Origin::default()).await.expect("an account");
    let claims = app.meet(&client, "sam@agency.example").await.claims();
    assert_eq!(
        (claims.name.as_deref(), claims.roles),
        (Some("Sam Roe"), vec![auth_claims::roles::Role::Agent])
    );
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
        json!({
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
    assert_eq!(send(request.json(&body(&client, json!({})))).await.status, 200);
    let alone = app.request(Method::POST, MEET).basic_auth(&client.id, Some(&client.secret));
    let answer = send(alone.json(&json!({"grant_type": "client_credentials", "scope": EMAIL}))).await;
    let required = r#"{"client_id":["This field is required."],"client_secret":["This field is required."]}"#;
    assert_said(&answer, 400, required);
}

// --- the three body types, §2.3 ---

#[actix_web::test]
async fn a_secret_survives_form_encoding() {
    let (app, _) = world(Backend::Sqlite).await;
    let registration = Registration { scopes: scopes("rooms:list"), ..Registration::new("odd") };
    let secret = format!("p&s=w+1%{}", "x".repeat(32));
    let new = identity::clients::NewClient {
        id: Some("odd".parse().expect("a client id")),
        kind: ClientKind::Application,
        registration,
        secret: identity::clients::NewSecret::Given(secret.as_str().into()),
    };
    app.identity.create_client(new, &Origin::default()).await.expect("a client");
    let client = Credentials { id: "odd".to_owned(), secret };
    assert_eq!(app.meet(&client, EMAIL).await.status, 200);
}

#[rstest]
#[case::json_with_parameters("application/json; charset=utf-8")]
#[case::json_in_capitals("Application/JSON")]
#[actix_web::test]
async fn json_is_json_whatever_its_parameters(#[case] content_type: &str) {
    let (app, client) = world(Backend::Sqlite).await;
    let body = body(&client, json!({})).to_string();
    assert_eq!(post_as(&app, content_type, body).await.status, 200);
}

#[actix_web::test]
async fn multipart_is_accepted() {
    let (app, client) = world(Backend::Sqlite).await;
    let mut text = String::new();
    for (name, value) in body(&client, json!({})).as_object().expect("an object") {
        let value = value.as_str().expect("a text");
        text.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    text.push_str("--b--\r\n");
    assert_eq!(post_as(&app, "multipart/form-data; boundary=b", text).await.status, 200);
    let broken = post_as(&app, "multipart/form-data", "x").await;
    assert_eq!(broken.status, 400);
    let said = broken.json()["detail"].as_str().expect("a detail").to_owned();
    assert!(said.starts_with("Multipart form parse error - "), "{said}");
}

#[actix_web::test]
async fn of_a_repeated_form_field_the_last_counts() {
    let (app, client) = world(Backend::Sqlite).await;
    let body = format!(
        "client_id=other&client_id={}&client_secret={}&grant_type=client_credentials&scope={EMAIL}",
        client.id, client.secret
    );
    assert_eq!(post_as(&app, FORM, body).await.status, 200);
}

#[actix_web::test]
async fn query_values_are_no_fields() {
    let (app, client) = world(Backend::Sqlite).await;
    let mut body = body(&client, json!({}));
    body.as_object_mut().expect("an object").remove("scope");
    let answer = send(app.request(Method::POST, &format!("{MEET}?scope={EMAIL}")).json(&body)).await;
    assert_said(&answer, 400, r#"{"scope":["This field is required."]}"#);
}

// --- §4.4, row by row ---

#[rstest]
#[case::html("text/html")]
#[case::other_json("application/vnd.api+json")]
#[actix_web::test]
async fn row_01_accept_excludes_json(
    #[case] accept: &str,
    #[values(Method::POST, Method::GET, Method::OPTIONS)] method: Method,
) {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = send(app.request(method, MEET).header("accept", accept)).await;
    assert_said(&answer, 406, r#"{"detail":"Could not satisfy the request Accept header."}"#);
}

#[rstest]
#[case("api", 404)]
#[case("xml", 404)]
#[case("json", 200)]
#[case("", 200)]
#[actix_web::test]
async fn row_01_format_in_the_query(#[case] format: &str, #[case] status: u16) {
    let (app, client) = world(Backend::Sqlite).await;
    let request = app.request(Method::POST, &format!("{MEET}?format={format}"));
    let answer = send(request.json(&body(&client, json!({})))).await;
    assert_eq!(answer.status, status);
    if status == 404 {
        assert_said(&answer, 404, r#"{"detail":"Not found."}"#);
    }
}

#[rstest]
#[actix_web::test]
async fn row_02_another_method(
    #[values(Method::GET, Method::PUT, Method::PATCH, Method::DELETE)] method: Method,
    #[values(MEET, SLASHLESS)] path: &str,
    #[values(true, false)] enabled: bool,
) {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.meet.enabled = enabled).await;
    let answer = send(app.request(method.clone(), path)).await;
    assert_said(&answer, 405, &format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#));
}

#[actix_web::test]
async fn row_02_head_is_another_method() {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = send(app.request(Method::HEAD, MEET)).await;
    assert_eq!((answer.status, answer.text.as_str(), answer.header("allow")), (405, "", "POST, OPTIONS"));
}

#[actix_web::test]
async fn row_02_options_describes_the_route() {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = send(app.request(Method::OPTIONS, MEET)).await;
    assert_eq!(answer.status, 200);
    assert_common_headers(&answer);
    let said = answer.json();
    assert!(said["name"].is_string() && said["description"].is_string());
    assert_eq!(said["renders"], json!(["application/json"]));
    let parses = json!(["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]);
    assert_eq!(said["parses"], parses);
}

#[actix_web::test]
async fn a_preflight_is_answered_before_everything() {
    let (app, _) = world(Backend::Sqlite).await;
    let request = app.request(Method::OPTIONS, &format!("{MEET}?format=xml")).header("accept", "text/html");
    let request =
        request.header("origin", "https://a.example").header("access-control-request-method", "POST");
    let answer = send(request).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

/// Before the body is read: it wins over 415 and 400.
#[rstest]
#[case::valid(FORM, "x=1")]
#[case::another_type("text/plain", "x")]
#[case::malformed("application/json", "{")]
#[actix_web::test]
async fn row_03_the_feature_is_off(#[case] content_type: &str, #[case] body: &str) {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.meet.enabled = false).await;
    assert_said(&post_as(&app, content_type, body).await, 404, r#"{"detail":"Not found."}"#);
}

#[actix_web::test]
async fn row_03_the_route_is_off() {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.meet.routed = false).await;
    for path in [MEET, SLASHLESS] {
        let answer = app.post(path, &[("x", "1")]).await;
        assert_eq!((answer.status, answer.header("allow")), (404, ""));
    }
}

#[rstest]
#[case::text("text/plain", r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#)]
#[case::with_parameters(
    "text/plain; charset=utf-8",
    r#"{"detail":"Unsupported media type \"text/plain; charset=utf-8\" in request."}"#
)]
#[case::json_api(
    "application/vnd.api+json",
    r#"{"detail":"Unsupported media type \"application/vnd.api+json\" in request."}"#
)]
#[actix_web::test]
async fn row_04_another_media_type(#[case] content_type: &str, #[case] said: &str) {
    let (app, _) = world(Backend::Sqlite).await;
    assert_said(&post_as(&app, content_type, "x").await, 415, said);
}

#[actix_web::test]
async fn row_04_no_media_type() {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = send(app.request(Method::POST, MEET).body("x")).await;
    assert_said(&answer, 415, r#"{"detail":"Unsupported media type \"\" in request."}"#);
}

#[rstest]
#[case("text/plain")]
#[case("application/json")]
#[case("multipart/form-data")]
#[actix_web::test]
async fn row_04_an_empty_body_is_an_empty_object(#[case] content_type: &str) {
    let (app, _) = world(Backend::Sqlite).await;
    assert_said(&post_as(&app, content_type, "").await, 400, ALL_MISSING);
}

const ALL_MISSING: &str = r#"{"client_id":["This field is required."],"client_secret":["This field is required."],"grant_type":["This field is required."],"scope":["This field is required."]}"#;

#[rstest]
#[case::cut("{")]
#[case::single_quotes("{'a': 1}")]
#[case::trailing("{} x")]
#[case::not_utf8("\"\u{fffd}")]
#[actix_web::test]
async fn row_04_malformed_json(#[case] text: &str) {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = post_as(&app, "application/json", text).await;
    assert_eq!(answer.status, 400);
    assert_common_headers(&answer);
    let said = answer.json()["detail"].as_str().expect("a detail").to_owned();
    assert!(said.starts_with("JSON parse error - "), "{said}");
}

#[rstest]
#[case("null", r#"{"non_field_errors":["No data provided"]}"#)]
#[case("[]", r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#)]
#[case("\"a\"", r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}"#)]
#[case("7", r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}"#)]
#[case("7.0", r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got float."]}"#)]
#[case("false", r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got bool."]}"#)]
#[actix_web::test]
async fn row_04_json_that_is_no_object(#[case] text: &str, #[case] said: &str) {
    let (app, _) = world(Backend::Sqlite).await;
    assert_said(&post_as(&app, "application/json", text).await, 400, said);
}

#[actix_web::test]
async fn row_04_a_body_over_64_kib() {
    let (app, _) = world(Backend::Sqlite).await;
    let answer = post_as(&app, FORM, vec![b'a'; 64 * 1024 + 1]).await;
    assert_said(&answer, 413, r#"{"detail":"Request body is too large."}"#);
}

#[rstest]
#[case::null(json!({"client_id": null}), r#"{"client_id":["This field may not be null."]}"#)]
#[case::null_grant(json!({"grant_type": null}), r#"{"grant_type":["This field may not be null."]}"#)]
#[case::empty(json!({"client_secret": ""}), r#"{"client_secret":["This field may not be blank."]}"#)]
#[case::blank(json!({"scope": " \t "}), r#"{"scope":["This field may not be blank."]}"#)]
#[case::boolean(json!({"scope": true}), r#"{"scope":["Not a valid string."]}"#)]
#[case::array(json!({"client_id": ["meet"]}), r#"{"client_id":["Not a valid string."]}"#)]
#[case::object(json!({"client_secret": {}}), r#"{"client_secret":["Not a valid string."]}"#)]
#[case::nul(json!({"scope": "a\u{0}@b.example"}), r#"{"scope":["Null characters are not allowed."]}"#)]
#[case::choice(json!({"grant_type": "password"}), r#"{"grant_type":["\"password\" is not a valid choice."]}"#)]
#[case::empty_choice(json!({"grant_type": ""}), r#"{"grant_type":["\"\" is not a valid choice."]}"#)]
#[case::untrimmed(json!({"grant_type": "client_credentials "}), r#"{"grant_type":["\"client_credentials \" is not a valid choice."]}"#)]
#[case::several(json!({"scope": null, "client_id": []}), r#"{"client_id":["Not a valid string."],"scope":["This field may not be null."]}"#)]
#[actix_web::test]
async fn row_05_field_validation(#[case] fields: Value, #[case] said: &str) {
    let (app, client) = world(Backend::Sqlite).await;
    assert_said(&post_json(&app, &body(&client, fields)).await, 400, said);
}

#[actix_web::test]
async fn row_05_all_missing() {
    let (app, _) = world(Backend::Sqlite).await;
    assert_said(&post_json(&app, &json!({})).await, 400, ALL_MISSING);
}

/// It precedes the credentials: nobody has to hold valid ones to see it.
#[actix_web::test]
async fn row_05_precedes_row_06() {
    let (app, client) = world(Backend::Sqlite).await;
    let body = body(&client, json!({"client_secret": "wrong", "grant_type": "x"}));
    assert_eq!(post_json(&app, &body).await.status, 400);
}

const INVALID: &str = r#"{"detail":"Invalid credentials","error":"Invalid credentials"}"#;

#[rstest]
#[actix_web::test]
async fn row_06_unknown_application_wrong_secret_and_wrong_secret_of_an_inactive_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client) = world(backend).await;
    let wrong = Credentials { secret: "y".repeat(40), ..client.clone() };
    for id in ["nobody", "MEET", "no id at all", "ünknown"] {
        let unknown = Credentials { id: id.to_owned(), secret: client.secret.clone() };
        assert_said(&app.meet(&unknown, EMAIL).await, 401, INVALID);
    }
    assert_said(&app.meet(&wrong, EMAIL).await, 401, INVALID);
    app.enable_client("meet", false).await;
    assert_said(&app.meet(&wrong, EMAIL).await, 401, INVALID);
}

/// Only an application names the user it acts for. Any other client could otherwise become anybody.
#[actix_web::test]
async fn row_06_another_kind_of_client_is_an_unknown_application() {
    let (app, _) = world(Backend::Sqlite).await;
    let service = app.client("service", ClientKind::Service, |r| r.grants = GrantType::ALL.to_vec()).await;
    assert_said(&app.meet(&service, EMAIL).await, 401, INVALID);
    let public = app.client("public", ClientKind::Public, |r| r.grants = vec![GrantType::RefreshToken]).await;
    let public = Credentials { secret: "x".to_owned(), ..public };
    assert_said(&app.meet(&public, EMAIL).await, 401, INVALID);
}

#[rstest]
#[actix_web::test]
async fn row_07_right_secret_of_an_inactive_application(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client) = world(backend).await;
    app.enable_client("meet", false).await;
    let said = r#"{"detail":"Application is inactive","error":"Application is inactive"}"#;
    assert_said(&app.meet(&client, EMAIL).await, 401, said);
    assert_said(&app.meet(&client, "no e-mail").await, 401, said);
}

#[rstest]
#[case("a@b")]
#[case("u@e.c")]
#[case("u@-x.com")]
#[case("u@1.2.3.4")]
#[case("u@example.com.")]
#[case("Name <u@e.com>")]
#[case("a@b.co,c@d.co")]
#[case("u@e.co rooms:list")]
#[case("rooms:list")]
#[case(&format!("{}@example.com", "a".repeat(309)))]
#[actix_web::test]
async fn row_08_scope_is_no_email_address(#[case] scope: &str) {
    let (app, client) = world(Backend::Sqlite).await;
    app.reregister("meet", |r| r.domains = vec!["other.example".to_owned()]).await;
    assert_said(
        &app.meet(&client, scope).await,
        400,
        r#"{"error":"Scope should be a valid email address."}"#,
    );
}

#[rstest]
#[case::another("nadia@agency.example", false)]
#[case::sub_domain("x@sub.allowed.org", false)]
#[case::long_local_part(&format!("{}@allowed.org", "a".repeat(65)), false)]
#[case::allowed("x@allowed.org", true)]
#[case::letter_case("x@ALLOWED.org", true)]
#[actix_web::test]
async fn row_09_the_domain_is_not_one_of_the_applications(#[case] email: &str, #[case] allowed: bool) {
    let (app, client) = world(Backend::Sqlite).await;
    app.reregister("meet", |r| r.domains = vec!["allowed.org".to_owned()]).await;
    let answer = app.meet(&client, email).await;
    if allowed {
        assert_eq!(answer.status, 404, "it gets as far as row 11");
    } else {
        let said = r#"{"error":"This application is not authorized for this email domain."}"#;
        assert_said(&answer, 403, said);
    }
}

/// Row 10 needs two accounts with one e-mail address, which the directory does not hold.
#[rstest]
#[actix_web::test]
async fn row_10_cannot_happen(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, _) = world(backend).await;
    let profile =
        AccountProfile { email: Some("NADIA@agency.EXAMPLE".to_owned()), ..AccountProfile::new("other") };
    let new = identity::accounts::NewAccount { profile, password: identity::accounts::NewPassword::None };
    let refused = app.identity.create_account(new, &Origin::default()).await;
    assert!(matches!(refused, Err(identity::IdentityError::Taken(_))), "{refused:?}");
}

#[rstest]
#[actix_web::test]
async fn row_11_nobody_has_the_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, client) = world(backend).await;
    let said = r#"{"detail":"User not found.","error":"User not found."}"#;
    assert_said(&app.meet(&client, "nobody@agency.example").await, 404, said);
    let longest = format!("{}@example.com", "a".repeat(300));
    assert_said(&app.meet(&client, &longest).await, 404, said);
}

#[actix_web::test]
async fn row_12_an_address_that_cannot_be_stored() {
    let app = Spawned::with(Backend::Sqlite, |settings| settings.meet.allow_user_creation = true).await;
    let client = app.application("meet").await;
    let longest = format!("{}@example.com", "a".repeat(300));
    let said = r#"{"error":"Failed to create or retrieve provisional user."}"#;
    assert_said(&app.meet(&client, &longest).await, 409, said);
}

// --- §4.5: who is acted for ---

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

// --- §10.2 ---

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
