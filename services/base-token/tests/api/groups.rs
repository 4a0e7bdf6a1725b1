//! §11: groups.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, workspace_path};

const GROUPS: &str = "/api/v2.1/groups/";

/// A group is made, found in lists, and removed.
#[rstest]
#[actix_web::test]
async fn a_group_lives(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let mira = service.person("mira").await.internal_id;
    let made =
        service.json("mira", "POST", GROUPS, &json!({ "name": "Logistics / L'été" })).await.expect(201);
    let id = made.json()["id"].as_i64().unwrap();
    let group =
        json!({ "id": id, "name": "Logistics / L'été", "owner": mira, "admins": [mira], "member_count": 1 });
    made.expect_json(201, &group);
    service.get("mira", GROUPS).await.expect_json(200, &json!([group]));
    service.get("noa", GROUPS).await.expect_json(200, &json!([]));
    let path = format!("{GROUPS}{id}/");
    service.send("mira", "DELETE", &path).await.expect_success(200);
    service.send("mira", "DELETE", &path).await.expect_msg(404, &format!("Group {id} not found."));
    service.get("mira", GROUPS).await.expect_json(200, &json!([]));
}

#[rstest]
#[case(json!({}))]
#[case(json!({ "name": "" }))]
#[case(json!({ "name": "   " }))]
#[case(json!({ "name": 7 }))]
#[case(json!({ "name": "a\0b" }))]
#[case(json!({ "name": "x".repeat(1000) }))]
#[actix_web::test]
async fn a_group_needs_a_name(#[case] body: serde_json::Value) {
    let service = Service::on(Backend::Sqlite).await;
    service.json("mira", "POST", GROUPS, &body).await.expect_msg(400, "name invalid.");
}

/// Only its owner and administrators remove a group, and not while its workspace holds bases. What is in the trash is none.
#[rstest]
#[actix_web::test]
async fn a_group_with_bases_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa", "ola"]).await;
    service.promote(group, "ola").await;
    let base = service.group_base("noa", group, "Stock").await;
    let path = format!("{GROUPS}{group}/");
    for who in ["noa", "stranger"] {
        service.send(who, "DELETE", &path).await.expect_forbidden();
    }
    for who in ["mira", "ola"] {
        service.send(who, "DELETE", &path).await.expect_msg(400, "Cannot delete group with bases");
    }
    let bases = workspace_path(base["workspace_id"].as_i64().unwrap());
    service.form("noa", "DELETE", &bases, &[("name", "Stock")]).await.expect(200);
    service.send("noa", "DELETE", &path).await.expect_forbidden();
    service.send("ola", "DELETE", &path).await.expect_success(200);
    assert!(service.identity.find_group_by_number(group).await.unwrap().is_none());
}

/// Making a group here makes nobody a sub-administrator of accounts: they may set passwords.
#[actix_web::test]
async fn an_owner_administers_bases_and_no_accounts() {
    let service = Service::on(Backend::Sqlite).await;
    let made = service.form("mira", "POST", GROUPS, &[("name", "Logistics")]).await.expect(201).json();
    let id = service.identity.find_group_by_number(made["id"].as_i64().unwrap()).await.unwrap().unwrap().id;
    let found = service.identity.db().read(move |conn| identity::groups::subadmins(conn, &id)).await;
    assert_eq!(found.unwrap(), []);
}
