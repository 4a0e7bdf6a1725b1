//! Several at once.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;

use crate::support::{ABSENCES, Backend, ORGANISATIONS, Service};

/// §8.4: parallel requests with one session are all accepted.
#[rstest]
#[actix_web::test]
async fn one_session_serves_many_requests_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let body = json!({
        "agent_id": service.people.number("a"), "title": "x", "first_day": "2027-02-09", "start_time": "8:30",
        "end_time": "9:30",
    });
    let notes = (0..20).map(|_| service.send_json(&session, "POST", ABSENCES, &body));
    for answer in join_all(notes).await {
        answer.expect(200).expect_session(&session);
    }
    let listed = service.send(&session, "GET", ABSENCES).await;
    assert_eq!(listed.json()["meta"]["total_count"], 20);
}

/// Of several who remove an absence at once, one removes it; the others find nothing.
#[rstest]
#[actix_web::test]
async fn one_of_many_removes_an_absence(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    let answers = join_all((0..8).map(|_| service.send(&session, "DELETE", &path))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404, 404, 404, 404, 404, 404, 404]);
    assert_eq!(service.audited("absence.delete").await.len(), 1);
}

/// Two changes of one absence, each of its own attribute, both stay: neither writes what it read before the other.
#[rstest]
#[actix_web::test]
async fn changes_of_different_attributes_both_stay(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    for round in 10..20 {
        let (title, time) = (json!({"title": round}), json!({"end_time": format!("{round}:00")}));
        let both = [&title, &time].map(|body| service.send_json(&session, "PATCH", &path, body));
        for answer in join_all(both).await {
            answer.expect(200);
        }
        let absence = service.send(&session, "GET", &path).await.json()["absence"].clone();
        let expected = (json!(round.to_string()), json!(format!("{round}:00:00")));
        assert_eq!((absence["title"].clone(), absence["end_time"].clone()), expected);
    }
}

/// §12.4: two organisations of a territory take one name at once: one gets it.
#[rstest]
#[actix_web::test]
async fn a_name_is_given_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let mut service = Service::on(backend).await;
    let identity = service.identity.clone();
    let admin = auth_claims::roles::Role::Admin;
    service.people.add(&identity, "x", &["soc"], &[("o1", admin), ("o2", admin)], &[]).await;
    let session = service.sign_in("x");
    let paths = ["o1", "o2"].map(|id| format!("{ORGANISATIONS}/{}", service.people.organisation(id)));
    for round in 0..5 {
        let body = json!({ "name": format!("MDS {round}") });
        let answers =
            join_all(paths.iter().map(|path| service.send_json(&session, "PATCH", path, &body))).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{answers:?}");
        let refused = answers.iter().find(|answer| answer.status == 422).unwrap();
        assert_eq!(refused.json()["errors"]["name"][0]["error"], "taken");
    }
}
