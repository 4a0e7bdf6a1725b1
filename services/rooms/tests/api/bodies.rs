//! §2.3: request bodies.

use rstest::rstest;
use serde_json::json;

use crate::support::{Answer, Backend, ROOMS, Service};

/// §2.3: media types and what is said to bodies that are no object.
#[rstest]
#[case::json("application/json", r#"{"access_level":"restricted"}"#, 201, "")]
#[case::json_with_parameters("Application/JSON; charset=utf-8", "{}", 201, "")]
#[case::empty_json("application/json", "", 201, "")]
#[case::empty_text("text/plain", "", 201, "")]
#[case::null("application/json", "null", 400, r#"{"non_field_errors":["No data provided"]}"#)]
#[case::list(
    "application/json",
    "[]",
    400,
    r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#
)]
#[case::string(
    "application/json",
    "\"a\"",
    400,
    r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}"#
)]
#[case::integer(
    "application/json",
    "1",
    400,
    r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}"#
)]
#[case::float(
    "application/json",
    "1.5",
    400,
    r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got float."]}"#
)]
#[case::boolean(
    "application/json",
    "true",
    400,
    r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got bool."]}"#
)]
#[case::text("text/plain", "x", 415, r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#)]
#[case::urlencoded(
    "application/x-www-form-urlencoded; charset=utf-8",
    "access_level=trusted",
    415,
    r#"{"detail":"Unsupported media type \"application/x-www-form-urlencoded; charset=utf-8\" in request."}"#
)]
#[case::vendor_json(
    "application/vnd.api+json",
    "{}",
    415,
    r#"{"detail":"Unsupported media type \"application/vnd.api+json\" in request."}"#
)]
#[case::empty_type("", "{}", 415, r#"{"detail":"Unsupported media type \"\" in request."}"#)]
#[actix_web::test]
async fn a_body_is_json_or_multipart_or_nothing(
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] status: u16,
    #[case] expected: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_body("ada", content_type, body).await;
    if status == 201 { drop(answer.expect(201)) } else { answer.expect_body(status, expected) }
}

/// §2.3: a body without any Content-Type header.
#[actix_web::test]
async fn a_body_without_a_type_is_unsupported() {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_with(&service.token("ada"), "POST", ROOMS).body("{}");
    let answer = Answer::read(request.send().await.unwrap()).await;
    answer.expect_detail(415, "Unsupported media type \"\" in request.");
}

/// §2.3: malformed JSON; only the beginning of the sentence is fixed.
#[rstest]
#[case::brace(b"{".as_slice())]
#[case::not_a_number(b"{\"access_level\": NaN}")]
#[case::trailing(b"{} x")]
#[case::blank(b" ")]
#[case::not_utf8(b"{\"access_level\": \"\xff\"}")]
#[case::lone_surrogate(b"{\"access_level\": \"\\ud800\"}")]
#[actix_web::test]
async fn malformed_json_is_a_parse_error(#[case] body: &[u8]) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_body("ada", "application/json", body).await.expect(400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("JSON parse error - "), "{detail}");
}

fn form(parts: &str) -> (&'static str, String) {
    let parts = parts.split('&').map(|part| {
        let (name, value) = part.split_once('=').unwrap();
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    ("multipart/form-data; boundary=b", parts.chain(["--b--\r\n".to_owned()]).collect())
}

/// §2.3, §8.3: multipart bodies take scalar fields.
#[rstest]
#[case::level("access_level=restricted", "restricted")]
#[case::last_value_counts("access_level=public&access_level=restricted", "restricted")]
#[case::empty_is_absent("access_level=&configuration=&x=y", "trusted")]
#[actix_web::test]
async fn a_multipart_body_is_read(#[case] parts: &str, #[case] level: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let (content_type, body) = form(parts);
    let room = service.send_body("ada", content_type, body).await.expect(201);
    assert_eq!(room.json()["access_level"], level);
}

/// §8.3: a configuration has no form in multipart bodies.
#[rstest]
#[case::text("configuration={}", "{}")]
#[case::brackets("configuration[everyone_can_mute]=yes", "yes")]
#[actix_web::test]
async fn a_multipart_configuration_is_refused(#[case] parts: &str, #[case] input: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let (content_type, body) = form(parts);
    let problem = &service.send_body("ada", content_type, body).await.expect(400).json()["configuration"][0];
    assert_eq!((&problem["type"], &problem["input"]), (&json!("model_type"), &json!(input)));
}

/// §2.3: multipart bodies that cannot be read.
#[rstest]
#[case::no_boundary(
    "multipart/form-data",
    "x",
    "Multipart form parse error - Invalid boundary in multipart: None"
)]
#[case::cut_off(
    "multipart/form-data; boundary=b",
    "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
    ""
)]
#[actix_web::test]
async fn malformed_multipart_is_a_parse_error(
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] expected: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_body("ada", content_type, body).await.expect(400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("Multipart form parse error - "), "{detail}");
    assert!(expected.is_empty() || detail == expected, "{detail}");
}

/// §2.3: values in the query string are no fields of the body.
#[actix_web::test]
async fn the_query_string_fills_no_fields() {
    let service = Service::on(Backend::Sqlite).await;
    let room = service.send("ada", "POST", &format!("{ROOMS}?access_level=restricted")).await.expect(201);
    assert_eq!(room.json()["access_level"], "trusted");
}
