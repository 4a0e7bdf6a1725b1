//! §9: pages of any origin.

use rstest::rstest;

use crate::support::{ABSENCES, AGENTS, Answer, Backend, Service, answer};

const ORIGIN: &str = "https://app.example";

fn expect_readable(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, PATCH, PUT, DELETE");
    let exposed = "access-token, token-type, client, expiry, uid, authorization";
    assert_eq!(answer.header("access-control-expose-headers"), exposed);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

/// "Preflight": 200, empty, without authentication, on every path.
#[rstest]
#[case(AGENTS)]
#[case("/api/v1/absences/1.json")]
#[case("/api/v1/organisations/x")]
#[case("/api/v1/nowhere")]
#[actix_web::test]
async fn a_preflight_is_allowed(#[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request("OPTIONS", path).header("origin", ORIGIN);
    let request = request.header("access-control-request-method", "DELETE");
    let found = answer(request.header("access-control-request-headers", "uid,client,access-token,x-y")).await;
    found.expect_body(200, "").expect_no_session();
    expect_readable(&found);
    assert_eq!(found.header("access-control-allow-headers"), "uid,client,access-token,x-y");
    assert_eq!(found.header("access-control-max-age"), "7200");
}

/// "Actual responses, errors included".
#[actix_web::test]
async fn every_answer_may_be_read() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let (own, foreign) = (service.absence_of("a").await, service.absence_of("g").await);
    for (method, path, status) in [
        ("GET", AGENTS.to_owned(), 200),
        ("GET", format!("{ABSENCES}/{foreign}"), 403),
        ("GET", format!("{ABSENCES}/0"), 404),
        ("GET", "/api/v1/organisations/0".to_owned(), 404),
        ("GET", "/api/v1/nowhere".to_owned(), 404),
        ("POST", ABSENCES.to_owned(), 422),
        ("DELETE", format!("{ABSENCES}/{own}"), 204),
    ] {
        let request = service.request_with(&session, method, &path).header("origin", ORIGIN);
        let found = answer(request).await.expect(status);
        expect_readable(&found);
        assert_eq!(found.header("access-control-max-age"), "");
    }
    let anonymous = answer(service.request("GET", AGENTS).header("origin", "null")).await;
    expect_readable(&anonymous.expect(401));
}
