//! Rows of the threat list that this service touches; each test names its row. Row 18 is in `exhaustion.rs`, row 15 also
//! in `worked_example.rs` and `openapi.rs`.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use rstest::rstest;
use serde_json::{Value, json};
use token_signing::TokenType;

use crate::support::{
    ABSENCES, AGENTS, Answer, Backend, NAMES, ORGANISATIONS, People, SHARED_SECRET, Service, answer, signed,
};

/// Every method that some route has, on every path.
fn every_route(service: &Service, absence: i64) -> Vec<(&'static str, String)> {
    let organisation = service.people.organisation("o1");
    let organisation = format!("{ORGANISATIONS}/{organisation}");
    let absence = format!("{ABSENCES}/{absence}");
    let of = |methods: &[&'static str], path: &str| -> Vec<_> {
        methods.iter().map(|method| (*method, path.to_owned())).collect()
    };
    [
        of(&["GET", "HEAD"], AGENTS),
        of(&["GET", "HEAD"], ORGANISATIONS),
        of(&["GET", "HEAD", "PATCH", "PUT"], &organisation),
        of(&["GET", "HEAD", "POST"], ABSENCES),
        of(&["GET", "HEAD", "PATCH", "PUT", "DELETE"], &absence),
    ]
    .concat()
}

/// Threat 9: every way to lose access × every endpoint × every credential.
#[rstest]
#[actix_web::test]
async fn threat_09_no_endpoint_forgets_who_is_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("disabled", "deleted", "revoked account", "revoked session", "expired")] way: &str,
) {
    let service = Service::on(backend).await;
    let absence = service.absence_of("b").await;
    let session = service.sign_in("a");
    let mut claims = service.claims("a");
    claims["sid"] = json!(session.sid);
    let (token, signature) = (service.sign(&claims), service.signature("a"));
    service.send(&session, "GET", AGENTS).await.expect(200);
    let account = service.people.account("a").id;
    match way {
        "disabled" => service.disable("a").await,
        "deleted" => {
            service.identity.delete_account(account, &identity::audit::Origin::default()).await.unwrap();
        }
        "revoked account" => {
            service.revoke(RevocationKind::Sub, &account.to_string(), RevocationReason::AccountDisabled);
        }
        "revoked session" => service.revoke(RevocationKind::Sid, &session.sid, RevocationReason::SignedOut),
        _ => service.advance(86_400),
    }
    // A signature has neither a session nor an end: the directory alone decides.
    let signature_out = matches!(way, "disabled" | "deleted");
    for (method, path) in every_route(&service, absence) {
        let by_session = service.send(&session, method, &path).await;
        let by_token = answer(service.request(method, &path).bearer_auth(&token)).await;
        let signed = service.request(method, &path).header("uid", &session.uid);
        let by_signature = answer(signed.header("X-Agent-Auth-Signature", &signature)).await;
        for found in [by_session, by_token] {
            assert_eq!(found.status, 401, "{method} {path} {found:?}");
            found.expect_no_session();
        }
        assert_eq!(by_signature.status == 401, signature_out, "{method} {path} {by_signature:?}");
    }
}

