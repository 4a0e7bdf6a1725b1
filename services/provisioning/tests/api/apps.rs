//! §5.1–§5.4.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service};

const NO_APP: (i64, &str) = (998, "The request app was not found");

#[rstest]
#[actix_web::test]
async fn apps_are_listed_enabled_and_disabled(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let listed =
        async |filter: &str| service.get("root", &format!("/cloud/apps{filter}")).await["apps"].clone();
    // The list of all leaves out what is always on.
    let all = json!(["agenda", "applications", "bases", "rooms"]);
    assert_eq!((listed("").await, listed("?filter=").await), (all.clone(), all));
    let enabled = json!(["agenda", "applications", "bases", "provisioning_api", "rooms"]);
    assert_eq!(listed("?filter=enabled").await, enabled);
    assert_eq!(listed("?filter=disabled").await, json!([]));
    for _ in 0..2 {
        service.done("root", "DELETE", "/cloud/apps/bases", &json!({})).await;
        assert_eq!(listed("?filter=disabled").await, json!(["bases"]));
        assert_eq!(
            listed("?filter=enabled").await,
            json!(["agenda", "applications", "provisioning_api", "rooms"])
        );
    }
    for _ in 0..2 {
        service.done("root", "POST", "/cloud/apps/bases", &json!({})).await;
        assert_eq!(listed("?filter=disabled").await, json!([]));
    }
    assert_eq!(service.audited("app.disable").await.len(), 1);
    assert_eq!(service.audited("app.enable").await.len(), 1);
}

#[actix_web::test]
async fn an_app_is_shown_by_its_manifest() {
    let service = Service::on(Backend::Sqlite).await;
    let shown = service.get("root", "/cloud/apps/provisioning_api").await;
    assert_eq!((&shown["id"], &shown["name"]), (&json!("provisioning_api"), &json!("Provisioning API")));
    assert!(shown["version"].is_string() && shown["types"].is_array(), "{shown}");
}

#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.refused("root", "GET", "/cloud/apps?filter=other", &json!({}), (101, "")).await;
    service
        .refused(
            "root",
            "GET",
            "/cloud/apps",
            &json!({"filter": ["enabled"]}),
            (996, "Internal Server Error\n"),
        )
        .await;
    for id in ["ghost", "a..b", "%3Cx%3E", "%00", "%ff", "core"] {
        let path = format!("/cloud/apps/{id}");
        service.refused("root", "GET", &path, &json!({}), NO_APP).await;
        service.refused("root", "POST", &path, &json!({}), NO_APP).await;
        service.done("root", "DELETE", &path, &json!({})).await;
    }
    // §5.4: always on.
    service
        .refused(
            "root",
            "DELETE",
            "/cloud/apps/provisioning_api",
            &json!({}),
            (996, "Internal Server Error\n"),
        )
        .await;
    service.done("root", "POST", "/cloud/apps/provisioning_api", &json!({})).await;
}
