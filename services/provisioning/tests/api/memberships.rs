//! §7.11.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service};

const MIRA: &str = "/cloud/users/mira/groups";

async fn groups(service: &Service, login: &str) -> Value {
    service.get("root", &format!("/cloud/users/{login}/groups")).await["groups"].clone()
}

#[rstest]
#[actix_web::test]
async fn groups_of_a_user_depend_on_who_asks(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.done("root", "POST", MIRA, &json!({"groupid": "remote"})).await;
    let all = json!({"groups": ["atelier", "remote", "staff"]});
    for who in ["root", "chief", "mira"] {
        assert_eq!(service.get(who, MIRA).await, all, "{who}");
    }
    assert_eq!(service.get("sub", MIRA).await, json!({"groups": ["atelier", "staff"]}));
    for (who, path) in
        [("jonas", MIRA), ("sub", "/cloud/users/Ola/groups"), ("sub", "/cloud/users/boss/groups")]
    {
        service.refused(who, "GET", path, &json!({}), (998, "")).await;
    }
    service.refused("root", "GET", "/cloud/users/ghost/groups", &json!({}), (998, "")).await;
}

#[rstest]
#[actix_web::test]
async fn somebody_joins_and_leaves(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for _ in 0..2 {
        service.done("root", "POST", "/cloud/users/solo/groups", &json!({"groupid": "remote"})).await;
    }
    assert_eq!(groups(&service, "solo").await, json!(["remote"]));
    for _ in 0..2 {
        service.done("root", "DELETE", "/cloud/users/solo/groups", &json!({"groupid": "remote"})).await;
    }
    assert_eq!(groups(&service, "solo").await, json!([]));
    // A sub-administrator, within its groups.
    service.done("sub", "POST", "/cloud/users/jonas/groups", &json!({"groupid": "atelier"})).await;
    service.done("sub", "DELETE", "/cloud/users/jonas/groups", &json!({"groupid": "staff"})).await;
    assert_eq!(groups(&service, "jonas").await, json!(["atelier"]));
    service.done("sub", "POST", "/cloud/users/sub/groups", &json!({"groupid": "staff"})).await;
}

#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let ghost = "/cloud/users/ghost/groups";
    let level = (403, "Logged in account must be at least a sub admin");
    let server = (996, "Internal Server Error\n");
    for (who, path, body, refusal) in [
        ("root", MIRA, json!({}), (101, "")),
        ("root", MIRA, json!({"groupid": ""}), (101, "")),
        ("root", ghost, json!({"groupid": "ghost"}), (102, "")),
        ("root", ghost, json!({"groupid": "staff"}), (103, "")),
        ("sub", MIRA, json!({"groupid": "remote"}), (104, "")),
        ("sub", MIRA, json!({"groupid": "admin"}), (104, "")),
        ("jonas", "/cloud/users/jonas/groups", json!({"groupid": "admin"}), level),
        ("root", MIRA, json!({"groupid": ["staff"]}), server),
    ] {
        service.refused(who, "POST", path, &body, refusal).await;
    }
    let oneself = "Cannot remove yourself from this group as you are a sub-admin";
    let last = "Not viable to remove user from the last group you are sub-admin of";
    for (who, path, body, refusal) in [
        ("root", MIRA, json!({}), server),
        ("root", MIRA, json!({"groupid": " "}), (101, "")),
        ("root", MIRA, json!({"groupid": ""}), (101, "")),
        ("root", ghost, json!({"groupid": "ghost"}), (102, "")),
        ("root", ghost, json!({"groupid": "staff"}), (103, "")),
        ("sub", MIRA, json!({"groupid": "remote"}), (104, "")),
        (
            "root",
            "/cloud/users/root/groups",
            json!({"groupid": "admin"}),
            (105, "Cannot remove yourself from the admin group"),
        ),
        ("sub", "/cloud/users/sub/groups", json!({"groupid": "staff"}), (105, oneself)),
        ("sub", "/cloud/users/jonas/groups", json!({"groupid": "staff"}), (105, last)),
        ("mira", MIRA, json!({"groupid": "staff"}), level),
    ] {
        service.refused(who, "DELETE", path, &body, refusal).await;
    }
    assert_eq!(groups(&service, "mira").await, json!(["atelier", "staff"]));
    assert_eq!(groups(&service, "root").await, json!(["admin"]));
}

/// The group `admin` makes an administrator, and leaving it ends that at once.
#[rstest]
#[actix_web::test]
async fn the_group_admin_makes_administrators(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service
        .refused("solo", "GET", "/cloud/apps", &json!({}), (403, "Logged in account must be an admin"))
        .await;
    service.done("root", "POST", "/cloud/users/solo/groups", &json!({"groupid": "admin"})).await;
    service.get("solo", "/cloud/apps").await;
    service.done("root", "DELETE", "/cloud/users/solo/groups", &json!({"groupid": "admin"})).await;
    service
        .refused("solo", "GET", "/cloud/apps", &json!({}), (403, "Logged in account must be an admin"))
        .await;
}