/// Threat 15: viewer × endpoint × object. What the contract does not allow is refused, and changes nothing. The oracle is
/// the table of §11.4 with a role of each level in each place.
#[rstest]
#[actix_web::test]
async fn threat_15_a_role_permits_what_the_contract_says_and_no_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let roles: [(&str, &str, &[&str], &[&str]); 9] = [
        ("a", "ab", &["o1"], &[]),
        ("b", "ab", &["o1", "o2"], &[]),
        ("c", "cd", &["o1"], &[]),
        ("d", "abcdef", &["o1", "o2"], &["o1"]),
        ("e", "abcde", &["o1"], &[]),
        ("f", "df", &["o2"], &[]),
        ("g", "gh", &["o3"], &[]),
        ("h", "abcdefgh", &["o3"], &[]),
        ("i", "", &[], &[]),
    ];
    let state = async || {
        let mut state = vec![];
        for name in ["d", "g"] {
            let session = service.sign_in(name);
            for path in [ABSENCES, ORGANISATIONS] {
                let listed = service.send(&session, "GET", path).await.expect(200).json();
                state.push(without_calendars(listed));
            }
        }
        state
    };
    let mut absences = vec![];
    for name in NAMES {
        absences.push((name, service.absence_of(name).await));
    }
    for (viewer, seen, member, admin) in roles {
        let session = service.sign_in(viewer);
        for (owner, absence) in &absences {
            let before = state().await;
            for method in ["GET", "PATCH", "PUT"] {
                let found =
                    service.send_json(&session, method, &format!("{ABSENCES}/{absence}"), &json!({})).await;
                assert_eq!(found.status, if seen.contains(owner) { 200 } else { 403 }, "{viewer} {owner}");
            }
            if !seen.contains(owner) {
                let path = format!("{ABSENCES}/{absence}");
                service
                    .send_json(&session, "PATCH", &path, &json!({"title": "taken over"}))
                    .await
                    .expect(403);
                service.send(&session, "DELETE", &path).await.expect(403);
            }
            assert_eq!(state().await, before, "{viewer} {owner}");
        }
        for id in ["o1", "o2", "o3"] {
            let path = format!("{ORGANISATIONS}/{}", service.people.organisation(id));
            let shown = service.send(&session, "GET", &path).await;
            assert_eq!(shown.status, if member.contains(&id) { 200 } else { 403 }, "{viewer} {id}");
            let before = state().await;
            let body =
                if admin.contains(&id) { json!({}) } else { json!({"name": "taken over", "email": "x"}) };
            let changed = service.send_json(&session, "PATCH", &path, &body).await;
            assert_eq!(changed.status, if admin.contains(&id) { 200 } else { 403 }, "{viewer} {id}");
            assert_eq!(state().await, before, "{viewer} {id}");
        }
    }
}

/// Calendars hold the instant at which they were written.
fn without_calendars(mut listed: Value) -> Value {
    for absence in listed["absences"].as_array_mut().into_iter().flatten() {
        absence["ical"] = json!(null);
    }
    listed
}

/// Threat 25: text that would be SQL, in every place a client can put text.
#[rstest]
#[actix_web::test]
async fn threat_25_sql_in_paths_queries_bodies_headers_and_claims_is_only_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let absence = service.absence_of("a").await;
    let plain = service.send(&session, "GET", AGENTS).await.expect(200).body;
    for sql in [
        "' OR '1'='1",
        "'; DROP TABLE absences; --",
        "\" OR \"\"=\"",
        "1; DELETE FROM accounts",
        "1 OR 1=1",
        "') UNION SELECT id FROM accounts --",
        "\\'; SELECT pg_sleep(10); --",
        "%' OR title LIKE '%",
        "$1",
        "?",
    ] {
        let encoded = form_urlencoded::byte_serialize(sql.as_bytes()).collect::<String>().replace('+', "%20");
        for (method, path) in
            [("GET", ABSENCES), ("DELETE", ABSENCES), ("GET", ORGANISATIONS), ("PUT", ORGANISATIONS)]
        {
            let found = service.send(&session, method, &format!("{path}/{encoded}")).await;
            assert_eq!(found.status, 404, "{method} {path} {sql} {found:?}");
        }
        for parameter in ["page", "organisation_id", "order", "sort", "per", "search"] {
            let found = service.send(&session, "GET", &format!("{AGENTS}?{parameter}={encoded}")).await;
            found.expect_body(200, &plain);
        }
        let title = json!({ "title": sql });
        let changed = service.send_json(&session, "PATCH", &format!("{ABSENCES}/{absence}"), &title).await;
        assert_eq!(changed.expect(200).json()["absence"]["title"], sql.trim());
        let body = json!({ "agent_email": sql, "title": "x" });
        service
            .send_json(&session, "POST", ABSENCES, &body)
            .await
            .expect_body(404, r#"{"not_found":"agent"}"#);
        for name in ["uid", "client", "access-token"] {
            let request = service.request("GET", AGENTS).query(&session.parameters()).header(name, sql);
            answer(request).await.expect_unauthenticated();
        }
        let of_nobody = signed(SHARED_SECRET, &[json!(0), json!(null), json!(null), json!(null)]);
        let request =
            service.request("GET", AGENTS).header("uid", sql).header("X-Agent-Auth-Signature", of_nobody);
        answer(request).await.expect_unauthenticated();
        let mut claims = service.claims("a");
        claims["sub"] = json!(sql);
        answer(service.request("GET", AGENTS).bearer_auth(service.sign(&claims)))
            .await
            .expect_unauthenticated();
    }
    service.send(&session, "GET", AGENTS).await.expect_body(200, &plain);
}

