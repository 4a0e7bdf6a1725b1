//! Rows of the threat list that this service touches; each test names its row. Row 6 is in `forged_tokens.rs`, row 14 in
//! `update.rs`, row 18 in `exhaustion.rs`.

use rstest::rstest;
use serde_json::json;
use service_kit::settings::ServerSettings;

use crate::support::{ALL, Answer, Backend, ROOMS, Service, application_token, attendees_path, room_path};

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
