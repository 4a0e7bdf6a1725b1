//! §8: what is said to requests that cannot be answered.

use rstest::rstest;
use serde_json::json;

use crate::support::{APPLICATIONS, Answer, Backend, Service, path};

/// §8: 405 lists the methods of the path.
#[rstest]
#[case::item("PATCH", "/api/applications/a", "GET, PUT, DELETE")]
#[case::item_post("POST", "/api/applications/a", "GET, PUT, DELETE")]
#[case::item_unknown("BREW", "/api/applications/a", "GET, PUT, DELETE")]
#[case::collection("DELETE", "/api/applications", "GET, POST")]
#[case::availability("PUT", "/api/applications/a/availability", "GET")]
#[case::organisation("POST", "/api/applications/organizations/a", "GET")]
#[actix_web::test]
async fn another_method_is_not_allowed(#[case] method: &str, #[case] path: &str, #[case] allow: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send("GLOBAL_ADMIN", method, path).await;
    let message = format!("Request method '{method}' is not supported");
    answer.expect_boot(405, "Method Not Allowed", &message, path);
    assert_eq!(answer.header("allow"), allow);
}

#[actix_web::test]
async fn options_tells_the_methods() {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send("", "OPTIONS", &path("a")).await;
    answer.expect_nothing(200);
    assert_eq!(answer.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
}

/// §1: a slash at the end leads nowhere, and neither does anything else below the prefix.
#[rstest]
#[case("/api/applications/")]
#[case("/api/applications/a/")]
#[case("/api/applications//")]
#[case("/api/applications//availability")]
#[case("/api/applications/a/availability/")]
#[case("/api/applications/a/Availability")]
#[case("/api/applications/organizations/")]
#[case("/api/applications/organizations/a/")]
#[case("/api/applications/organizations/a/b")]
#[case("/api/applications/a/b%20c?x=y")]
#[actix_web::test]
async fn unknown_paths_lead_nowhere(
    #[case] path: &str,
    #[values("GET", "POST", "PUT", "DELETE", "PATCH")] method: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send("GLOBAL_ADMIN", method, path).await;
    let path = path.split('?').next().unwrap();
    answer.expect_boot(404, "Not Found", "No resource at this path", path);
}

/// What is switched off is not there.
#[actix_web::test]
async fn a_service_that_is_switched_off_has_no_paths() {
    let service = Service::with(Backend::Sqlite, json!({"enabled": false})).await;
    for path in [APPLICATIONS, "/api/applications/a", "/api/applications/organizations/a"] {
        let answer = service.get("GLOBAL_ADMIN", path).await;
        answer.expect_boot(404, "Not Found", "No resource at this path", path);
        assert_eq!(Answer::read(service.request("GET", path).send().await.unwrap()).await.status, 401);
    }
}

/// §8: 406 where there is a body to be accepted, before anything is done.
#[actix_web::test]
async fn whoever_takes_no_json_gets_406() {
    let service = Service::on(Backend::Sqlite).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let body = r#"{"type":"TEST","config":{}}"#;
    let call = async |method: &str, path: &str| {
        let request = service
            .request_as("GLOBAL_ADMIN@helios", method, path)
            .header("accept", "text/html, application/xml");
        let request = request.header("content-type", "application/json");
        Answer::read(request.body(body).send().await.unwrap()).await
    };
    let message = "Acceptable representations: [application/json]";
    for (method, path) in [
        ("GET", APPLICATIONS),
        ("POST", APPLICATIONS),
        ("GET", "/api/applications/a"),
        ("GET", "/api/applications/a/availability"),
        ("GET", "/api/applications/organizations/org-helios"),
    ] {
        call(method, path).await.expect_boot(406, "Not Acceptable", message, path);
    }
    assert_eq!(service.get("GLOBAL_ADMIN", APPLICATIONS).await.json()["totalElements"], 1);
    call("PUT", "/api/applications/a").await.expect_nothing(204);
    call("DELETE", "/api/applications/a").await.expect_nothing(204);
}

/// §8: POST and PUT with another content type or none.
#[rstest]
#[case::none("")]
#[case::text("text/plain")]
#[case::form("application/x-www-form-urlencoded")]
#[case::vendor("application/vnd.api+json")]
#[case::charset("application/json; charset=utf-16")]
#[actix_web::test]
async fn another_content_type_is_unsupported(
    #[case] content_type: &str,
    #[values(("POST", APPLICATIONS), ("PUT", "/api/applications/a"))] route: (&str, &str),
) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_as("GLOBAL_ADMIN@helios", route.0, route.1);
    let request =
        if content_type.is_empty() { request } else { request.header("content-type", content_type) };
    let body = r#"{"type":"TEST","config":{}}"#;
    let answer = Answer::read(request.body(body).send().await.unwrap()).await;
    let message = "Content-Type is not supported, application/json is";
    answer.expect_boot(415, "Unsupported Media Type", message, route.1);
}

/// §8: bodies that ask for nothing. No answer repeats what was sent.
#[rstest]
#[case::nothing("", "Required request body is missing")]
#[case::cut("{\"type\":\"TEST\"", "Malformed JSON request")]
#[case::list("[]", "Malformed JSON request")]
#[case::two("{} {}", "Malformed JSON request")]
#[case::no_type(r#"{"config":{}}"#, "type is required")]
#[case::no_config(r#"{"type":"TEST"}"#, "config is required")]
#[case::null_config(r#"{"type":"TEST","config":null}"#, "config is required")]
#[case::list_config(r#"{"type":"TEST","config":[]}"#, "config must be an object")]
#[case::flag(r#"{"type":"TEST","config":{},"disabled":"s3cret"}"#, "disabled must be true or false")]
#[case::kind(
    r#"{"type":"s3cret","config":{}}"#,
    "type must be one of GENESYS, STANDALONE_OPENID, TALKDESK_OPENID, NICE_CXONE_OPENID, TEST, SETUP_TEST"
)]
#[case::surrogate(r#"{"type":"TEST","config":{"a":"\ud800"}}"#, "JSON holds an unpaired surrogate")]
#[actix_web::test]
async fn a_body_that_asks_for_nothing_is_refused(
    #[case] body: &str,
    #[case] message: &str,
    #[values(("POST", APPLICATIONS), ("PUT", "/api/applications/a"))] route: (&str, &str),
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_text("GLOBAL_ADMIN@helios", route.0, route.1, body).await;
    answer.expect_boot(400, "Bad Request", message, route.1);
}

/// §4.6.
#[rstest]
#[case("1.0")]
#[case("\"0\"")]
#[case("9223372036854775808")]
#[case("1e3")]
#[actix_web::test]
async fn a_version_is_an_integer(#[case] version: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let body = format!(r#"{{"type":"TEST","config":{{}},"version":{version}}}"#);
    let answer = service.send_text("GLOBAL_ADMIN", "PUT", &path("a"), body).await;
    answer.expect_boot(400, "Bad Request", "version must be an integer of 64 bits", &path("a"));
}

/// §8: the path is the one that was sent.
#[actix_web::test]
async fn the_path_in_an_error_is_as_it_was_sent() {
    let service = Service::on(Backend::Sqlite).await;
    for id in ["%22%5C", "a%20b", "'"] {
        let answer = service.get("AGENT@helios", &format!("{}?secret=s3cret", path(id))).await;
        answer.expect_unknown(&path(id));
    }
}
