//! §1 and §2: slashes, negotiation, bodies, headers, preflights, and paths that lead nowhere.

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

async fn preflight(service: &Service, path: &str, origin: &str) -> Answer {
    let request = service.request("OPTIONS", path).header("origin", origin);
    let request = request.header("access-control-request-method", "GET").header("accept", "text/html");
    Answer::read(request.send().await.unwrap()).await
}

const CORS: [&str; 5] = ["origin", "credentials", "headers", "methods", "max-age"];

fn cors(answer: &Answer) -> [&str; 5] {
    CORS.map(|name| {
        let place = if name == "max-age" { "" } else { "allow-" };
        answer.header(&format!("access-control-{place}{name}"))
    })
}

/// §2.7: a preflight gets 200 and no body, before routing and authentication; off by default.
#[rstest]
#[case::collection(ROOMS)]
#[case::item("/external-api/v1.0/rooms/x/")]
#[case::nowhere("/external-api/v1.0/nowhere")]
#[actix_web::test]
async fn a_preflight_is_answered_first_and_promises_nothing_by_default(#[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = preflight(&service, path, "https://app.example").await;
    answer.expect_body(200, "");
    assert_eq!(answer.header("content-length"), "0");
    assert_eq!(cors(&answer), [""; 5]);
}

/// §2.7: allowed origins, by name, by pattern, or all.
#[rstest]
#[case::named(json!({"allowed_origins": ["https://app.example"]}), "https://app.example", true)]
#[case::another(json!({"allowed_origins": ["https://app.example"]}), "https://app.example:8443", false)]
#[case::pattern(json!({"allowed_origin_regexes": ["https://[a-z]+\\.example"]}), "https://app.example", true)]
#[case::longer(json!({"allowed_origin_regexes": ["https://[a-z]+\\.example"]}), "https://app.example.evil", false)]
#[case::all(json!({"allow_all_origins": true}), "https://anything.example", true)]
#[case::null(json!({"allowed_origins": ["https://app.example"]}), "null", false)]
#[actix_web::test]
async fn an_allowed_origin_may_call(
    #[case] settings: serde_json::Value,
    #[case] origin: &str,
    #[case] allowed: bool,
) {
    let service = Service::with(Backend::Sqlite, json!({"cors": settings})).await;
    let answer = preflight(&service, ROOMS, origin).await.expect(200);
    let promised = [
        origin,
        "true",
        "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with",
        "DELETE, GET, OPTIONS, PATCH, POST, PUT",
        "86400",
    ];
    assert_eq!(cors(&answer), if allowed { promised } else { [""; 5] });
    for token in [service.token("ada"), "x".to_owned()] {
        let request = service.request_with(&token, "GET", ROOMS).header("origin", origin);
        let answer = Answer::read(request.send().await.unwrap()).await;
        let seen = if allowed { [origin, "true", "", "", ""] } else { [""; 5] };
        assert_eq!(cors(&answer), seen, "{answer:?}");
    }
}

/// §2.7: nothing but the Authorization header carries a token.
#[actix_web::test]
async fn no_token_is_read_from_query_body_or_cookie() {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.token("ada");
    let request = service.request("POST", &format!("{ROOMS}?access_token={token}"));
    let request = request.header("cookie", format!("sessionid={token}; access_token={token}"));
    let answer = request.json(&json!({"access_token": token})).send().await.unwrap();
    Answer::read(answer).await.expect_detail(401, "Authentication credentials were not provided.");
}
