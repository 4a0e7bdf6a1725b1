//! §5.10–§5.12.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service};

const PATH: &str = "/cloud/users/mira/subadmins";

#[rstest]
#[actix_web::test]
async fn somebody_becomes_a_sub_admin_and_is_none_any_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    assert_eq!(service.get("root", PATH).await, json!([]));
    for _ in 0..2 {
        service.done("root", "POST", PATH, &json!({"groupid": "remote"})).await;
    }
    // A user id in any case.
    assert_eq!(service.get("chief", "/cloud/users/MIRA/subadmins").await, json!(["remote"]));
    assert_eq!(service.get("mira", "/cloud/users/Ola").await["id"], "Ola");
    service.done("root", "DELETE", PATH, &json!({"groupid": "remote"})).await;
    assert_eq!(service.get("root", PATH).await, json!([]));
    assert_eq!(service.get("root", "/cloud/users/mira").await["groups"], json!(["atelier", "staff"]));
    service.refused("mira", "GET", "/cloud/users/Ola", &json!({}), (998, "")).await;
}

#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (ghost, server) = ("/cloud/users/ghost/subadmins", (996, "Internal Server Error\n"));
    service.refused("root", "GET", ghost, &json!({}), (404, "User does not exist")).await;
    for (path, body, refusal) in [
        (ghost, json!({"groupid": "ghost"}), (101, "User does not exist")),
        (PATH, json!({"groupid": "ghost"}), (102, "Group does not exist")),
        (PATH, json!({"groupid": ""}), (102, "Group does not exist")),
        (PATH, json!({"groupid": "admin"}), (103, "Cannot create sub-admins for admin group")),
        (PATH, json!({}), server),
        (PATH, json!({"groupid": ["staff"]}), server),
        (PATH, json!({"groupId": "staff"}), server),
    ] {
        service.refused("root", "POST", path, &body, refusal).await;
    }
    for (path, body, refusal) in [
        (ghost, json!({"groupid": "ghost"}), (101, "User does not exist")),
        (PATH, json!({"groupid": "ghost"}), (101, "Group does not exist")),
        (PATH, json!({"groupid": ""}), (101, "Group does not exist")),
        (PATH, json!({"groupid": "staff"}), (102, "User is not a sub-admin of this group")),
        (PATH, json!({}), server),
    ] {
        service.refused("root", "DELETE", path, &body, refusal).await;
    }
    assert_eq!(service.get("root", PATH).await, json!([]));
}
