//! Rows of the threat list. Where the others are:
//!
//! | row | test |
//! | --- | --- |
//! | 14 | `domain::decisions` for every application, and here |
//! | 15 | `matrix`, `domain::access`, `domain::decisions` |
//! | 18 | `exhaustion` |

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{APPLICATIONS, Backend, LIFETIME, Service, claims, full_config, path};

const ROUTES: [(&str, &str); 7] = [
    ("GET", "/api/applications/a"),
    ("PUT", "/api/applications/a"),
    ("DELETE", "/api/applications/a"),
    ("GET", "/api/applications"),
    ("POST", "/api/applications"),
    ("GET", "/api/applications/a/availability"),
    ("GET", "/api/applications/organizations/org-helios"),
];

/// Threat 9: whoever is locked out is locked out of every operation.
#[rstest]
#[case::expired("expired", "Access token expired")]
#[case::revoked("revoked", "Invalid access token")]
#[case::not_yet("not yet", "Cannot convert access token to JSON")]
#[case::other_audience("audience", "Cannot convert access token to JSON")]
#[actix_web::test]
async fn threat_09_who_is_locked_out_is_locked_out_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] state: &str,
    #[case] text: &str,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let now = service.clock.now();
    let mut claims = claims("GLOBAL_ADMIN@helios", now);
    claims["sub"] = "somebody else".into();
    match state {
        "not yet" => claims["nbf"] = (now.timestamp() + 3600).into(),
        "audience" => claims["aud"] = json!(["rooms", "agenda"]),
        "expired" => claims["exp"] = now.timestamp().into(),
        _ => {}
    }
    let token = service.sign(&claims);
    if state == "revoked" {
        service.send_with(&token, "GET", APPLICATIONS).await.expect(200);
        service.revoke("somebody else");
    }
    let before = service.stored("a").await;
    for (method, path) in ROUTES {
        service.send_with(&token, method, path).await.expect_oauth(401, "invalid_token", text);
    }
    assert_eq!(service.stored("a").await, before);
}

/// Threat 14: whatever a new application may not be, no application may become; over every way to write.
#[rstest]
#[actix_web::test]
async fn threat_14_a_change_is_checked_like_a_creation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let configs = [
        "{}".to_owned(),
        full_config().to_string(),
        "[]".to_owned(),
        "null".to_owned(),
        r#"{"organizationId":"a"}"#.to_owned(),
        r#"{"organizationId":"","pcEnvironment":"b"}"#.to_owned(),
        r#"{"organizationId":"a","pcEnvironment":5}"#.to_owned(),
        r#"{"organizationId":"a","pcEnvironment":"b","pcEnvironment":" "}"#.to_owned(),
        r#"{"a":"\udfff"}"#.to_owned(),
        deep(50),
        deep(1000),
    ];
    let kinds = [r#""GENESYS""#, r#""TEST""#, r#""genesys""#, "null", "1"];
    let organizations = [r#""org-selene""#, r#""""#, r#"" ""#, "null", "7", r#""a\u0000""#];
    let flags = ["true", "null", "0"];
    let mut corpus = vec![];
    for config in &configs {
        for kind in kinds {
            corpus.push((kind, config.as_str(), organizations[0], flags[0]));
        }
    }
    for organization in organizations {
        for flag in flags {
            corpus.push((kinds[1], "{}", organization, flag));
        }
    }
    service.application("b", "helios", "TEST", &json!({})).await;
    for (number, (kind, config, organization, disabled)) in (0..).zip(corpus) {
        let body = |id: &str| {
            format!(
                r#"{{"id":"{id}","type":{kind},"config":{config},"organizationId":{organization},"disabled":{disabled}}}"#
            )
        };
        let made =
            service.send_text("SERVICE@helios", "POST", APPLICATIONS, body(&format!("a{number}"))).await;
        let changed = service.send_text("SERVICE@helios", "PUT", &path("b"), body("b")).await;
        match made.status {
            200 => changed.expect_nothing(204),
            status => {
                assert_eq!((status, changed.status), (400, 400), "{made:?} {changed:?}");
                assert_eq!(made.json()["message"], changed.json()["message"]);
            }
        }
    }
}

const SQL: [&str; 8] = [
    "' OR '1'='1",
    "'; DROP TABLE applications; --",
    "\" OR \"\"=\"",
    "createdAt; DELETE FROM applications",
    "(CASE WHEN 1=1 THEN id ELSE config END)",
    "') UNION SELECT config FROM applications --",
    "\\'; SELECT pg_sleep(10); --",
    "$1 ? %s",
];

/// Threat 25: text that would be SQL, in every place a client can put text.
#[rstest]
#[actix_web::test]
async fn threat_25_sql_is_only_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let before = service.stored("a").await;
    for sql in SQL {
        let encoded = form_urlencoded::byte_serialize(sql.as_bytes()).collect::<String>().replace('+', "%20");
        for method in ["GET", "DELETE"] {
            service.send("SERVICE", method, &path(&encoded)).await.expect_unknown(&path(&encoded));
        }
        let free = service.get("SERVICE", &format!("{}/availability", path(&encoded))).await;
        assert_eq!(free.expect(200).json(), json!({"available": true}));
        let of = service.get("SERVICE", &format!("{APPLICATIONS}/organizations/{encoded}")).await;
        assert_eq!(of.expect(200).json()["totalElements"], 0);
        // As a property: refused where it is one, and dropped in the compact spelling, up to the first comma.
        let property = sql.split(',').next().unwrap();
        let answer = service.get("AGENT@helios", &format!("{APPLICATIONS}?sort={encoded},desc")).await;
        let message = format!("No property '{property}' found for type 'Application'");
        answer.expect_boot(400, "Bad Request", &message, APPLICATIONS);
        for query in ["page", "size", "pageable", "pageable=sort,", "pageable=page,", "x"] {
            let mark = if query.contains('=') { "" } else { "=" };
            let page = service.get("AGENT@helios", &format!("{APPLICATIONS}?{query}{mark}{encoded}")).await;
            let page = page.expect(200).json();
            assert_eq!(
                (&page["totalElements"], &page["sort"][0]["property"]),
                (&json!(1), &json!("createdAt"))
            );
        }
        // In claims: somebody of an organisation with a strange name, who finds nothing of others and can make their
        // own.
        let mut claims = claims("ADMIN", service.clock.now());
        claims["organization_id"] = sql.into();
        claims["sub"] = sql.into();
        let token = service.sign(&claims);
        let nothing = service.send_with(&token, "GET", APPLICATIONS).await.expect(200).json();
        assert_eq!(nothing["totalElements"], 0);
        let body = json!({"type": "TEST", "config": {sql: sql}});
        let request = service.request("POST", APPLICATIONS).bearer_auth(&token).json(&body);
        let made: Value = request.send().await.unwrap().json().await.unwrap();
        let made = path(made["id"].as_str().unwrap());
        let seen = service.send_with(&token, "GET", &made).await.expect(200).json();
        assert_eq!((&seen["organizationId"], &seen["config"]), (&json!(sql), &json!({sql: sql})));
        service.send_with(&token, "DELETE", &made).await.expect_nothing(204);
    }
    assert_eq!(service.stored("a").await, before);
}

