//! Threat 18: whatever is sent, and however much of it, the service answers and stays well.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{ABSENCES, AGENTS, Backend, ORGANISATIONS, Service, answer};

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// One of them.
fn pick<'a, T>(runner: &mut TestRunner, from: &'a [T]) -> &'a T {
    &from[(0..from.len()).new_tree(runner).unwrap().current()]
}

fn text(runner: &mut TestRunner) -> String {
    proptest::string::string_regex("(?s).{0,40}").unwrap().new_tree(runner).unwrap().current()
}

/// A value for a parameter: sometimes what belongs there, mostly not.
fn value(runner: &mut TestRunner) -> Value {
    let odd = text(runner);
    let candidates = [
        json!(odd),
        json!("2027-02-09"),
        json!("08:30"),
        json!("9999-12-31"),
        json!("-0001-01-01"),
        json!("0000-00-00"),
        json!("24:00"),
        json!("23:59:60"),
        json!("a\u{0}b"),
        json!("\u{2028}\r\nBEGIN:VEVENT"),
        json!("x".repeat(3000)),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(-0.0),
        json!(true),
        json!(null),
        json!([odd]),
        json!({ odd: [{}] }),
    ];
    pick(runner, &candidates).clone()
}

/// Threat 18: hostile paths, queries, headers and bodies on every route: never a 5xx, never a closed connection.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_requests_never_fail_the_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (absence, organisation) = (service.absence_of("a").await, service.people.organisation("o1"));
    let session = service.sign_in("d");
    let mut runner = TestRunner::deterministic();
    let long = "9".repeat(4000);
    let ids = [
        absence.to_string(),
        organisation.to_string(),
        String::new(),
        "/".to_owned(),
        "%00".to_owned(),
        "%ff".to_owned(),
        "..".to_owned(),
        "%2e%2e".to_owned(),
        "'".to_owned(),
        "%F0%9F%92%A3".to_owned(),
        "-9223372036854775808".to_owned(),
        "9223372036854775807".to_owned(),
        long,
        "1%2F2".to_owned(),
    ];
    let names = [
        "page",
        "organisation_id",
        "agent_id",
        "agent_email",
        "title",
        "first_day",
        "start_time",
        "end_day",
        "end_time",
        "name",
        "phone_number",
        "email",
        "verticale",
        "access-token",
        "x",
    ];
    let kinds = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=",
        "text/plain",
        ";;;",
    ];
    for _ in 0..600 {
        let base = *pick(&mut runner, &[AGENTS, ORGANISATIONS, ABSENCES]);
        let id = pick(&mut runner, &ids).clone();
        let path = if runner.rng().random_bool(0.3) { base.to_owned() } else { format!("{base}/{id}") };
        let suffix = *pick(&mut runner, &["", "", "", ".json", "/", ".xml"]);
        let method = *pick(&mut runner, &METHODS);
        let members: serde_json::Map<_, _> =
            (0..3).map(|_| ((*pick(&mut runner, &names)).to_owned(), value(&mut runner))).collect();
        let kind = *pick(&mut runner, &kinds);
        let body = if runner.rng().random_bool(0.8) {
            Value::Object(members).to_string()
        } else {
            (*pick(
                &mut runner,
                &["", "[", "null", "a=%ff&title[]=x&agent_id[x]=1", "--b\r\n\r\n--b--", "\u{0}"],
            ))
            .to_owned()
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(pick::<&str>(&mut runner, &names), &text(&mut runner))
            .finish();
        let request = service.request_with(&session, method, &format!("{path}{suffix}?{query}"));
        let request =
            request.header("content-type", kind).header("origin", *pick(&mut runner, &["null", "x y"]));
        let found = answer(request.body(body.clone())).await;
        assert!(found.status < 500, "{method} {path}{suffix}?{query} {kind} {body} {found:?}");
    }
    service.send(&session, "GET", AGENTS).await.expect(200);
    service.send(&session, "GET", ABSENCES).await.expect(200);
}

