//! §12.5: absences are changed.

use rstest::rstest;
use serde_json::json;

use crate::support::{ABSENCES, Backend, FORBIDDEN, Service};

/// PATCH and PUT alike: what is not named stays.
#[rstest]
#[actix_web::test]
async fn what_is_not_named_stays(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("PATCH", "PUT")] method: &str,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let mut expected = service.send(&session, "GET", &path).await.json()["absence"].clone();
    for (attribute, given, kept) in [
        ("title", json!(" Congés "), json!("Congés")),
        ("first_day", json!("2027-02-08"), json!("2027-02-08")),
        ("start_time", json!("9:05"), json!("09:05:00")),
        ("end_day", json!("2027-03-01"), json!("2027-03-01")),
        ("end_time", json!("10:00:30"), json!("10:00:30")),
        ("end_day", json!(null), json!("2027-02-08")),
    ] {
        let changed =
            service.send_json(&session, method, &path, &json!({ attribute: given })).await.expect(200);
        changed.expect_session(&session);
        expected[attribute] = kept;
        expected["ical"] = changed.json()["absence"]["ical"].clone();
        assert_eq!(changed.json()["absence"], expected, "{attribute} {given}");
        service.send(&session, "GET", &path).await.expect_body(200, &changed.body);
    }
}

/// `agent_id`/`agent_email` are ignored, known or not: an absence stays with its agent.
#[rstest]
#[actix_web::test]
async fn an_absence_stays_with_its_agent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("d");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let before = service.send(&session, "GET", &path).await.body;
    for body in [
        json!({"agent_id": service.people.number("b")}),
        json!({"agent_id": 99999}),
        json!({"agent_email": "nobody@cd26.example"}),
        json!({"id": 1, "organisation_id": 2, "rrule": "FREQ=DAILY", "ical_uid": "x", "account_id": "x"}),
    ] {
        service.send_json(&session, "PATCH", &path, &body).await.expect_body(200, &before);
    }
    assert_eq!(service.audited("absence.update").await.len(), 0);
}

/// Update: 403 before 422; what is refused changes nothing.
#[rstest]
#[actix_web::test]
async fn what_is_not_permitted_comes_before_what_is_not_valid(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (session, owner) = (service.sign_in("a"), service.sign_in("g"));
    let path = format!("{ABSENCES}/{}", service.absence_of("g").await);
    let before = service.send(&owner, "GET", &path).await.expect(200).body;
    for body in [json!({"title": ""}), json!({"title": "x"}), json!({})] {
        service.send_json(&session, "PATCH", &path, &body).await.expect_body(403, FORBIDDEN);
    }
    service.send(&session, "DELETE", &path).await.expect_body(403, FORBIDDEN).expect_no_session();
    service.send(&owner, "GET", &path).await.expect_body(200, &before);
}
