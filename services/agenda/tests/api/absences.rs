//! §12.5: absences are noted, listed, shown and removed.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, Backend, FORBIDDEN, Service};

fn new_absence(more: &Value) -> Value {
    let mut body = json!({
        "title": " Formation ", "first_day": "2027-02-09", "start_time": "8:30", "end_day": "2027-02-10",
        "end_time": "17:00",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The example: 200, not 201, and every field.
#[rstest]
#[actix_web::test]
async fn an_absence_is_noted_and_shown(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let body = new_absence(&json!({"agent_email": "b@cd26.example"}));
    let noted = service.send_json(&session, "POST", ABSENCES, &body).await.expect(200);
    noted.expect_session(&session);
    let absence = noted.json()["absence"].clone();
    let id = absence["id"].as_i64().unwrap();
    let expected = json!({
        "id": id,
        "agent": {
            "id": service.people.number("b"), "email": "b@cd26.example", "first_name": "Zoé b",
            "inclusion_connect_open_id_sub": null, "last_name": "B & Fils",
        },
        "end_day": "2027-02-10", "end_time": "17:00:00", "first_day": "2027-02-09", "ical": absence["ical"],
        "ical_uid": format!("absence_{id}@RDV Solidarités"),
        "organisation": {
            "id": service.people.organisation("o1"), "email": null, "name": "MDS Die", "phone_number": null,
            "verticale": "rdv_solidarites",
        },
        "rrule": null, "start_time": "08:30:00", "title": "Formation",
    });
    assert_eq!(absence, expected);
    let ical = absence["ical"].as_str().unwrap();
    assert!(ical.starts_with("BEGIN:VCALENDAR\r\n") && ical.ends_with("END:VCALENDAR\r\n"), "{ical}");
    assert!(ical.contains("DTSTART;TZID=Europe/Paris:20270209T083000\r\n"), "{ical}");
    let path = format!("{ABSENCES}/{id}");
    service.send(&session, "GET", &path).await.expect_body(200, &noted.body).expect_session(&session);
    let listed = service.send(&session, "GET", ABSENCES).await.expect(200);
    assert_eq!(listed.json()["absences"], json!([expected]));
}

/// "Parameters" of POST: the id wins; the address counts only where the id is blank; `end_day` is `first_day`.
#[rstest]
#[actix_web::test]
async fn the_agent_is_named_by_id_or_by_address(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("d");
    let (a, b) = (service.people.number("a"), service.people.number("b"));
    for (named, agent) in [
        (json!({"agent_id": a}), a),
        (json!({"agent_id": a.to_string()}), a),
        (json!({"agent_id": a, "agent_email": "b@cd26.example"}), a),
        (json!({"agent_id": a, "agent_email": "nobody@cd26.example"}), a),
        (json!({"agent_id": null, "agent_email": "b@cd26.example"}), b),
        (json!({"agent_id": "", "agent_email": "b@cd26.example"}), b),
        (json!({"agent_id": a, "organisation_id": 99999}), a),
    ] {
        let answer = service.send_json(&session, "POST", ABSENCES, &new_absence(&named)).await.expect(200);
        assert_eq!(answer.json()["absence"]["agent"]["id"], agent, "{named}");
    }
    let body = json!({
        "agent_id": a, "title": 2027, "first_day": "2027-02-09", "start_time": "08:30:15", "end_day": null,
        "end_time": "17:00",
    });
    let absence =
        service.send_json(&session, "POST", ABSENCES, &body).await.expect(200).json()["absence"].clone();
    assert_eq!(absence["end_day"], "2027-02-09");
    assert_eq!((&absence["start_time"], &absence["title"]), (&json!("08:30:15"), &json!("2027")));
}

/// 404 `{"not_found":"agent"}`: an unknown address, also beside what is not valid; it is compared exactly.
#[rstest]
#[actix_web::test]
async fn an_unknown_address_is_404(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("d");
    for email in
        ["nobody@cd26.example", "A@cd26.example", " a@cd26.example", "' OR 1=1 --", "a\u{0}@cd26.example"]
    {
        for body in [new_absence(&json!({"agent_email": email})), json!({"agent_email": email})] {
            let answer = service.send_json(&session, "POST", ABSENCES, &body).await;
            answer.expect_body(404, r#"{"not_found":"agent"}"#).expect_session(&session);
        }
    }
    service.disable("a").await;
    let disabled = new_absence(&json!({"agent_email": "a@cd26.example"}));
    let answer = service.send_json(&session, "POST", ABSENCES, &disabled).await;
    answer.expect_body(404, r#"{"not_found":"agent"}"#);
}

/// "422 before 403"; then 403.
#[rstest]
#[actix_web::test]
async fn what_is_not_valid_comes_before_what_is_not_permitted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let foreign = json!({"agent_id": service.people.number("g")});
    let mut body = new_absence(&foreign);
    service
        .send_json(&session, "POST", ABSENCES, &body)
        .await
        .expect_body(403, FORBIDDEN)
        .expect_no_session();
    body["title"] = json!("");
    let answer = service.send_json(&session, "POST", ABSENCES, &body).await;
    answer.expect_invalid(&json!({"title": [{"error": "blank"}]}), &["title doit être rempli(e)"]);
    assert_eq!(service.audited("absence.create").await.len(), 0);
}

/// Show, update, delete: 401 → 404 → 403; an id that is no number is unknown.
#[rstest]
#[actix_web::test]
async fn an_unknown_absence_is_404(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let id = service.absence_of("a").await;
    for unknown in [
        "0".to_owned(),
        "-1".to_owned(),
        "x".to_owned(),
        format!("{id}abc"),
        format!("+{id}"),
        "9223372036854775807".to_owned(),
        "9223372036854775808".to_owned(),
        "1e3".to_owned(),
        "%00".to_owned(),
    ] {
        for path in [format!("{ABSENCES}/{unknown}"), format!("{ABSENCES}/{unknown}.json")] {
            for method in ["GET", "PATCH", "PUT", "DELETE"] {
                let answer = service.send_json(&session, method, &path, &json!({"title": ""})).await;
                answer.expect_body(404, r#"{"not_found":"absence"}"#).expect_session(&session);
                crate::support::answer(service.request(method, &path)).await.expect_unauthenticated();
            }
        }
    }
    let path = format!("{ABSENCES}/{id}");
    service.send(&session, "GET", &path).await.expect(200);
}

/// DELETE: 204 with an empty body; afterwards it is unknown, and its id is never given again.
#[rstest]
#[actix_web::test]
async fn an_absence_is_removed_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let id = service.absence_of("a").await;
    let path = format!("{ABSENCES}/{id}");
    service.send(&session, "DELETE", &path).await.expect_body(204, "").expect_session(&session);
    for method in ["DELETE", "GET", "PATCH"] {
        service.send(&session, method, &path).await.expect_body(404, r#"{"not_found":"absence"}"#);
    }
    assert!(service.absence_of("a").await > id);
}
