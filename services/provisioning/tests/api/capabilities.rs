//! §6.

use serde_json::json;

use crate::support::{Backend, Service, answer};

const PATH: &str = "/cloud/capabilities";

#[actix_web::test]
async fn somebody_gets_more_than_nobody() {
    let service = Service::on(Backend::Sqlite).await;
    let version = json!({"major": 30, "minor": 0, "micro": 2, "string": "30.0.2", "edition": "",
        "extendedSupport": false});
    let core = json!({"pollinterval": 60, "webdav-root": "remote.php/webdav"});
    let api = json!({"version": "1.20.0", "AccountPropertyScopesVersion": 2,
        "AccountPropertyScopesFederatedEnabled": true, "AccountPropertyScopesPublishedEnabled": true});
    let known = service.get("solo", PATH).await;
    assert_eq!(known, json!({"version": version, "capabilities": {"core": core, "provisioning_api": api}}));
    let unknown = service.get("", PATH).await;
    assert_eq!(unknown, json!({"version": version, "capabilities": {"core": core}}));
}

#[actix_web::test]
async fn the_payload_has_a_tag() {
    let service = Service::on(Backend::Sqlite).await;
    let tag = async |who: &str, version: &str| {
        answer(service.request(version, who, "GET", PATH)).await.header("etag").to_owned()
    };
    let (first, again, other) = (tag("solo", "v1").await, tag("solo", "v2").await, tag("", "v1").await);
    assert!(first.starts_with('"') && first.len() > 10, "{first}");
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert_eq!(answer(service.request("v2", "solo", "GET", "/cloud/user")).await.header("etag"), "");
}
