//! Rows of the threat list that this service touches; each test names its row. Row 14 is in `update.rs`.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use serde_json::{Value, json};
use service_kit::settings::ServerSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{ALL, Answer, Backend, ROOMS, Service, application_token, attendees_path, room_path};

/// A token in compact form, signed by whatever `sign` does.
fn compact(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Threat 6: algorithm and key confusion, and tokens that are none.
#[actix_web::test]
async fn threat_06_forged_and_broken_tokens_are_invalid() {
    let service = Service::on(Backend::Sqlite).await;
    let claims = application_token("ada", ALL, service.clock.now());
    let good = service.sign(&claims);
    service.send_with(&good, "GET", ROOMS).await.expect(200);
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let published =
        serde_json::to_value(service.keys().jwks(service.clock.now())).unwrap()["keys"][0].clone();
    let kid = published["kid"].clone();
    let hs256 = |secret: &[u8], header: Value| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        compact(&header, &claims, |signed| hmac::sign(&key, signed).as_ref().to_vec())
    };
    let unsigned = |header: Value| compact(&header, &claims, |_| vec![]);
    let public_key = published.to_string();
    let coordinates = URL_SAFE_NO_PAD.decode(published["x"].as_str().unwrap()).unwrap();
    let mut corpus = vec![
        unsigned(json!({"alg": "none", "typ": "at+jwt"})),
        unsigned(json!({"alg": "none", "typ": "at+jwt", "kid": kid})),
        unsigned(json!({"alg": "None", "typ": "at+jwt", "kid": kid})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "kid": kid})),
        hs256(public_key.as_bytes(), json!({"alg": "HS256", "typ": "at+jwt", "kid": kid})),
        hs256(&coordinates, json!({"alg": "HS256", "typ": "at+jwt", "kid": kid})),
        hs256(b"", json!({"alg": "HS512", "typ": "JWT"})),
        hs256(b"secret", json!({"alg": "ES256", "typ": "at+jwt", "kid": kid})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "kid": "unknown"})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "jwk": published})),
        unsigned(json!({"alg": "ES256", "typ": "at+jwt", "kid": kid, "jku": "https://evil.example/jwks"})),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{}", &signature[..signature.len() - 2]),
        format!(".{payload}.{signature}"),
        "..".to_owned(),
        "x".to_owned(),
        "a".repeat(20_000),
        format!("{header}.{}.{signature}", "A".repeat(17 * 1024)),
    ];
    let mut other = application_token("eve", ALL, service.clock.now());
    other["user_id"] = claims["user_id"].clone();
    corpus.push(format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(other.to_string())));
    let strange = Service::on(Backend::Sqlite).await;
    corpus.push(strange.token("ada"));
    for token in corpus {
        let answer = service.send_with(&token, "GET", ROOMS).await;
        assert_eq!(answer.body, r#"{"detail":"Invalid token."}"#, "{}", &token[..token.len().min(300)]);
        answer.expect_detail(401, "Invalid token.");
    }
}

/// Threat 6: whichever byte of a token is changed, it is refused.
#[actix_web::test]
async fn threat_06_a_mutated_token_never_verifies() {
    let service = Service::on(Backend::Sqlite).await;
    let good = service.token("ada");
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let place = (0..good.len()).new_tree(&mut runner).unwrap().current();
        let letter = proptest::char::range('!', '~').new_tree(&mut runner).unwrap().current();
        let mut bytes = good.clone().into_bytes();
        bytes[place] = letter as u8;
        let mutated = String::from_utf8(bytes).unwrap();
        if mutated == good {
            continue;
        }
        let answer = service.send_with(&mutated, "GET", ROOMS).await;
        assert_eq!(answer.status, 401, "{place} {letter} {answer:?}");
    }
}