/// Threat 18: hostile credentials: 401, whatever they hold.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_credentials_are_401(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use base64::Engine as _;
    let service = Service::on(backend).await;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let values = [
        encode("{}"),
        encode("[]"),
        encode("null"),
        encode("\"x\""),
        encode(r#"{"uid":1,"access-token":[],"client":{}}"#),
        encode(&"[".repeat(6000)),
        encode(&format!(r#"{{"uid":"{}"}}"#, "x".repeat(6000))),
        "=".to_owned(),
        "%".to_owned(),
        "é".to_owned(),
        String::new(),
        " ".to_owned(),
        "x".repeat(30_000),
    ];
    for value in &values {
        for name in ["authorization", "access-token", "client", "uid", "x-agent-auth-signature"] {
            for prefix in ["", "Bearer ", "Basic "] {
                let request = service.request("GET", AGENTS);
                let Ok(header) =
                    reqwest::header::HeaderValue::from_bytes(format!("{prefix}{value}").as_bytes())
                else {
                    continue;
                };
                let found = answer(request.header(name, header)).await;
                found.expect_unauthenticated();
            }
        }
    }
    // A NUL is no part of any address, and no database is asked about it.
    let request =
        service.request("GET", AGENTS).query(&[("access-token", "x"), ("client", "x"), ("uid", "a\u{0}")]);
    answer(request).await.expect_unauthenticated();
}

/// Threat 18: the size of a body is bounded, the limit is a setting, and the refusal speaks the dialect.
#[rstest]
#[case::default(json!({}), 64 * 1024)]
#[case::set(json!({"limits": {"body": 100}}), 100)]
#[actix_web::test]
async fn threat_18_what_is_too_large_is_413(#[case] settings: Value, #[case] limit: usize) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let session = service.sign_in("a");
    let send = |length: usize| {
        let body = format!("{{{}}}", " ".repeat(length - 2));
        let request = service.request_with(&session, "POST", ABSENCES);
        answer(request.header("content-type", "application/json").body(body))
    };
    send(limit).await.expect(422);
    let refused = send(limit + 1).await;
    refused
        .expect_body(413, r#"{"success":false,"errors":["Request Entity Too Large"]}"#)
        .expect_no_session();
}

/// Threat 18: a body of many megabytes gets its answer, although it is not read to the end.
#[rstest]
#[case::with_a_session(true, 413)]
#[case::without_one(false, 401)]
#[actix_web::test]
async fn threat_18_a_huge_body_gets_an_answer(#[case] session: bool, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    let request = if session {
        service.request_with(&service.sign_in("a"), "POST", ABSENCES)
    } else {
        service.request("POST", ABSENCES)
    };
    let request = request.header("content-type", "application/json").body(vec![b' '; 8 * 1024 * 1024]);
    assert_eq!(request.send().await.unwrap().status(), status);
}

/// Threat 18: a body that does not say how long it is, is counted while it comes.
#[actix_web::test]
async fn threat_18_a_chunked_body_is_counted() {
    let service = Service::on(Backend::Sqlite).await;
    let mut stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST {ABSENCES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n",
        service.sign(&service.claims("a"))
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
}

/// Threat 18: deep nesting and very many members, in time and without overflow.
#[rstest]
#[case::lists("[".repeat(32_000), 400)]
#[case::objects("{\"a\":".repeat(12_000), 400)]
#[case::inside(format!("{{\"title\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000)), 400)]
#[case::members(format!("{{{}\"z\":1}}", "\"a\":1,".repeat(9000)), 422)]
#[actix_web::test]
async fn threat_18_deep_and_wide_bodies_are_answered(#[case] body: String, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_with(&service.sign_in("a"), "POST", ABSENCES);
    answer(request.header("content-type", "application/json").body(body)).await.expect(status);
}

/// Threat 18: a form of very many fields.
#[actix_web::test]
async fn threat_18_a_form_has_at_most_a_hundred_fields() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let send = |fields: usize| {
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let request = service.request_with(&session, "POST", ABSENCES);
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        answer(request.body(format!("{}--b--\r\n", part.repeat(fields))))
    };
    send(100).await.expect(422);
    send(101).await.expect_body(400, "");
}
