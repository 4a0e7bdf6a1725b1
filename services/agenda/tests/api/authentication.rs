//! §4: the three values of a session, wherever they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, AGENTS, Backend, ORGANISATIONS, Service, Session, answer};

type Give = fn(RequestBuilder, &Session) -> RequestBuilder;

fn object(session: &Session) -> Value {
    session.parameters().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn in_headers(request: RequestBuilder, session: &Session) -> RequestBuilder {
    session.parameters().into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn in_the_query(request: RequestBuilder, session: &Session) -> RequestBuilder {
    request.query(&session.parameters())
}

fn in_a_json_body(request: RequestBuilder, session: &Session) -> RequestBuilder {
    request.json(&object(session))
}

fn in_a_form(request: RequestBuilder, session: &Session) -> RequestBuilder {
    request.form(&session.parameters())
}

fn in_authorization_as_it_was_told(request: RequestBuilder, session: &Session) -> RequestBuilder {
    request.header("authorization", session.authorization())
}

fn in_authorization_under_any_scheme(request: RequestBuilder, session: &Session) -> RequestBuilder {
    request.header("authorization", format!("Token {}", STANDARD.encode(object(session).to_string())))
}

/// §4.2: each value is looked for on its own.
fn scattered(request: RequestBuilder, session: &Session) -> RequestBuilder {
    let request = request.header("uid", &session.uid).query(&[("client", &session.client)]);
    request.json(&json!({ "access-token": session.access_token }))
}

/// §4.2: headers win over parameters.
fn headers_beside_nonsense(request: RequestBuilder, session: &Session) -> RequestBuilder {
    let nonsense = [("access-token", "x"), ("client", "x"), ("uid", "x")];
    in_headers(request, session).query(&nonsense).header("authorization", "Basic YTpi")
}

/// §4.1–§4.3, §4.5: accepted on any method, and echoed.
#[rstest]
#[actix_web::test]
async fn a_session_is_accepted_wherever_its_values_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let ways: [Give; 8] = [
        in_headers,
        in_the_query,
        in_a_json_body,
        in_a_form,
        in_authorization_as_it_was_told,
        in_authorization_under_any_scheme,
        scattered,
        headers_beside_nonsense,
    ];
    for (number, give) in ways.into_iter().enumerate() {
        for (method, path, status) in [("GET", AGENTS, 200), ("DELETE", "/api/v1/absences/0", 404)] {
            let found = answer(give(service.request(method, path), &session)).await;
            assert_eq!(found.status, status, "way {number}: {found:?}");
            found.expect_session(&session);
        }
    }
}

/// §4.1, §4.2, §4.4: whatever is wrong, the answer is the same.
#[rstest]
#[actix_web::test]
async fn a_session_that_does_not_hold_is_401(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (session, other) = (service.sign_in("a"), service.sign_in("b"));
    let Session { access_token, client, uid, .. } = &session;
    let upper = uid.to_uppercase();
    let padded = format!("{uid} x");
    let header_sets: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![("access-token", access_token), ("client", client)],
        vec![("client", client), ("uid", uid)],
        vec![("access-token", ""), ("client", client), ("uid", uid)],
        vec![("access-token", access_token), ("client", ""), ("uid", uid)],
        vec![("access-token", access_token), ("client", client), ("uid", "")],
        // No client is the client `default`, which nobody has.
        vec![("access-token", access_token), ("uid", uid)],
        vec![("access-token", access_token), ("client", client), ("uid", &upper)],
        vec![("access-token", access_token), ("client", client), ("uid", &padded)],
        vec![("access-token", access_token), ("client", client), ("uid", "nobody@cd26.example")],
        vec![("access-token", access_token), ("client", &other.client), ("uid", uid)],
        vec![("access-token", &other.access_token), ("client", client), ("uid", uid)],
        vec![("access-token", access_token), ("client", client), ("uid", &other.uid)],
        vec![
            ("access-token", access_token),
            ("access-token", access_token),
            ("client", client),
            ("uid", uid),
        ],
        vec![("authorization", "Basic YTpi")],
        vec![("authorization", "Bearer")],
        vec![("authorization", "Bearer W10=")],
        vec![("authorization", "Bearer {}")],
        vec![("cookie", "session=1; access-token=x; client=x; uid=x")],
    ];
    for headers in header_sets {
        for path in [AGENTS, ORGANISATIONS, ABSENCES] {
            let request = headers
                .iter()
                .fold(service.request("GET", path), |request, (name, value)| request.header(*name, *value));
            answer(request).await.expect_unauthenticated();
        }
    }
    // §4.2: the first place that has a value decides, even if it is empty.
    let request = service.request("GET", AGENTS).header("access-token", "").query(&session.parameters());
    answer(request).await.expect_unauthenticated();
    // §4.2: a password authenticates nothing but sign-in.
    let password = [("email", "a@cd26.example"), ("password", "Pivoine-Rouge-26")];
    answer(service.request("GET", AGENTS).query(&password)).await.expect_unauthenticated();
}

