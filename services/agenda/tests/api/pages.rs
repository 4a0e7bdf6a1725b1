//! §12.1: lists and pages.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ABSENCES, AGENTS, Backend, ORGANISATIONS, Service};

/// "Empty", byte by byte.
#[rstest]
#[case(AGENTS, "agents")]
#[case(ABSENCES, "absences")]
#[case(ORGANISATIONS, "organisations")]
#[actix_web::test]
async fn an_empty_list_is_told_as_one(#[case] path: &str, #[case] key: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("i");
    let empty = format!(
        r#"{{"{key}":[],"meta":{{"current_page":1,"next_page":null,"prev_page":null,"total_pages":0,"total_count":0}}}}"#
    );
    service.send(&session, "GET", path).await.expect_body(200, &empty).expect_session(&session);
}

/// The `meta` table: 100 on a page; neighbours; past the end; what is no page is the first one.
#[rstest]
#[actix_web::test]
async fn a_list_has_pages_of_a_hundred(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for _ in 0..201 {
        service.absence_of("a").await;
    }
    let session = service.sign_in("a");
    let none = Value::Null;
    let mut seen = vec![];
    for (page, current, next, prev, items) in [
        ("", json!(1), json!(2), none.clone(), 100),
        ("?page=1", json!(1), json!(2), none.clone(), 100),
        ("?page=2", json!(2), json!(3), json!(1), 100),
        ("?page=3", json!(3), none.clone(), json!(2), 1),
        ("?page=4", json!(4), none.clone(), none.clone(), 0),
        ("?page=0", json!(1), json!(2), none.clone(), 100),
        ("?page=-1", json!(1), json!(2), none.clone(), 100),
        ("?page=two", json!(1), json!(2), none.clone(), 100),
        ("?page=", json!(1), json!(2), none.clone(), 100),
        ("?page[]=2", json!(1), json!(2), none.clone(), 100),
        ("?per=1", json!(1), json!(2), none.clone(), 100),
        ("?page=9223372036854775807", json!(i64::MAX), none.clone(), none.clone(), 0),
        ("?page=99999999999999999999", json!(i64::MAX), none.clone(), none.clone(), 0),
    ] {
        let answer = service.send(&session, "GET", &format!("{ABSENCES}{page}")).await;
        let listed = answer.listed("absences", "/id");
        assert_eq!(listed.len(), items, "{page}");
        let meta = json!({
            "current_page": current, "next_page": next, "prev_page": prev, "total_pages": 3, "total_count": 201,
        });
        assert_eq!(answer.json()["meta"], meta, "{page}");
        if matches!(page, "?page=1" | "?page=2" | "?page=3") {
            seen.extend(listed);
        }
    }
    let mut ids: Vec<_> = seen.iter().map(|id| id.as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 201, "each absence once");
}

/// §12.3: by creation; §12.4: by id; §12.5: the latest first.
#[rstest]
#[actix_web::test]
async fn each_list_has_its_order(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let days = ["2027-02-09", "2027-05-01", "2026-12-31", "2027-02-09", "2030-01-01"];
    let mut ids = vec![];
    for day in days {
        ids.push(service.absence_on("a", day).await);
    }
    let session = service.sign_in("d");
    let listed = service.send(&session, "GET", ABSENCES).await.listed("absences", "/id");
    assert_eq!(listed, [ids[4], ids[1], ids[3], ids[0], ids[2]]);
    let agents = service.send(&session, "GET", AGENTS).await.listed("agents", "/id");
    let numbers = ["a", "b", "c", "d", "e", "f"].map(|name| json!(service.people.number(name)));
    assert_eq!(agents, numbers);
    let organisations = service.send(&session, "GET", ORGANISATIONS).await.listed("organisations", "/id");
    assert_eq!(organisations, ["o1", "o2"].map(|id| json!(service.people.organisation(id))));
}

/// §12.3: the fields of an agent, byte by byte.
#[actix_web::test]
async fn an_agent_has_its_fields() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("g");
    let agent = |name: &str, upper: &str| {
        format!(
            r#"{{"id":{},"email":"{name}@cd26.example","first_name":"Zoé {name}","inclusion_connect_open_id_sub":null,"last_name":"{upper} & Fils"}}"#,
            service.people.number(name)
        )
    };
    let expected = format!(
        r#"{{"agents":[{},{}],"meta":{{"current_page":1,"next_page":null,"prev_page":null,"total_pages":1,"total_count":2}}}}"#,
        agent("g", "G"),
        agent("h", "H")
    );
    service.send(&session, "GET", AGENTS).await.expect_body(200, &expected);
}
