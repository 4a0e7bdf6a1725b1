//! Threat 18: whatever is sent, and however much of it, the service answers and stays well.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Backend, ROOMS, Service, room_path};

/// Threat 18: hostile ids, queries, headers and bodies: never a 5xx.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_requests_never_fail_the_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let (token, mut runner) = (service.token("ada"), TestRunner::deterministic());
    let segments = [
        "",
        "/",
        "%00",
        "%ff",
        "..",
        "%2e%2e",
        "'",
        "%F0%9F%92%A3",
        "{id}",
        "attendees",
        "x".repeat(5000).leak(),
    ];
    for _ in 0..400 {
        let pick = |runner: &mut TestRunner, from: &[&str]| {
            from[(0..from.len()).new_tree(runner).unwrap().current()].to_owned()
        };
        let text =
            proptest::string::string_regex("(?s).{0,40}").unwrap().new_tree(&mut runner).unwrap().current();
        let mut path = ROOMS.to_owned();
        for _ in 0..(0..3_usize).new_tree(&mut runner).unwrap().current() {
            path = format!("{path}/{}", pick(&mut runner, &segments).replace("{id}", &room.id()));
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(&pick(&mut runner, &["page", "page_size", "format", "x"]), &text)
            .finish();
        let method = pick(&mut runner, &["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]);
        let body = pick(
            &mut runner,
            &[
                "",
                "{}",
                "[",
                "null",
                r#"{"email":"a@b.co","role":"owner"}"#,
                r#"{"configuration":{"a":1e999}}"#,
                "{\"access_level\":\"\\u0000\"}",
                "--b\r\n\r\n--b--",
                "\u{0}",
            ],
        );
        let kind = pick(
            &mut runner,
            &["application/json", "multipart/form-data; boundary=b", "multipart/form-data; boundary=", ";;;"],
        );
        if path == room_path(&room) && method == "DELETE" {
            continue;
        }
        let request = service.request_with(&token, &method, &format!("{path}?{query}"));
        let request =
            request.header("content-type", kind).header("accept", pick(&mut runner, &["*/*", ";q", "a/b,,"]));
        let answer = Answer::read(request.body(body).send().await.unwrap()).await;
        assert!(answer.status < 500, "{method} {path}?{query} {answer:?}");
    }
    service.send("ada", "GET", &room_path(&room)).await.expect(200);
}

/// Threat 18: the size of everything is bounded, and the refusals speak the dialect.
#[rstest]
#[case::body(413, "Request body is too large.")]
#[case::query(414, "Request query string is too long.")]
#[actix_web::test]
async fn threat_18_what_is_too_large_is_refused(#[case] status: u16, #[case] detail: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let token = service.token("ada");
    let request = match status {
        414 => service.request_with(&token, "GET", &format!("{ROOMS}?x={}", "a".repeat(8 * 1024))),
        _ => service.request_with(&token, "POST", ROOMS).header("content-type", "application/json"),
    };
    let body = format!("{{\"x\":\"{}\"}}", "a".repeat(64 * 1024));
    let answer = Answer::read(request.body(body).send().await.unwrap()).await;
    answer.expect_detail(status, detail);
}

/// Threat 18: a body of many megabytes gets its answer, although it is not read to the end.
#[rstest]
#[case::with_a_token(true, 413)]
#[case::without_one(false, 401)]
#[actix_web::test]
async fn threat_18_a_huge_body_gets_an_answer(#[case] token: bool, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request("POST", ROOMS).header("content-type", "application/json");
    let request = if token { request.bearer_auth(service.token("ada")) } else { request };
    let answer = request.body(vec![b' '; 8 * 1024 * 1024]).send().await.unwrap();
    assert_eq!(answer.status(), status);
}

/// Threat 18: a body that does not say how long it is, is counted while it comes.
#[actix_web::test]
async fn threat_18_a_chunked_body_is_counted() {
    let service = Service::on(Backend::Sqlite).await;
    let mut stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST {ROOMS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n",
        service.token("ada")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    for _ in 0..17 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.ends_with(r#"{"detail":"Request body is too large."}"#), "{answer}");
}

/// Threat 18: a body of exactly the limit is read; the limit is a setting.
#[rstest]
#[case::default(json!({}), 64 * 1024)]
#[case::set(json!({"limits": {"body": 100}}), 100)]
#[actix_web::test]
async fn threat_18_a_body_of_the_limit_is_read(#[case] settings: Value, #[case] limit: usize) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let body = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
    service.send_body("ada", "application/json", body(limit)).await.expect(201);
    service.send_body("ada", "application/json", body(limit + 1)).await.expect(413);
}

/// Threat 18: deep nesting and very many members, in time and without overflow.
#[rstest]
#[case::lists("[".repeat(32_000))]
#[case::objects("{\"a\":".repeat(12_000))]
#[case::configuration(format!("{{\"configuration\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000)))]
#[actix_web::test]
async fn threat_18_a_deeply_nested_body_is_a_parse_error(#[case] body: String) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_body("ada", "application/json", body).await.expect(400);
    assert!(answer.body.starts_with(r#"{"detail":"JSON parse error - "#), "{}", answer.body);
}

/// Threat 18: very many members, each of which is a problem of its own.
#[actix_web::test]
async fn threat_18_very_many_members_are_answered() {
    let service = Service::on(Backend::Sqlite).await;
    let members: Vec<_> = (0..7000).map(|number| format!("\"{number}\":1")).collect();
    let body = format!("{{\"configuration\":{{{}}}}}", members.join(","));
    let answer = service.send_body("ada", "application/json", body).await.expect(400);
    assert_eq!(answer.json()["configuration"].as_array().unwrap().len(), 7000);
}

/// Threat 18: a form of very many fields.
#[actix_web::test]
async fn threat_18_a_form_has_at_most_a_hundred_fields() {
    let service = Service::on(Backend::Sqlite).await;
    let form = |fields: usize| {
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        format!("{}--b--\r\n", part.repeat(fields))
    };
    let kind = "multipart/form-data; boundary=b";
    service.send_body("ada", kind, form(100)).await.expect(201);
    let answer = service.send_body("ada", kind, form(101)).await;
    answer.expect_detail(400, "Multipart form parse error - too many fields");
}

/// Threat 18: as many scopes as a token can hold are no burden, and more than that are no token.
#[actix_web::test]
async fn threat_18_thousands_of_scopes_do_no_harm() {
    let service = Service::on(Backend::Sqlite).await;
    let scopes = |count: u32| {
        let short = (0..count).map(|number| format!("{number:x}"));
        let all: Vec<_> = short.chain(["rooms:list".to_owned()]).collect();
        service.token_with("ada", &all.join(" "))
    };
    let most = scopes(2800);
    assert!((15_000..16 * 1024).contains(&most.len()), "{}", most.len());
    for _ in 0..20 {
        service.send_with(&most, "GET", ROOMS).await.expect(200);
    }
    service.send_with(&scopes(10_000), "GET", ROOMS).await.expect_detail(401, "Invalid token.");
}
