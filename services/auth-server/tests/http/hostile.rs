//! Threat 18: whatever is sent, no panic, no 5xx, and the server goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use rstest::rstest;

use crate::harness::{Backend, FORM, MEET, Spawned, send};
use crate::rdv::{CHANGE, SIGN_IN, SIGN_OUT, UID, VALIDATE_TOKEN, World};

const ROUTES: [&str; 15] = [
    "/oauth/token",
    "/security/oauth/token",
    "/oauth/introspect",
    "/oauth/revoke",
    "/internal/revocations",
    "/internal/applications/x",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    MEET,
    "/external-api/v1.0/application/token",
    SIGN_IN,
    VALIDATE_TOKEN,
    SIGN_OUT,
    CHANGE,
    "/api/v1/auth/sign_out.json",
];

const NASTY: &[&str] = &[
    "",
    "\0",
    "%",
    "%00",
    "%zz",
    "%c0%af",
    "&&&===",
    "a=1;b=2",
    "=",
    "[]",
    "{",
    "{\"a\":",
    "nul",
    "\u{feff}{}",
    "{\"client_id\":1e999}",
    "--x\r\n",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "\u{202e}\u{0}\u{ffff}",
    "-1",
    "9223372036854775808",
    "1e400",
];

#[rstest]
#[actix_web::test]
async fn threat_18_nasty_bodies_are_refused_in_order(
    #[values(FORM, "application/json", "multipart/form-data; boundary=x", "", "text/plain; charset=\"")]
    content_type: &str,
) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.exchanger("gate").await;
    for route in ROUTES {
        for method in [Method::POST, Method::PUT, Method::GET, Method::DELETE] {
            for text in NASTY {
                let request = app.request(method.clone(), route).header("content-type", content_type);
                let request = request.basic_auth(&client.id, Some(&client.secret)).body(*text);
                let answer = send(request).await;
                assert!(answer.status < 500, "{method} {route} {text:?}: {answer:?}");
            }
        }
    }
    assert_eq!(app.token(&client, &[("grant_type", "client_credentials")]).await.status, 200);
}

#[rstest]
#[actix_web::test]
async fn threat_18_nasty_headers_are_refused_in_order(
    #[values(
        "authorization",
        "accept",
        "accept-language",
        "content-type",
        "if-none-match",
        "cookie",
        "x-request-id",
        "origin",
        "access-token",
        "client",
        "uid"
    )]
    name: &str,
) {
    let app = Spawned::on(Backend::Sqlite).await;
    let values: [&[u8]; 12] = [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic \xff",
        b"Basic ====",
        b"Basic OjoK",
        b"Bearer",
        b"Bearer \xff\xfe",
        b"\xff",
        b",,,;;;q=",
        b"W/\"",
        b"multipart/form-data; boundary=\"",
    ];
    for route in ROUTES {
        for value in values {
            for method in [Method::POST, Method::GET, Method::OPTIONS, Method::DELETE, Method::PATCH] {
                let answer = send(app.request(method, route).header(name, value).body("a=b")).await;
                assert!(answer.status < 500, "{route} {name}: {value:?}: {answer:?}");
            }
        }
    }
}

/// Random forms of the parameters the endpoints know, with values of every shape.
#[actix_web::test]
async fn threat_18_random_forms_never_fail_the_server() {
    const NAMES: [&str; 14] = [
        "grant_type",
        "client_id",
        "client_secret",
        "scope",
        "resource",
        "audience",
        "refresh_token",
        "subject_token",
        "subject_token_type",
        "actor_token",
        "actor_token_type",
        "token",
        "application_id",
        "x",
    ];
    const VALUES: [&str; 10] = [
        "client_credentials",
        "refresh_token",
        crate::harness::EXCHANGE,
        crate::harness::BASIC,
        crate::harness::ACCESS_TOKEN,
        "a",
        "api",
        "gate",
        "trt_AAAA",
        "eyJhbGciOiJub25lIn0.e30.",
    ];
    let app = Spawned::with(Backend::Sqlite, crate::throttling::any_number_of_secrets).await;
    let client = app.exchanger("gate").await;
    let value = prop_oneof![
        4 => proptest::sample::select(&VALUES[..]).prop_map(str::to_owned),
        1 => "[ -~]{0,20}",
        1 => ".{0,8}",
    ];
    let form = proptest::collection::vec((proptest::sample::select(&NAMES[..]), value), 0..8);
    let mut runner = TestRunner::deterministic();
    for _ in 0..500 {
        let form = form.new_tree(&mut runner).expect("a form").current();
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for route in ["/oauth/token", "/oauth/introspect", "/oauth/revoke", MEET] {
            let answer = app.post_as(&client, route, &form).await;
            assert!(answer.status < 500, "{route} {form:?}: {answer:?}");
            assert!(!answer.text.contains(&client.secret), "{answer:?}");
        }
    }
}