/// Threat 9: every way to lose access × every endpoint, with both kinds of token.
#[rstest]
#[actix_web::test]
async fn threat_09_no_endpoint_forgets_the_token(
    #[values(
        ("client", "booking", "client_disabled"),
        ("client", "booking", "client_deleted"),
        ("sub", "", "account_disabled"),
        ("sub", "", "account_deleted"),
        ("sub", "", "password_changed"),
        ("sid", "session", "signed_out"),
        ("expired", "", "")
    )]
    way: (&str, &str, &str),
) {
    let service = Service::on(Backend::Sqlite).await;
    let room = service.room_of("ada").await;
    let mut tokens = vec![];
    for make in [application_token, crate::support::user_token] {
        let mut claims = make("ada", &format!("lasuite_visio {ALL}"), service.clock.now());
        claims["sid"] = "session".into();
        tokens.push(service.sign(&claims));
    }
    let (kind, value, reason) = way;
    if kind == "expired" {
        service.advance(3600);
    } else {
        let account = crate::support::account_id("ada");
        let parse = |name: &str| json!(name);
        let value = if value.is_empty() { &account } else { value };
        service.revoke(
            serde_json::from_value(parse(kind)).unwrap(),
            value,
            serde_json::from_value(parse(reason)).unwrap(),
        );
    }
    for token in &tokens {
        for (method, path) in every_route(&room) {
            let answer = service.send_with(token, method, &path).await;
            assert_eq!(answer.status, 401, "{method} {path} {answer:?}");
        }
    }
}

/// Every method that some route has, on every path.
fn every_route(room: &Answer) -> Vec<(&'static str, String)> {
    let paths = [
        ROOMS.to_owned(),
        room_path(room),
        attendees_path(room),
        format!("{}/{}", attendees_path(room), room.id()),
    ];
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    paths.iter().flat_map(|path| methods.map(|method| (method, path.clone()))).collect()
}

/// Threat 11: no header of the client reaches a link, a `Location` or a `url`.
#[actix_web::test]
async fn threat_11_a_forged_host_reaches_no_link() {
    let public = ServerSettings {
        public_url: Some("https://visio.agency.example".parse().unwrap()),
        ..ServerSettings::default()
    };
    for service in [Service::behind(Backend::Sqlite, public).await, Service::on(Backend::Sqlite).await] {
        service.room_of("ada").await;
        service.room_of("ada").await;
        let plain = service.send("ada", "GET", &format!("{ROOMS}?page_size=1")).await.expect(200);
        for (name, value) in [
            ("host", "evil.example"),
            ("host", "visio.agency.example@evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "gopher"),
            ("forwarded", "host=evil.example;proto=https"),
            ("x-original-url", "//evil.example/"),
            ("x-forwarded-prefix", "/evil"),
        ] {
            let request = service.request_with(&service.token("ada"), "GET", &format!("{ROOMS}?page_size=1"));
            let answer = Answer::read(request.header(name, value).send().await.unwrap()).await;
            if answer.status != 400 {
                answer.expect_body(200, &plain.body);
            }
        }
    }
}

/// Threat 15: role × endpoint × room. What the table does not allow is refused, and changes nothing.
#[rstest]
#[actix_web::test]
async fn threat_15_a_role_permits_what_the_contract_says_and_no_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("none", "member", "administrator", "owner")] role: &str,
    #[values("same", "other")] client: &str,
) {
    let service = Service::on(backend).await;
    let foreign = service.room_of("zoe").await;
    let rank = ["none", "member", "administrator", "owner"].iter().position(|name| *name == role).unwrap();
    // Method, rest of the path, body, least role.
    let table = [
        ("GET", "", json!({}), 1, 200),
        ("GET", "/attendees", json!({}), 1, 200),
        ("PATCH", "", json!({"access_level": "restricted"}), 2, 200),
        ("POST", "/attendees", json!({"email": "new@e.co"}), 2, 201),
        ("POST", "/attendees", json!({"email": "new2@e.co", "role": "administrator"}), 2, 201),
        ("POST", "/attendees", json!({"email": "new3@e.co", "role": "owner"}), 3, 201),
        ("DELETE", "/attendees/{attendee}", json!({}), 2, 204),
        ("DELETE", "", json!({}), 3, 204),
    ];
    for (method, rest, body, least, status) in table {
        let room = service.room_of("ada").await;
        let attendee = service.invite("ada", &room, "guest", "member").await.id();
        if rank > 0 {
            service.invite("ada", &room, "bob", role).await;
        }
        let token = service.token_through(if client == "same" { "booking" } else { "calendar" }, "bob");
        let rest = rest.replace("{attendee}", &attendee);
        let before = service.send("ada", "GET", &attendees_path(&room)).await.body;
        let call = |path: String| {
            let request = service.request_with(&token, method, &path).json(&body);
            async move { Answer::read(request.send().await.unwrap()).await }
        };
        let answer = call(format!("{}{rest}", room_path(&room))).await;
        let permitted = rank >= least && !(method == "DELETE" && rest.is_empty() && client == "other");
        assert_eq!(answer.status, if permitted { status } else { 403 }, "{method} {rest} {answer:?}");
        if !permitted {
            assert_eq!(service.send("ada", "GET", &room_path(&room)).await.body, room.body);
            let after = service.send("ada", "GET", &attendees_path(&room)).await.body;
            assert!(before == after || rank > 0, "{method} {rest}");
        }
        // Whatever the role here, somebody else's room stays closed.
        let answer = call(format!("{}{rest}", room_path(&foreign))).await;
        answer.expect_detail(403, "You do not have permission to perform this action.");
    }
    let seen = service.send("bob", "GET", ROOMS).await.json()["results"].to_string();
    assert!(!seen.contains(&foreign.id()));
}

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

