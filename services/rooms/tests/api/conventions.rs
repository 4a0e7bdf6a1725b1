//! §1, §2.1, §2.2, §2.4: slashes, negotiation, response headers, and paths that lead nowhere.

use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Answer, Backend, ROOMS, Service, room_path};

/// §2.1: both slash forms are served, and none redirects to the other.
#[rstest]
#[actix_web::test]
async fn both_slash_forms_are_served_for_every_route(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("", "/")] slash: &str,
) {
    let service = Service::on(backend).await;
    let room = service.send("ada", "POST", &format!("{ROOMS}{slash}")).await.expect(201);
    let (item, attendees) = (room_path(&room), format!("{}/attendees", room_path(&room)));
    let attendee = service.invite("ada", &room, "bob", "member").await.id();
    for (method, path, status) in [
        ("GET", ROOMS, 200),
        ("GET", &item, 200),
        ("PATCH", &item, 200),
        ("GET", &attendees, 200),
        ("POST", &attendees, 400),
        ("DELETE", &format!("{attendees}/{attendee}"), 204),
        ("DELETE", &item, 204),
    ] {
        service.send("ada", method, &format!("{path}{slash}")).await.expect(status);
    }
}

/// §2.1: links echo the form that the client used.
#[rstest]
#[case::without("", "page=2&page_size=1")]
#[case::with("/", "page=2&page_size=1")]
#[actix_web::test]
async fn links_echo_the_slash_form(#[case] slash: &str, #[case] query: &str) {
    let service = Service::on(Backend::Sqlite).await;
    service.room_of("ada").await;
    service.room_of("ada").await;
    let page = service.send("ada", "GET", &format!("{ROOMS}{slash}?page_size=1")).await.expect(200).json();
    assert_eq!(page["next"], format!("{}{ROOMS}{slash}?{query}", service.url()));
}

/// §2.2: what `Accept` may say.
#[rstest]
#[case::everything("*/*")]
#[case::application("application/*")]
#[case::json("application/json")]
#[case::among_others("text/html, application/json;q=0.5")]
#[actix_web::test]
async fn an_accept_header_that_includes_json_is_fine(#[case] accept: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_with(&service.token("ada"), "GET", ROOMS).header("accept", accept);
    let answer = Answer::read(request.send().await.unwrap()).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
}

/// §2.2: 406, before authentication.
#[rstest]
#[case::html("text/html")]
#[case::vendor("application/vnd.api+json")]
#[case::weight_zero("application/json;q=0")]
#[actix_web::test]
async fn an_accept_header_that_excludes_json_is_refused_before_the_token_is_looked_at(#[case] accept: &str) {
    let service = Service::on(Backend::Sqlite).await;
    for method in ["GET", "POST", "PUT"] {
        let answer = service.request(method, ROOMS).header("accept", accept).send().await.unwrap();
        Answer::read(answer).await.expect_detail(406, "Could not satisfy the request Accept header.");
    }
}

/// §2.2: `?format=json` is ignored, any other value is 404, before authentication and before `Accept`.
#[rstest]
#[case::json("format=json", 200)]
#[case::empty("format=", 200)]
#[case::html("format=html", 404)]
#[case::upper_case("format=JSON", 404)]
#[case::last_counts("format=json&format=api", 404)]
#[actix_web::test]
async fn another_format_is_not_found(#[case] query: &str, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    service.send("ada", "GET", &format!("{ROOMS}?{query}")).await.expect(status);
    let anonymous = service.request("GET", &format!("{ROOMS}?{query}"));
    let answer = Answer::read(anonymous.header("accept", "text/html").send().await.unwrap()).await;
    match status {
        404 => answer.expect_detail(404, "Not found."),
        _ => answer.expect_detail(406, "Could not satisfy the request Accept header."),
    }
}

/// §2.2: compact JSON, non-ASCII characters as they are, no charset.
#[actix_web::test]
async fn json_is_compact_and_not_escaped() {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_json("ada", "POST", ROOMS, json!({"access_level": "été"})).await;
    answer.expect_body(400, r#"{"access_level":["\"été\" is not a valid choice."]}"#);
    assert_eq!(answer.header("content-type"), "application/json");
}

/// §2.4: headers of every JSON response, and `Allow` of every route.
#[rstest]
#[case::collection("GET", "", 200, "GET, POST, HEAD, OPTIONS")]
#[case::collection_refused("PATCH", "", 405, "GET, POST, HEAD, OPTIONS")]
#[case::item("GET", "/{id}", 200, "GET, PATCH, DELETE, HEAD, OPTIONS")]
#[case::item_unknown("GET", "/{unknown}", 404, "GET, PATCH, DELETE, HEAD, OPTIONS")]
#[case::attendees("GET", "/{id}/attendees", 200, "GET, POST, HEAD, OPTIONS")]
#[case::attendee("DELETE", "/{id}/attendees/{unknown}", 404, "DELETE, OPTIONS")]
#[actix_web::test]
async fn every_response_carries_the_headers_of_the_dialect(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: u16,
    #[case] allow: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let room = service.room_of("ada").await;
    let path = path.replace("{id}", &room.id()).replace("{unknown}", &Uuid::new_v4().to_string());
    let answer = service.send("ada", method, &format!("{ROOMS}{path}")).await.expect(status);
    for (name, value) in [
        ("allow", allow),
        ("vary", "origin, Accept-Language"),
        ("x-frame-options", "DENY"),
        ("content-language", "en-us"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("content-type", "application/json"),
        ("content-length", &answer.body.len().to_string()),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

/// §1: paths below the prefix that lead nowhere give a page, with and without a token, for every method.
#[rstest]
#[case::prefix("")]
#[case::prefix_with_slash("/")]
#[case::application("/application/")]
#[case::below_a_room("/rooms/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913/anything")]
#[case::below_an_attendee("/rooms/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913/attendees/1/2")]
#[case::dotted_id("/rooms/a.b")]
#[case::encoded_dot("/rooms/a%2Eb")]
#[case::two_slashes("/rooms//")]
#[actix_web::test]
async fn an_unrouted_path_is_an_html_404(#[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let path = format!("/external-api/v1.0{path}");
    for method in ["GET", "POST", "DELETE"] {
        let anonymous = Answer::read(service.request(method, &path).send().await.unwrap()).await;
        for answer in [anonymous, service.send("ada", method, &path).await] {
            let answer = answer.expect(404);
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert!(answer.body.contains("<h1>Not Found</h1>"), "{}", answer.body);
            assert_eq!((answer.header("x-frame-options"), answer.header("allow")), ("DENY", ""));
        }
    }
}

/// §1: switched off, the prefix is unrouted.
#[actix_web::test]
async fn a_disabled_service_is_an_html_404() {
    let service = Service::with(Backend::Sqlite, json!({"enabled": false})).await;
    let answer = service.send("ada", "GET", ROOMS).await.expect(404);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
}
