//! The authorization server is told before anything is changed; without it nothing is.

use rstest::rstest;
use serde_json::json;

use crate::support::{APPLICATIONS, Backend, Service, path};

#[rstest]
#[actix_web::test]
async fn it_hears_of_everything_that_authentication_depends_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let (open, disabled, gone) = ("put a of org-helios", "put a of org-helios disabled", "delete a");
    service.application("a", "helios", "TEST", &json!({})).await;
    assert_change(&service.registry.told(), gone, open);
    let put = async |body: serde_json::Value| {
        service.put("SERVICE", "a", &body).await.expect_nothing(204);
        service.registry.told()
    };
    assert_eq!(put(json!({"type": "TEST", "config": {"x": 1}})).await, [""; 0]);
    assert_eq!(put(json!({"type": "SETUP_TEST", "config": {}, "disabled": false})).await, [""; 0]);
    let told = put(json!({"type": "TEST", "config": {}, "disabled": true})).await;
    assert_change(&told, open, disabled);
    assert_eq!(put(json!({"type": "TEST", "config": {}, "disabled": null})).await, [""; 0]);
    service.send("SERVICE", "DELETE", &path("a")).await.expect_nothing(204);
    assert_change(&service.registry.told(), disabled, gone);
}

/// A repair that comes across a change under way tells what holds so far.
#[track_caller]
fn assert_change(told: &[String], before: &str, after: &str) {
    let mut told_last_first = told.iter().rev();
    assert!(told_last_first.next().is_some_and(|told| told == after), "{told:?}");
    assert!(told_last_first.all(|told| told == before), "{told:?}");
}

#[rstest]
#[actix_web::test]
async fn without_it_nothing_changes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let before = service.stored("a").await;
    service.registry.is_reachable(false);
    let disable = json!({"type": "TEST", "config": {"x": 1}, "disabled": true});
    let create = json!({"id": "b", "organizationId": "org-helios", "type": "TEST", "config": {}});
    for (method, route, body) in [
        ("PUT", path("a"), &disable),
        ("DELETE", path("a"), &json!(null)),
        ("POST", APPLICATIONS.to_owned(), &create),
    ] {
        let answer = service.send_json("SERVICE", method, &route, body).await;
        answer.expect_boot(503, "Service Unavailable", "Service is temporarily unavailable", &route);
        assert_eq!(answer.header("retry-after"), "5");
    }
    assert_eq!(service.stored("a").await, before);
    assert_eq!(service.stored("b").await, None);
    service.registry.is_reachable(true);
    service.send_json("SERVICE", "PUT", &path("a"), &disable).await.expect_nothing(204);
    assert_eq!(service.get("SERVICE", &path("a")).await.json()["disabled"], true);
}