/// Random parameters of the RDV routes, of every JSON type and in every place, beside a live session and without one.
/// None of them is a failure of the server, and none that lacks the right values ends the session.
#[actix_web::test]
async fn threat_18_random_parameters_never_fail_the_rdv_routes() {
    const NAMES: [&str; 8] =
        ["email", "password", "password_confirmation", "access-token", "client", "uid", "remember_me", "x"];
    let world = World::with(Backend::Sqlite, crate::rdv::unlimited).await;
    let session = world.session().await;
    let value = prop_oneof![
        2 => proptest::sample::select(vec![UID.to_owned(), session.client.clone(), "default".to_owned()])
            .prop_map(serde_json::Value::from),
        2 => ".{0,12}".prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => any::<f64>().prop_map(serde_json::Value::from),
        1 => any::<bool>().prop_map(serde_json::Value::from),
        1 => Just(serde_json::json!(null)),
        1 => Just(serde_json::json!([UID, ["x"], {}])),
        1 => Just(serde_json::json!({ "uid": UID, "": null })),
    ];
    let body = proptest::collection::btree_map(proptest::sample::select(&NAMES[..]), value, 0..6);
    let (mut runner, routes) = (TestRunner::deterministic(), [SIGN_IN, VALIDATE_TOKEN, SIGN_OUT, CHANGE]);
    for round in 0..300 {
        let body = body.new_tree(&mut runner).expect("a body").current();
        for (method, route) in
            [Method::POST, Method::GET, Method::DELETE, Method::PUT].into_iter().zip(routes)
        {
            let request = world.app.request(method, route);
            let request = if round % 2 == 0 {
                request.json(&body)
            } else {
                request
                    .query(&body.iter().map(|(name, value)| (*name, value.to_string())).collect::<Vec<_>>())
            };
            let answer = send(request).await;
            assert!((400..500).contains(&answer.status), "{route} {body:?}: {answer:?}");
            assert!(answer.headers.get("access-token").is_none(), "{answer:?}");
        }
    }
    assert!(world.is_valid(&session).await);
}

/// Deeply nested JSON does not exhaust the stack.
#[actix_web::test]
async fn threat_18_nested_json_is_refused() {
    let app = Spawned::on(Backend::Sqlite).await;
    for depth in [100, 127, 128, 30_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for text in [nested.clone(), format!("{{\"grant_type\":{nested}}}")] {
            let answer =
                send(app.request(Method::POST, MEET).header("content-type", "application/json").body(text))
                    .await;
            assert_eq!(answer.status, 400, "{depth}");
        }
    }
}

/// Raw bytes on the socket that are no HTTP, or HTTP that lies about itself.
#[rstest]
#[case::no_http(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")]
#[case::two_lengths(
    b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\na=b&c"
)]
#[case::length_and_chunked(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
#[case::broken_chunk(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
#[case::negative_length(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")]
#[case::cut_short(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na=b")]
#[case::nul_in_a_header(b"GET /oauth/token HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n")]
#[actix_web::test]
async fn threat_18_bytes_that_are_no_request_do_no_harm(#[case] bytes: &[u8]) {
    let app = Spawned::on(Backend::Sqlite).await;
    let address = app.base.strip_prefix("http://").expect("a URL").to_owned();
    let bytes = bytes.to_vec();
    let said = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
        stream.write_all(&bytes).expect("a written request");
        let mut said = Vec::new();
        // Silence is an answer, too: the server may wait for the rest.
        let _ = stream.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    })
    .await
    .expect("a thread");
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    assert_eq!(app.get("/.well-known/jwks.json").await.status, 200);
}