/// Threat 25: no sort and no page, whatever they hold, changes what is listed or fails.
#[rstest]
#[actix_web::test]
async fn threat_25_every_sort_and_page_lists_each_application_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for number in 0..7 {
        let kind = if number % 2 == 0 { "TEST" } else { "SETUP_TEST" };
        service.application(&format!("Id-{number}"), "helios", kind, &json!({})).await;
    }
    let properties = [
        "id",
        "organizationId",
        "type",
        "version",
        "createdAt",
        "modifiedAt",
        "visible",
        "disabled",
        "expiresAt",
        "anonymousRegistrationEnabled",
    ];
    let many =
        properties.map(|property| format!("sort={property},desc,ignorecase&sort={property}")).join("&");
    let sorts = properties.into_iter().flat_map(|property| {
        ["", ",desc", ",ignorecase", ",desc,ignorecase"].map(|rest| format!("sort={property}{rest}"))
    });
    for sort in sorts.chain([many]) {
        let mut ids = vec![];
        for number in 0..4 {
            let page =
                service.get("ADMIN@helios", &format!("{APPLICATIONS}?size=2&page={number}&{sort}")).await;
            ids.extend(page.expect(200).ids());
        }
        ids.sort();
        assert_eq!(ids, (0..7).map(|number| format!("Id-{number}")).collect::<Vec<_>>(), "{sort}");
    }
}

/// Threat 26: an expired token stays expired for every service that knows the time, and a revoked one revoked.
#[rstest]
#[actix_web::test]
async fn threat_26_a_revoked_or_expired_token_stays_so_after_a_restart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let token = service.token("ADMIN@helios");
    service.send_with(&token, "GET", APPLICATIONS).await.expect(200);
    let restarted = service.restarted().await;
    restarted.send_with(&token, "GET", APPLICATIONS).await.expect(200);
    restarted.revoke("somebody: ADMIN");
    let answer = restarted.send_with(&token, "GET", APPLICATIONS).await;
    answer.expect_oauth(401, "invalid_token", "Invalid access token");
    service.advance(LIFETIME);
    let restarted = service.restarted().await;
    for service in [&service, &restarted] {
        let answer = service.send_with(&token, "GET", APPLICATIONS).await;
        answer.expect_oauth(401, "invalid_token", "Access token expired");
    }
}
