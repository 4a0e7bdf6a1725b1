//! Threat 18: whatever is sent, and however much of it, the service answers and stays well.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Backend, Service};

fn pick<'a>(runner: &mut TestRunner, from: &[&'a str]) -> &'a str {
    from[(0..from.len()).new_tree(runner).unwrap().current()]
}

const SEGMENTS: [&str; 24] = [
    "",
    "/",
    "%00",
    "%ff",
    "%2e%2e",
    "'",
    "%F0%9F%92%A3",
    "1",
    "0",
    "99999999999999999999",
    "-1",
    "Stock",
    "%2F",
    "workspace",
    "workspaces",
    "dtable",
    "dtables",
    "share",
    "shared",
    "group-shares",
    "groups",
    "api-tokens",
    "external-links",
    "related-users",
];
const ROUTES: [&str; 12] = [
    "/workspaces/",
    "/dtables/",
    "/dtables/shared/",
    "/dtable-copy/",
    "/groups/",
    "/groups/1/",
    "/workspace/1/dtable/",
    "/workspace/1/dtable/Stock/share/",
    "/workspace/1/dtable/Stock/group-shares/",
    "/workspace/1/dtable/Stock/group-shares/1/",
    "/workspace/1/dtable/Stock/api-tokens/",
    "/workspace/1/dtable/Stock/external-links/",
];
const VALUES: [&str; 20] = [
    "null",
    "true",
    "0",
    "-1",
    "1",
    "1e999",
    "9223372036854775808",
    "\"\"",
    "\"Stock\"",
    "\"\\u0000\"",
    "\"..\"",
    "\"1@seafile_group\"",
    "\"9223372036854775807@seafile_group\"",
    "\"r\"",
    "\"rw\"",
    "[]",
    "[1,\"x\",null]",
    "{}",
    "\"\u{202e}\"",
    "\"\\ud800\"",
];
const NAMES: [&str; 14] = [
    "name",
    "owner",
    "workspace_id",
    "new_name",
    "color",
    "icon",
    "text_color",
    "src_workspace_id",
    "dst_workspace_id",
    "email",
    "permission",
    "group_id",
    "group_ids",
    "expire_days",
];

/// A body that is nearly what a handler wants.
fn body(runner: &mut TestRunner) -> String {
    let members: Vec<String> = (0..(0..6_usize).new_tree(runner).unwrap().current())
        .map(|_| format!("\"{}\":{}", pick(runner, &NAMES), pick(runner, &VALUES)))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn route(runner: &mut TestRunner) -> String {
    if any::<bool>().new_tree(runner).unwrap().current() {
        return format!("/api/v2.1{}", pick(runner, &ROUTES));
    }
    let mut route = "/api/v2.1".to_owned();
    for _ in 0..(0..6_usize).new_tree(runner).unwrap().current() {
        route = format!("{route}/{}", pick(runner, &SEGMENTS));
    }
    if any::<bool>().new_tree(runner).unwrap().current() { format!("{route}/") } else { route }
}

/// Threat 18: hostile paths, queries, headers and bodies: never a 5xx, and every error is an object.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_requests_never_fail_the_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, json!({ "rates": { "user": 0, "app": 0 } })).await;
    service.base("mira", "Stock").await;
    let token = service.person("mira").await.account_token;
    let mut runner = TestRunner::deterministic();
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"];
    let types = ["application/json", "application/json;;;=", "multipart/form-data", "text/plain", ";;;", ""];
    let schemes = ["Token ", "Bearer ", "", "Basic ", "token\t", "Token x "];
    for _ in 0..800 {
        let (method, path) = (pick(&mut runner, &methods), route(&mut runner));
        let text =
            proptest::string::string_regex("(?s).{0,20}").unwrap().new_tree(&mut runner).unwrap().current();
        let query: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let request = service.request(method, &format!("{path}?detail={query}"));
        let scheme = if (0..4_usize).new_tree(&mut runner).unwrap().current() == 0 {
            pick(&mut runner, &schemes)
        } else {
            "Token "
        };
        let request = request.header("authorization", format!("{scheme}{token}"));
        let kind = if any::<bool>().new_tree(&mut runner).unwrap().current() {
            types[0]
        } else {
            pick(&mut runner, &types)
        };
        let request =
            request.header("content-type", kind).header("accept", pick(&mut runner, &["*/*", ";q"]));
        let answer = Answer::of(request.body(body(&mut runner))).await;
        assert!(answer.status < 500, "{method} {path} {answer:?}");
        if answer.status >= 400 && !answer.body.is_empty() {
            let error = answer.json();
            let members = error.as_object().unwrap_or_else(|| panic!("{answer:?}"));
            assert!(members.len() == 1 && members.values().all(Value::is_string), "{answer:?}");
        }
    }
    service.get("mira", "/api/v2.1/workspaces/").await.expect(200);
}

/// Threat 18: a body of exactly the limit is read, one byte more is not; the limit is a setting.
#[rstest]
#[case::default(json!({}), 1024 * 1024)]
#[case::set(json!({ "limits": { "body": 1000 } }), 1000)]
#[actix_web::test]
async fn threat_18_a_body_of_the_limit_is_read(
    #[case] settings: Value,
    #[case] limit: usize,
    #[values(
        ("POST", "/api/v2.1/dtables/"), ("POST", "/api/v2.1/dtable-copy/"), ("POST", "/api/v2.1/groups/"),
        ("PUT", "/api/v2.1/workspace/1/dtable/"), ("DELETE", "/api/v2.1/workspace/1/dtable/x/share/")
    )]
    route: (&str, &str),
    #[values(("application/json", "{}", " "), ("application/x-www-form-urlencoded", "", "x"))] kind: (
        &str,
        &str,
        &str,
    ),
) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let send = async |length: usize| {
        let body = format!("{}{}", kind.1, kind.2.repeat(length - kind.1.len()));
        let request = service.request_as("mira", route.0, route.1).await;
        Answer::of(request.header("content-type", kind.0).body(body)).await
    };
    assert_eq!(send(limit).await.status, 400, "it was read, and found wanting");
    send(limit + 1).await.expect_detail(413, "Request body is too large.");
}

/// Threat 18: a body of many megabytes gets its answer, although it is not read to the end.
#[rstest]
#[case::with_a_token("mira", 413)]
#[case::without_one("", 403)]
#[actix_web::test]
async fn threat_18_a_huge_body_gets_an_answer(#[case] who: &str, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_as(who, "POST", "/api/v2.1/dtables/").await;
    let request = request.header("content-type", "application/json").body(vec![b' '; 8 * 1024 * 1024]);
    assert_eq!(request.send().await.unwrap().status(), status);
}

/// Threat 18: a body that does not say how long it is, is counted while it comes.
#[actix_web::test]
async fn threat_18_a_chunked_body_is_counted() {
    let service = Service::with(Backend::Sqlite, json!({ "limits": { "body": 1000 } })).await;
    let token = service.person("mira").await.account_token;
    let mut stream = TcpStream::connect(service.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /api/v2.1/dtables/ HTTP/1.1\r\nhost: x\r\nauthorization: Token {token}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1f4\r\n{}\r\n", " ".repeat(500));
    for _ in 0..3 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// Threat 18: deeply nested JSON is refused rather than followed.
#[actix_web::test]
async fn threat_18_deep_json_is_refused() {
    let service = Service::on(Backend::Sqlite).await;
    let body = format!("{{\"name\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let request = service.request_as("mira", "POST", "/api/v2.1/dtables/").await;
    Answer::of(request.header("content-type", "application/json").body(body)).await.expect(400);
}