/// Threat 25: text that would be SQL, in every place a client can put text.
#[rstest]
#[actix_web::test]
async fn threat_25_sql_in_ids_queries_bodies_and_claims_is_only_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "' OR '1'='1",
        "'; DROP TABLE rooms; --",
        "\" OR \"\"=\"",
        "1; DELETE FROM accesses",
        "') UNION SELECT id FROM rooms --",
        "\\'; SELECT pg_sleep(10); --",
        "%' OR slug LIKE '%",
        "$1",
        "?"
    )]
    sql: &str,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    let encoded: String =
        form_urlencoded::byte_serialize(sql.as_bytes()).collect::<String>().replace('+', "%20");
    for path in [format!("{ROOMS}/{encoded}"), format!("{}/{encoded}", attendees_path(&room))] {
        assert!(matches!(service.send("ada", "DELETE", &path).await.status, 404), "{path}");
    }
    for parameter in ["page", "page_size", "format", "ordering", "search"] {
        let answer = service.send("eve", "GET", &format!("{ROOMS}?{parameter}={encoded}")).await;
        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
        if answer.status == 200 {
            assert_eq!(answer.json()["count"], 0);
        }
    }
    let email = json!({"email": format!("\"{}\"@e.co", sql.replace(['"', ' ', '\\'], "")), "role": "member"});
    let added = service.send_json("ada", "POST", &attendees_path(&room), email.clone()).await;
    added.clone().expect(201);
    assert_eq!(added.json()["email"], email["email"]);
    let mut claims = application_token("eve", ALL, service.clock.now());
    claims["email"] = sql.into();
    claims["client_id"] = sql.into();
    let token = service.sign(&claims);
    assert_eq!(service.send_with(&token, "GET", ROOMS).await.expect(200).json()["count"], 0);
    let own = service.send_with(&token, "POST", ROOMS).await.expect(201);
    service.send("eve", "DELETE", &room_path(&own)).await.expect(403);
    service.send_with(&token, "DELETE", &room_path(&own)).await.expect(204);
    service.send("ada", "GET", &room_path(&room)).await.expect_body(200, &room.body);
}

/// Threat 26: an expired token stays expired for every service that knows the time, and a revoked one revoked.
#[rstest]
#[actix_web::test]
async fn threat_26_a_revoked_or_expired_token_stays_so_after_a_restart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let token = service.token("ada");
    let room = service.send_with(&token, "POST", ROOMS).await.expect(201);
    let restarted = service.restarted().await;
    restarted.send_with(&token, "GET", &room_path(&room)).await.expect_body(200, &room.body);
    restarted.revoke(
        auth_claims::revocations::RevocationKind::Sub,
        &crate::support::account_id("ada"),
        auth_claims::revocations::RevocationReason::AccountDisabled,
    );
    restarted.send_with(&token, "GET", ROOMS).await.expect_detail(401, "User account is disabled.");
    service.advance(3600);
    let restarted = service.restarted().await;
    restarted.send_with(&token, "GET", ROOMS).await.expect_detail(401, "Token expired.");
    service.send_with(&token, "GET", ROOMS).await.expect_detail(401, "Token expired.");
}
