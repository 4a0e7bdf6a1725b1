//! Threat 18: whatever is sent, and however much of it, the service answers and stays well.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{APPLICATIONS, Answer, Backend, Service, full_config, path};

fn pick<'a>(runner: &mut TestRunner, from: &[&'a str]) -> &'a str {
    from[(0..from.len()).new_tree(runner).unwrap().current()]
}

/// Threat 18: hostile paths, queries, headers and bodies: never a 5xx, and nothing is found that should not be.
#[rstest]
#[actix_web::test]
async fn threat_18_hostile_requests_never_fail_the_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let mut runner = TestRunner::deterministic();
    let long = "x".repeat(5000);
    let segments = [
        "",
        "/",
        "%00",
        "%ff",
        "%2e%2e",
        "'",
        "%F0%9F%92%A3",
        "a",
        "organizations",
        "availability",
        "{}",
        &long,
    ];
    let names = ["page", "size", "sort", "pageable", "x", "access-token"];
    let methods = ["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE"];
    let bodies = [
        "",
        "{}",
        "[",
        "null",
        r#"{"type":"TEST","config":{}}"#,
        r#"{"type":"TEST","config":{"\u0000":"\u0000"}}"#,
        r#"{"type":"GENESYS","config":{"organizationId":"\u0000","pcEnvironment":1e999}}"#,
        r#"{"type":"TEST","config":{},"id":"\u0000","organizationId":"\u0000"}"#,
        r#"{"type":"TEST","config":{"$serde_json::private::RawValue":"[[["},"version":-9223372036854775808}"#,
        r#"{"$serde_json::private::RawValue":"{}"}"#,
        "\u{0}",
        "\u{feff}{}",
    ];
    let types = ["application/json", "application/json;;;=", "text/plain", ";;;"];
    let who = ["GLOBAL_ADMIN@helios", "SERVICE", "AGENT@helios+view+add+edit", "ADMIN@selene", ""];
    for _ in 0..600 {
        let text =
            proptest::string::string_regex("(?s).{0,40}").unwrap().new_tree(&mut runner).unwrap().current();
        let mut route = APPLICATIONS.to_owned();
        for _ in 0..(0..4_usize).new_tree(&mut runner).unwrap().current() {
            route = format!("{route}/{}", pick(&mut runner, &segments));
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(pick(&mut runner, &names), &text)
            .finish();
        let method = pick(&mut runner, &methods);
        let request = service.request_as(pick(&mut runner, &who), method, &format!("{route}?{query}"));
        let request = request.header("content-type", pick(&mut runner, &types));
        let request = request.header("accept", pick(&mut runner, &["*/*", ";q", "a/b,,"]));
        let answer = Answer::read(request.body(pick(&mut runner, &bodies)).send().await.unwrap()).await;
        assert!(answer.status < 500, "{method} {route}?{query} {answer:?}");
        assert!(
            answer.status != 200
                || method == "OPTIONS"
                || answer.header("content-type") == "application/json"
        );
    }
    service.get("GLOBAL_ADMIN", &path("a")).await.expect(200);
}