/// §4.1, step 4: from its last second on it is no session; until then it works as often as it is used (§1, no rotation).
#[actix_web::test]
async fn a_session_ends_at_its_second() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    service.advance(86_399);
    for _ in 0..3 {
        service.send(&session, "GET", AGENTS).await.expect(200).expect_session(&session);
    }
    service.advance(1);
    service.send(&session, "GET", AGENTS).await.expect_unauthenticated();
}

/// §4.5: which answers carry the six headers.
#[rstest]
#[actix_web::test]
async fn the_session_is_echoed_where_the_contract_says_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (own, foreign) = (service.absence_of("a").await, service.absence_of("f").await);
    let (o1, o3) = (service.people.organisation("o1"), service.people.organisation("o3"));
    let absence = json!({
        "agent_id": service.people.number("a"), "title": "x", "first_day": "2027-03-01", "start_time": "8:00",
        "end_time": "9:00",
    });
    let session = service.sign_in("a");
    let table = [
        ("GET", AGENTS.to_owned(), json!({}), 200, true),
        ("GET", ORGANISATIONS.to_owned(), json!({}), 200, true),
        ("GET", format!("{ORGANISATIONS}/{o1}"), json!({}), 200, true),
        ("GET", format!("{ORGANISATIONS}/{o3}"), json!({}), 403, false),
        ("GET", format!("{ORGANISATIONS}/0"), json!({}), 404, false),
        ("PATCH", format!("{ORGANISATIONS}/{o1}"), json!({}), 403, false),
        ("GET", ABSENCES.to_owned(), json!({}), 200, true),
        ("POST", ABSENCES.to_owned(), absence, 200, true),
        ("POST", ABSENCES.to_owned(), json!({}), 422, false),
        ("POST", ABSENCES.to_owned(), json!({"agent_email": "nobody@cd26.example"}), 404, true),
        ("GET", format!("{ABSENCES}/{own}"), json!({}), 200, true),
        ("GET", format!("{ABSENCES}/{foreign}"), json!({}), 403, false),
        ("GET", format!("{ABSENCES}/0"), json!({}), 404, true),
        ("GET", format!("{ABSENCES}/x"), json!({}), 404, true),
        ("PATCH", format!("{ABSENCES}/{own}"), json!({"title": "y"}), 200, true),
        ("PUT", format!("{ABSENCES}/{own}"), json!({"title": ""}), 422, false),
        ("PATCH", format!("{ABSENCES}/0"), json!({}), 404, true),
        ("DELETE", format!("{ABSENCES}/0"), json!({}), 404, true),
        ("DELETE", format!("{ABSENCES}/{foreign}"), json!({}), 403, false),
        ("DELETE", format!("{ABSENCES}/{own}"), json!({}), 204, true),
    ];
    for (method, path, body, status, echoed) in table {
        let found = service.send_json(&session, method, &path, &body).await;
        assert_eq!(found.status, status, "{method} {path} {found:?}");
        if echoed { found.expect_session(&session) } else { found.expect_no_session() }
    }
}

/// A session cannot be checked: that is no verdict on it.
#[actix_web::test]
async fn without_the_auth_server_nobody_can_tell() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    service.lose_the_auth_server();
    let found = service.send(&session, "GET", AGENTS).await;
    found.expect_body(503, r#"{"success":false,"errors":["Service Unavailable"]}"#).expect_no_session();
    assert_eq!(found.header("retry-after"), "5");
}
