//! §5.13–§5.16, §7.14.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, CONFIG, Service};

async fn value(service: &Service, path: &str) -> Value {
    service.get("root", &format!("{CONFIG}/apps/{path}")).await["data"].clone()
}

/// §5.14: the text is in the data, and the message empty.
async fn told(service: &Service, method: &str, path: &str, body: &Value, text: &str) {
    let path = format!("{CONFIG}/apps/{path}");
    service.refused("root", method, &path, body, (403, "")).await;
    let found = service.send_json("root", method, &path, body).await.json();
    assert_eq!(found["ocs"]["data"], json!({"data": {"message": text}}), "{method} {path}");
}

#[rstest]
#[actix_web::test]
async fn a_key_is_written_read_listed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let apps = service.get("root", &format!("{CONFIG}/apps")).await;
    assert_eq!(
        apps,
        json!({"data": ["agenda", "applications", "bases", "core", "provisioning_api", "rooms"]})
    );
    let path = format!("{CONFIG}/apps/rooms/colour");
    assert_eq!(value(&service, "rooms/colour?defaultValue=grey").await, "grey");
    assert_eq!(value(&service, "rooms/colour").await, "");
    service.done("root", "POST", &path, &json!({"value": "b\"l<u>é"})).await;
    assert_eq!(value(&service, "rooms/colour?defaultValue=grey").await, "b\"l<u>é");
    let keys = value(&service, "rooms").await;
    assert_eq!(keys, json!(["colour", "enabled", "installed_version", "types"]));
    // An app that nobody knows.
    service.done("root", "POST", &format!("{CONFIG}/apps/other/x"), &json!({"value": ""})).await;
    assert_eq!(value(&service, "other").await, json!(["x"]));
    assert_eq!(value(&service, "other/x?defaultValue=d").await, "");
    for _ in 0..2 {
        service.done("root", "DELETE", &path, &json!({})).await;
    }
    assert_eq!(value(&service, "rooms/colour").await, "");
    assert_eq!(value(&service, "ghost").await, json!([]));
}

#[rstest]
#[actix_web::test]
async fn protected_keys_can_be_read_only(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    assert_eq!(value(&service, "rooms/enabled").await, "yes");
    service.done("root", "DELETE", "/cloud/apps/rooms", &json!({})).await;
    assert_eq!(value(&service, "rooms/enabled").await, "no");
    let text = "The given key can not be set";
    for path in [
        "rooms/installed_version",
        "rooms/enabled",
        "ghost/types",
        "core/encryption_enabled",
        "core/public_x",
        "core/remote_files",
    ] {
        told(&service, "DELETE", path, &json!({}), text).await;
        told(&service, "POST", path, &json!({"value": "x"}), text).await;
    }
    service
        .done("root", "POST", &format!("{CONFIG}/apps/core/encryption_enabled"), &json!({"value": "yes"}))
        .await;
    assert_eq!(value(&service, "core/encryption_enabled").await, "yes");
    for path in ["dav/public_route", "files/remote_route"] {
        service.done("root", "POST", &format!("{CONFIG}/apps/{path}"), &json!({"value": "x"})).await;
        service.done("root", "DELETE", &format!("{CONFIG}/apps/{path}"), &json!({})).await;
    }
}

#[rstest]
#[actix_web::test]
async fn illegal_ids_are_told_in_data(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for id in ["%3Cx", "x%3E", "%22", "%27", "a%5Cb", "a%2Fb", "%00", "a%5C0b", "..a", "a..b"] {
        let text = "Invalid app id given";
        told(&service, "GET", id, &json!({}), text).await;
        told(&service, "GET", &format!("{id}/key"), &json!({}), text).await;
        told(&service, "DELETE", &format!("{id}/key"), &json!({}), text).await;
        told(&service, "POST", &format!("{id}/key"), &json!({"value": "x"}), text).await;
    }
    let missing = (996, "Internal Server Error\n");
    service.refused("root", "POST", &format!("{CONFIG}/apps/rooms/x"), &json!({}), missing).await;
    service
        .refused("root", "POST", &format!("{CONFIG}/apps/rooms/x"), &json!({"value": ["x"]}), missing)
        .await;
    service
        .refused("root", "GET", &format!("{CONFIG}/apps/rooms/x"), &json!({"defaultValue": []}), missing)
        .await;
}

/// §7.14: where quotas have to be limited, so has the default one.
#[actix_web::test]
async fn an_unlimited_default_quota_may_be_forbidden() {
    let settings = json!({"accounts": {"unlimited_quota": false}});
    let service = Service::with(Backend::Sqlite, settings).await;
    let text = "The given key can not be set, unlimited quota is forbidden on this instance";
    told(&service, "POST", "files/default_quota", &json!({"value": "none"}), text).await;
    service
        .done("root", "POST", &format!("{CONFIG}/apps/files/default_quota"), &json!({"value": "1 GB"}))
        .await;
}
