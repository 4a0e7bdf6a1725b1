//! §1, §2: paths, methods and headers.

use rstest::rstest;
use serde_json::json;

use crate::support::{ABSENCES, AGENTS, Backend, ORGANISATIONS, Service, answer};

const NOT_FOUND: &str = r#"{"success":false,"errors":["Not Found"]}"#;

/// "Every path also accepts an optional `.json` suffix."
#[actix_web::test]
async fn every_path_has_its_spellings() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("d");
    let absence = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let organisation = format!("{ORGANISATIONS}/{}", service.people.organisation("o1"));
    for path in [AGENTS, ORGANISATIONS, ABSENCES, &absence, &organisation] {
        let plain = service.send(&session, "GET", path).await.expect(200).body;
        for spelling in [format!("{path}.json"), format!("{path}/"), format!("{path}.json?page=1")] {
            service.send(&session, "GET", &spelling).await.expect_body(200, &plain);
        }
    }
    let changed =
        service.send_json(&session, "PATCH", &format!("{absence}.json"), &json!({"title": "x"})).await;
    assert_eq!(changed.expect(200).json()["absence"]["title"], "x");
    service.send(&session, "DELETE", &format!("{absence}.json")).await.expect_body(204, "");
    let body = json!({
        "agent_id": service.people.number("a"), "title": "x", "first_day": "2027-02-09", "start_time": "8:30",
        "end_time": "9:30",
    });
    service.send_json(&session, "POST", &format!("{ABSENCES}.json"), &body).await.expect(200);
}

/// "Unknown route": 404; §12.3: agents have no other routes. A method that a route does not have is no route, either.
#[rstest]
#[case("GET", "/api/v1")]
#[case("GET", "/api/v1/")]
#[case("GET", "/api/v1/users")]
#[case("GET", "/api/v1/agents/1")]
#[case("GET", "/api/v1/agents/1.json")]
#[case("POST", "/api/v1/agents")]
#[case("DELETE", "/api/v1/agents")]
#[case("POST", "/api/v1/organisations")]
#[case("DELETE", "/api/v1/organisations/1")]
#[case("POST", "/api/v1/organisations/1")]
#[case("PUT", "/api/v1/absences")]
#[case("PATCH", "/api/v1/absences")]
#[case("DELETE", "/api/v1/absences")]
#[case("POST", "/api/v1/absences/1")]
#[case("GET", "/api/v1/absences/1/edit")]
#[case("GET", "/api/v1/absences/1.xml")]
#[case("GET", "/api/v1/absences.xml")]
#[case("GET", "/api/v1/Absences")]
#[case("OPTIONS", "/api/v1/absences")]
#[case("TRACE", "/api/v1/absences")]
#[actix_web::test]
async fn what_is_no_route_is_404(#[case] method: &str, #[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("d");
    service.send(&session, method, path).await.expect_body(404, NOT_FOUND).expect_no_session();
    answer(service.request(method, path)).await.expect_body(404, NOT_FOUND);
}

/// "Success headers seen in the seed", on whatever is answered.
#[actix_web::test]
async fn every_answer_has_its_headers() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let id = service.absence_of("a").await;
    for (method, path, status) in [
        ("GET", AGENTS.to_owned(), 200),
        ("GET", "/api/v1/nowhere".to_owned(), 404),
        ("GET", format!("{ABSENCES}/0"), 404),
        ("POST", ABSENCES.to_owned(), 422),
        ("DELETE", format!("{ABSENCES}/{id}"), 204),
    ] {
        let answer = service.send(&session, method, &path).await.expect(status);
        assert_eq!(answer.header("cache-control"), "max-age=0, private, must-revalidate");
        assert_eq!(answer.header("x-frame-options"), "SAMEORIGIN");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "strict-origin-when-cross-origin");
        assert_eq!(answer.header("set-cookie"), "");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

/// "`Accept`: ignored", "Conditional requests": never 304.
#[actix_web::test]
async fn what_is_asked_for_is_always_json() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let plain = service.send(&session, "GET", AGENTS).await.expect(200).body;
    for (name, value) in [
        ("accept", "text/html"),
        ("accept", "application/xml;q=1, */*;q=0"),
        ("if-modified-since", "Mon, 26 Jul 1997 05:00:00 GMT"),
        ("if-none-match", "*"),
    ] {
        let found = answer(service.request_with(&session, "GET", AGENTS).header(name, value)).await;
        found.expect_body(200, &plain);
    }
}

/// HEAD is GET without its body.
#[actix_web::test]
async fn head_is_get() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("d");
    let absence = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let organisation = format!("{ORGANISATIONS}/{}", service.people.organisation("o1"));
    for path in [AGENTS, ORGANISATIONS, ABSENCES, &absence, &organisation] {
        let head = service.send(&session, "HEAD", path).await.expect(200);
        head.expect_session(&session);
        assert_eq!(head.body, "");
        answer(service.request("HEAD", path)).await.expect(401);
    }
}

/// Switched off, there is nothing.
#[actix_web::test]
async fn a_service_that_is_switched_off_has_no_routes() {
    let service = Service::with(Backend::Sqlite, json!({ "enabled": false })).await;
    let session = service.sign_in("a");
    for path in [AGENTS, ORGANISATIONS, ABSENCES] {
        service.send(&session, "GET", path).await.expect_body(404, NOT_FOUND);
    }
}
