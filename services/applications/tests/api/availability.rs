//! §7.6: whether an id is free.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, path};

const ASKED: [(&str, &str, Option<bool>); 13] = [
    ("SERVICE", "taken", Some(false)),
    ("SERVICE@selene", "taken", Some(false)),
    ("GLOBAL_ADMIN", "taken", Some(false)),
    ("SERVICE", "free", Some(true)),
    ("SERVICE", "Taken", Some(true)),
    ("SERVICE", "%74aken", Some(false)),
    ("CLIENT_SERVICE@helios", "taken", Some(false)),
    ("CLIENT_SERVICE@selene", "taken", Some(true)),
    ("CLIENT_SERVICE,SERVICE@selene", "taken", Some(false)),
    ("SERVICE", "%6frganizations", None),
    ("SERVICE", "a%20b", Some(true)),
    ("SERVICE", "%00", Some(true)),
    ("CLIENT_SERVICE@helios", "%ff", Some(true)),
];

/// Whether an id is free: everywhere, or in the own organisation.
#[rstest]
#[actix_web::test]
async fn an_id_is_free_or_not(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("taken", "helios", "TEST", &json!({})).await;
    service.operate("taken", |application| application.visible = false).await;
    let long = "x".repeat(3000);
    for (who, id, available) in ASKED.into_iter().chain([("SERVICE", long.as_str(), Some(true))]) {
        let answer = service.get(who, &format!("{}/availability", path(id))).await.expect(200);
        match available {
            Some(available) => assert_eq!(answer.body, format!(r#"{{"available":{available}}}"#)),
            // §1: this is the list of the organisation `availability`.
            None => assert_eq!(answer.json()["totalElements"], 0),
        }
    }
}

#[rstest]
#[case::no_organisation("CLIENT_SERVICE")]
#[case::admin("ADMIN@helios+view+add+edit+delete")]
#[case::supervisor("SUPERVISOR@helios")]
#[case::agent("AGENT@helios")]
#[case::customer("CUSTOMER@helios")]
#[case::member("@helios")]
#[case::nobody("")]
#[actix_web::test]
async fn nobody_else_may_ask(#[case] who: &str) {
    let service = Service::on(Backend::Sqlite).await;
    service.get(who, &format!("{}/availability", path("a"))).await.expect_forbidden();
}
