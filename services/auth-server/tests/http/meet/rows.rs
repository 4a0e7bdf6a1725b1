//! §4.4, row by row; row 4 is in `bodies.rs`.

use identity::accounts::{AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Backend, Credentials, FORM, MEET, Spawned, send};
use crate::meet::{
    ALL_MISSING, EMAIL, SLASHLESS, assert_common_headers, assert_said, body, post_as, post_json, world,
};

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
    let answer = send(request.json(&body(&client, &json!({})))).await;
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
    assert_said(&post_json(&app, &body(&client, &fields)).await, 400, said);
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
    let body = body(&client, &json!({"client_secret": "wrong", "grant_type": "x"}));
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
    let new = NewAccount { profile, password: NewPassword::None };
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