/// §4.6: a configuration of 256 KiB is kept and comes back.
#[rstest]
#[actix_web::test]
async fn threat_18_a_configuration_of_256_kib_is_accepted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let config = format!(r#"{{"agentParameters":"{}"}}"#, "é".repeat((256 * 1024 - 22) / 2));
    assert_eq!(config.len(), 256 * 1024);
    let body = format!(r#"{{"id":"a","organizationId":"org-helios","type":"TEST","config":{config}}}"#);
    service.send_text("SERVICE", "POST", APPLICATIONS, body.clone()).await.expect(200);
    service.send_text("SERVICE", "PUT", &path("a"), body).await.expect_nothing(204);
    let seen = service.get("AGENT@helios", &path("a")).await.expect(200);
    assert!(seen.body.contains(&config));
    let hidden = service.get("CUSTOMER@helios", &path("a")).await.expect(200);
    assert_eq!(hidden.json()["config"], json!({}));
}

/// Threat 18: a body of exactly the limit is read, one byte more is not; the limit is a setting.
#[rstest]
#[case::default(json!({}), 320 * 1024)]
#[case::set(json!({"limits": {"body": 262_144}}), 256 * 1024)]
#[actix_web::test]
async fn threat_18_a_body_of_the_limit_is_read(
    #[case] settings: serde_json::Value,
    #[case] limit: usize,
    #[values(("POST", APPLICATIONS), ("PUT", "/api/applications/a"))] route: (&str, &str),
) {
    let service = Service::with(Backend::Sqlite, settings).await;
    let body = |length: usize| {
        let body = r#"{"type":"TEST","config":{}}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let read = service.send_text("ADMIN@helios", route.0, route.1, body(limit)).await;
    assert_eq!(read.status, if route.0 == "POST" { 200 } else { 404 });
    let refused = service.send_text("ADMIN@helios", route.0, route.1, body(limit + 1)).await;
    refused.expect_boot(413, "Payload Too Large", "Request body is too large", route.1);
}

/// Threat 18: a body of many megabytes gets its answer, although it is not read to the end.
#[rstest]
#[case::with_a_token(true, 413)]
#[case::without_one(false, 401)]
#[actix_web::test]
async fn threat_18_a_huge_body_gets_an_answer(#[case] token: bool, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request("POST", APPLICATIONS).header("content-type", "application/json");
    let request = if token { request.bearer_auth(service.token("ADMIN@helios")) } else { request };
    let answer = request.body(vec![b' '; 8 * 1024 * 1024]).send().await.unwrap();
    assert_eq!(answer.status(), status);
}

/// Threat 18: a body that does not say how long it is, is counted while it comes.
#[actix_web::test]
async fn threat_18_a_chunked_body_is_counted() {
    let service = Service::on(Backend::Sqlite).await;
    let mut stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST {APPLICATIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n",
        service.token("ADMIN@helios")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..21 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains(r#""message":"Request body is too large""#), "{answer}");
}

/// Threat 18: deep nesting, wherever it is: 400, in time and without overflow.
#[rstest]
#[case::lists(format!(r#"{{"type":"TEST","config":{{"a":{}{}}}}}"#, "[".repeat(1000), "]".repeat(1000)))]
#[case::objects(format!(r#"{{"type":"TEST","config":{}1{}}}"#, "{\"a\":".repeat(1000), "}".repeat(1000)))]
#[case::very_deep(format!(r#"{{"type":"TEST","config":{{"a":{}{}}}}}"#, "[".repeat(150_000), "]".repeat(150_000)))]
#[case::beside(format!(r#"{{"type":"TEST","config":{{}},"x":{}{}}}"#, "[".repeat(1000), "]".repeat(1000)))]
#[case::open("[".repeat(300_000))]
#[case::open_objects("{\"a\":".repeat(60_000))]
#[actix_web::test]
async fn threat_18_deep_nesting_is_refused(
    #[case] body: String,
    #[values(("POST", APPLICATIONS), ("PUT", "/api/applications/a"))] route: (&str, &str),
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send_text("ADMIN@helios", route.0, route.1, body).await;
    answer.expect_boot(400, "Bad Request", "JSON is nested too deeply", route.1);
}

/// Threat 18: what is accepted can be read by a parser of the usual depth, also in a list.
#[actix_web::test]
async fn threat_18_the_deepest_configuration_can_be_read() {
    let service = Service::on(Backend::Sqlite).await;
    let body = |depth: usize| {
        let list = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"type":"TEST","config":{{"a":{list}}}}}"#)
    };
    service.send_text("ADMIN@helios", "POST", APPLICATIONS, body(98)).await.expect(200);
    service.send_text("ADMIN@helios", "POST", APPLICATIONS, body(99)).await.expect(400);
    assert_eq!(service.get("ADMIN@helios", APPLICATIONS).await.json()["totalElements"], 1);
}

/// Threat 18: very many entries, and very many of one name.
#[rstest]
#[actix_web::test]
async fn threat_18_very_many_entries_are_kept(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let entries = |name: fn(usize) -> String| {
        let entries: Vec<_> = (0..20_000).map(|number| format!("\"{}\":1", name(number))).collect();
        format!(r#"{{"type":"TEST","config":{{{}}}}}"#, entries.join(","))
    };
    for (body, count) in [(entries(|number| format!("{number:x}")), 20_000), (entries(|_| "a".to_owned()), 1)]
    {
        let made = service.send_text("ADMIN@helios", "POST", APPLICATIONS, body).await.expect(200);
        let seen = service.get("ADMIN@helios", &path(&made.id())).await.json();
        assert_eq!(seen["config"].as_object().unwrap().len(), count);
    }
}

/// Threat 18: a query has a bound, and within it as many criteria as fit.
#[rstest]
#[actix_web::test]
async fn threat_18_a_query_is_bounded(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let query = format!("sort={}", vec!["id"; 2700].join(","));
    let page = service.get("ADMIN@helios", &format!("{APPLICATIONS}?{query}")).await.expect(200);
    assert_eq!(page.json()["sort"].as_array().unwrap().len(), 2700);
    let longer = format!("{APPLICATIONS}?x={}", "a".repeat(8191));
    let refused = service.get("ADMIN@helios", &longer).await;
    refused.expect_boot(414, "URI Too Long", "Query string is too long", APPLICATIONS);
}

/// Threat 18: however large the configurations are, a page is not; and what the caller does not see takes no room, so that
/// the limit tells nothing of it (§6 rule 5).
#[rstest]
#[actix_web::test]
async fn threat_18_a_page_has_room_for_so_much_of_what_is_seen(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::with(backend, json!({"limits": {"page": 100_000}})).await;
    let config = json!({"serviceParameters": {"blob": "x".repeat(30_000)}, "customerParameters": {"a": 1}});
    for number in 0..6 {
        service.application(&format!("h{number}"), "helios", "TEST", &config).await;
    }
    let refused = service.get("ADMIN@helios", APPLICATIONS).await;
    refused.expect_boot(400, "Bad Request", "The page is too large, ask for a smaller size", APPLICATIONS);
    let smaller = service.get("ADMIN@helios", &format!("{APPLICATIONS}?size=3&page=1")).await.expect(200);
    assert_eq!(smaller.ids().len(), 3);
    assert_eq!(smaller.json()["totalElements"], 6);
    let unseen = service.get("CUSTOMER@helios", APPLICATIONS).await.expect(200);
    assert_eq!(unseen.ids().len(), 6);
    // The connection that was left in the middle of a result is as good as before.
    for _ in 0..20 {
        assert_eq!(service.get("ADMIN@helios", APPLICATIONS).await.status, 400);
        assert_eq!(
            service.get("ADMIN@helios", &format!("{APPLICATIONS}?size=1")).await.expect(200).ids().len(),
            1
        );
    }
}
