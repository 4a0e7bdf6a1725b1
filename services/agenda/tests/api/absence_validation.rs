//! §12.5, "Validation": every row of the table, at creation and at a change.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, Backend, Service};

const LATE: &str = "ne peut pas être dans plus de 5 ans";
const EARLY: &str = "ne peut pas être avant 2018";
const ENDS: &str = "doit être après le début.";

/// What is wrong with one attribute.
fn of(attribute: &str, error: &str) -> Value {
    json!({ attribute: [{"error": error}] })
}

/// The rows of the table: what is given, and what is wrong with it. Today is 2027-01-15.
fn rows() -> Vec<(Value, Value, &'static str)> {
    vec![
        (json!({"title": " "}), of("title", "blank"), "title doit être rempli(e)"),
        (json!({"title": null}), of("title", "blank"), "title doit être rempli(e)"),
        (json!({"first_day": ""}), of("first_day", "blank"), "first_day doit être rempli(e)"),
        (json!({"first_day": "2027-02-30"}), of("first_day", "blank"), "first_day doit être rempli(e)"),
        (json!({"start_time": null}), of("start_time", "blank"), "start_time doit être rempli(e)"),
        (json!({"start_time": "8h"}), of("start_time", "blank"), "start_time doit être rempli(e)"),
        (json!({"start_time": "25:00"}), of("start_time", "blank"), "start_time doit être rempli(e)"),
        (json!({"end_time": "abc"}), of("end_time", "blank"), "end_time doit être rempli(e)"),
        (
            json!({"end_day": "2027-02-09", "end_time": "08:30"}),
            of("ends_time", ENDS),
            "ends_time doit être après le début.",
        ),
        (json!({"end_day": "2027-02-08"}), of("ends_time", ENDS), "ends_time doit être après le début."),
        (json!({"first_day": "2027-02-11"}), of("ends_time", ENDS), "ends_time doit être après le début."),
        (
            json!({"end_day": "2032-01-16"}),
            of("end_day", LATE),
            "end_day ne peut pas être dans plus de 5 ans",
        ),
        (json!({"first_day": "2017-12-31"}), of("first_day", EARLY), "first_day ne peut pas être avant 2018"),
        (json!({"title": "a\u{0}b"}), of("title", "invalid"), "title n'est pas valide"),
    ]
}

#[rstest]
#[actix_web::test]
async fn what_is_not_valid_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let before = service.send(&session, "GET", &path).await.body;
    let valid = json!({
        "agent_id": service.people.number("a"), "title": "Formation", "first_day": "2027-02-09",
        "start_time": "08:30", "end_day": "2027-02-10", "end_time": "17:00",
    });
    for (given, errors, message) in rows() {
        let mut body = valid.clone();
        body.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        service.send_json(&session, "POST", ABSENCES, &body).await.expect_invalid(&errors, &[message]);
        service.send_json(&session, "PATCH", &path, &given).await.expect_invalid(&errors, &[message]);
        service.send(&session, "GET", &path).await.expect_body(200, &before);
    }
    assert_eq!(service.send(&session, "GET", ABSENCES).await.json()["meta"]["total_count"], 1);
}

/// "no agent / unknown `agent_id`": 422, not 404; and everything at once, in the order of the table.
#[rstest]
#[actix_web::test]
async fn an_absence_is_somebodys(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    for agent in [
        json!({}),
        json!({"agent_id": 99999}),
        json!({"agent_id": "12abc"}),
        json!({"agent_id": "99999999999999999999"}),
        json!({"agent_id": -1}),
        json!({"agent_id": {"x": 1}}),
        json!({"agent_email": ""}),
        json!({"agent_email": null}),
        json!({"agent_email": ["a@cd26.example"]}),
    ] {
        let mut body = json!({
            "title": "Formation", "first_day": "2027-02-09", "start_time": "08:30", "end_time": "17:00",
        });
        body.as_object_mut().unwrap().extend(agent.as_object().unwrap().clone());
        let answer = service.send_json(&session, "POST", ABSENCES, &body).await;
        answer.expect_invalid(&of("agent", "blank"), &["agent doit exister"]);
    }
    let blank = json!([{"error": "blank"}]);
    let errors = json!({
        "agent": blank, "title": blank, "first_day": blank, "start_time": blank, "end_time": blank,
    });
    let answer = service.send_json(&session, "POST", ABSENCES, &json!({})).await;
    answer.expect_invalid(
        &errors,
        &[
            "agent doit exister",
            "title doit être rempli(e)",
            "first_day doit être rempli(e)",
            "start_time doit être rempli(e)",
            "end_time doit être rempli(e)",
        ],
    );
}

/// Five years ahead is counted from the day it is in Paris.
#[actix_web::test]
async fn the_limits_themselves_are_allowed() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let mut body = json!({
        "agent_id": service.people.number("a"), "title": "Formation", "first_day": "2018-01-01",
        "start_time": "00:00", "end_day": "2032-01-15", "end_time": "23:59:59",
    });
    service.send_json(&session, "POST", ABSENCES, &body).await.expect(200);
    body["end_day"] = json!("2032-01-16");
    service.send_json(&session, "POST", ABSENCES, &body).await.expect(422);
    // 23:00 in London is midnight in Paris.
    service.advance(15 * 3600 - 1);
    service.send_json(&session, "POST", ABSENCES, &body).await.expect(422);
    service.advance(1);
    service.send_json(&session, "POST", ABSENCES, &body).await.expect(200);
}