/// Threat 26: what was revoked or has expired stays so, also for a service that has just started and remembers nothing.
#[rstest]
#[actix_web::test]
async fn threat_26_a_revoked_or_expired_session_stays_so_after_a_restart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (session, other) = (service.sign_in("a"), service.sign_in("a"));
    let found = service.send(&session, "GET", AGENTS).await.expect(200);
    let restarted = service.restarted();
    restarted.send(&session, "GET", AGENTS).await.expect_body(200, &found.body);
    restarted.revoke(RevocationKind::Sid, &session.sid, RevocationReason::SignedOut);
    restarted.send(&session, "GET", AGENTS).await.expect_unauthenticated();
    restarted.send(&other, "GET", AGENTS).await.expect(200).expect_session(&other);
    service.disable("a").await;
    service.restarted().send(&other, "GET", AGENTS).await.expect_unauthenticated();
    let late = service.sign_in("b");
    service.advance(86_399);
    service.restarted().send(&late, "GET", AGENTS).await.expect(200);
    service.advance(1);
    for service in [&service, &service.restarted()] {
        service.send(&late, "GET", AGENTS).await.expect_unauthenticated();
    }
}

/// Threat 6: a token of another type, of another key, or altered is none.
#[actix_web::test]
async fn threat_06_forged_tokens_are_none() {
    let service = Service::on(Backend::Sqlite).await;
    let claims = service.claims("a");
    let good = service.sign(&claims);
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let foreign = crate::support::keyring(service.clock.now());
    let foreign = foreign.sign_as(TokenType::AccessToken, &claims, service.clock.now()).unwrap();
    let other = service.sign(&service.claims("d"));
    let other_body = other.split('.').nth(1).unwrap();
    for token in [
        foreign,
        format!("{head}.{body}."),
        format!("{head}.{other_body}.{signature}"),
        format!("{head}.{body}.{}", signature.to_uppercase()),
        format!("eyJhbGciOiJub25lIn0.{body}."),
        "a".repeat(20_000),
        String::new(),
    ] {
        answer(service.request("GET", AGENTS).bearer_auth(token)).await.expect_unauthenticated();
    }
    answer(service.request("GET", AGENTS).bearer_auth(good)).await.expect(200);
}

/// Threat 17: whether an agent exists, has another secret, or signs wrongly: nothing tells it.
#[actix_web::test]
async fn threat_17_nothing_tells_which_agents_exist() {
    let service = Service::on(Backend::Sqlite).await;
    let wrong = |uid: String| {
        let request = service.request("GET", AGENTS).header("uid", uid);
        answer(request.header("X-Agent-Auth-Signature", "0".repeat(64)))
    };
    let shown = |answer: Answer| {
        let names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, answer.body, names)
    };
    let known = shown(wrong(People::email("a")).await);
    assert_eq!(known, shown(wrong("nobody@cd26.example".to_owned()).await));
    let session = service.sign_in("a");
    let mut unknown = session.clone();
    unknown.uid = "nobody@cd26.example".to_owned();
    let mut stale = session.clone();
    stale.access_token = "x".repeat(22);
    assert_eq!(
        shown(service.send(&unknown, "GET", AGENTS).await),
        shown(service.send(&stale, "GET", AGENTS).await)
    );
}
