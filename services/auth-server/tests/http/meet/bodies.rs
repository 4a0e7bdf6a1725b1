//! §2.3 and row 4 of §4.4: the three body types, and what is none of them.

use identity::audit::Origin;
use identity::clients::{ClientKind, NewClient, NewSecret, Registration};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Backend, Credentials, FORM, MEET, scopes, send};
use crate::meet::{ALL_MISSING, EMAIL, assert_common_headers, assert_said, body, post_as, world};

#[actix_web::test]
async fn a_secret_survives_form_encoding() {
    let (app, _) = world(Backend::Sqlite).await;
    let registration = Registration { scopes: scopes("rooms:list"), ..Registration::new("odd") };
    let secret = format!("p&s=w+1%{}", "x".repeat(32));
    let new = NewClient {
        id: Some("odd".parse().expect("a client id")),
        kind: ClientKind::Application,
        registration,
        secret: NewSecret::Given(secret.as_str().into()),
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
    let body = body(&client, &json!({})).to_string();
    assert_eq!(post_as(&app, content_type, body).await.status, 200);
}

#[actix_web::test]
async fn multipart_is_accepted() {
    let (app, client) = world(Backend::Sqlite).await;
    let fields = body(&client, &json!({}));
    let parts = fields.as_object().expect("an object").iter().map(|(name, value)| {
        let value = value.as_str().expect("a text");
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let text = parts.chain(["--b--\r\n".to_owned()]).collect::<String>();
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
    let mut body = body(&client, &json!({}));
    body.as_object_mut().expect("an object").remove("scope");
    let answer = send(app.request(Method::POST, &format!("{MEET}?scope={EMAIL}")).json(&body)).await;
    assert_said(&answer, 400, r#"{"scope":["This field is required."]}"#);
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
