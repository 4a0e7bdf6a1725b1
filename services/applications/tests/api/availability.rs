//! §7.6: whether an id is free.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, path};

#[rstest]
#[case::internal("SERVICE", "taken", Some(false))]
#[case::internal_elsewhere("SERVICE@selene", "taken", Some(false))]
#[case::global_admin("GLOBAL_ADMIN", "taken", Some(false))]
#[case::free("SERVICE", "free", Some(true))]
#[case::case_matters("SERVICE", "Taken", Some(true))]
#[case::encoded("SERVICE", "%74aken", Some(false))]
#[case::own("CLIENT_SERVICE@helios", "taken", Some(false))]
#[case::of_others("CLIENT_SERVICE@selene", "taken", Some(true))]
#[case::both("CLIENT_SERVICE,SERVICE@selene", "taken", Some(false))]
#[case::reserved("SERVICE", "%6frganizations", None)]
#[case::no_id("SERVICE", "a%20b", Some(true))]
#[case::nul("SERVICE", "%00", Some(true))]
#[case::not_utf_8("CLIENT_SERVICE@helios", "%ff", Some(true))]
#[case::long("SERVICE", &"x".repeat(3000), Some(true))]
#[actix_web::test]
async fn an_id_is_free_or_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] who: &str,
    #[case] id: &str,
    #[case] available: Option<bool>,
) {
    let service = Service::on(backend).await;
    service.application("taken", "helios", "TEST", &json!({})).await;
    service.operate("taken", |application| application.visible = false).await;
    let answer = service.get(who, &format!("{}/availability", path(id))).await.expect(200);
    match available {
        Some(available) => assert_eq!(answer.body, format!(r#"{{"available":{available}}}"#)),
        // §1: this is the list of the organisation `availability`.
        None => assert_eq!(answer.json()["totalElements"], 0),
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
