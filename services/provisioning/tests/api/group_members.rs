//! §5.5, §7.13.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service};

const NO_GROUP: &str = "The requested group could not be found";

#[rstest]
#[actix_web::test]
async fn members_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for path in ["/cloud/groups/atelier", "/cloud/groups/atelier/users"] {
        for who in ["root", "chief", "sub"] {
            assert_eq!(
                service.get(who, path).await,
                json!({"users": ["boss", "chief", "mira"]}),
                "{who} {path}"
            );
        }
        service
            .refused("mira", "GET", path, &json!({}), (403, "Logged in account must be at least a sub admin"))
            .await;
    }
    for path in ["/cloud/groups/ghost", "/cloud/groups/ghost/users", "/cloud/groups/Atelier"] {
        service.refused("root", "GET", path, &json!({}), (404, NO_GROUP)).await;
        service.refused("sub", "GET", path, &json!({}), (404, NO_GROUP)).await;
    }
    service.refused("sub", "GET", "/cloud/groups/remote", &json!({}), (403, "")).await;
    service.refused("sub", "GET", "/cloud/groups/admin/users", &json!({}), (403, "")).await;
}

/// §7.13: who is not in the caller's power is told by the id alone.
#[rstest]
#[actix_web::test]
async fn members_are_listed_with_their_details(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let path = "/cloud/groups/atelier/users/details";
    let all = service.get("root", path).await["users"].clone();
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["boss", "chief", "mira"]);
    assert_eq!(all["boss"]["email"], "boss@example.org");
    let reached = service.get("sub", path).await["users"].clone();
    assert_eq!((&reached["boss"], &reached["chief"]), (&json!({"id": "boss"}), &json!({"id": "chief"})));
    assert_eq!(reached["mira"]["email"], "mira@example.org");
    assert!(reached["mira"].get("storageLocation").is_none() && all["mira"].get("storageLocation").is_some());
    assert_eq!(service.get("root", &format!("{path}?search=nobody")).await, json!({"users": []}));
    let page = service.get("root", &format!("{path}?limit=1&offset=1")).await["users"].clone();
    assert_eq!(page.as_object().unwrap().keys().collect::<Vec<_>>(), ["chief"]);
    service.refused("root", "GET", "/cloud/groups/ghost/users/details", &json!({}), (998, NO_GROUP)).await;
    service.refused("sub", "GET", "/cloud/groups/remote/users/details", &json!({}), (998, NO_GROUP)).await;
    let refusal = (403, "Logged in account must be at least a sub admin");
    service.refused("mira", "GET", path, &json!({}), refusal).await;
}

/// §5.5, §2.3: this one is decoded once.
#[rstest]
#[actix_web::test]
async fn sub_admins_of_a_group_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    assert_eq!(service.get("root", "/cloud/groups/atelier/subadmins").await, json!(["sub"]));
    assert_eq!(service.get("root", "/cloud/groups/remote/subadmins").await, json!([]));
    let unknown = (101, "Group does not exist");
    service.refused("root", "GET", "/cloud/groups/ghost/subadmins", &json!({}), unknown).await;
    service.done("root", "POST", "/cloud/groups", &json!({"groupid": "a/b"})).await;
    service.done("root", "POST", "/cloud/users/mira/subadmins", &json!({"groupid": "a/b"})).await;
    for path in ["a/b", "a%2Fb"] {
        assert_eq!(
            service.get("root", &format!("/cloud/groups/{path}/subadmins")).await,
            json!(["mira"]),
            "{path}"
        );
    }
    service.refused("root", "GET", "/cloud/groups/a%252Fb/subadmins", &json!({}), unknown).await;
}
