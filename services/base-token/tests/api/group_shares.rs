//! §11.3: sharing with groups.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, base_path};

/// From the first share to the last.
#[rstest]
#[actix_web::test]
async fn a_share_with_a_group_lives(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let base = service.base("mira", "Stock").await;
    let workspace = base["workspace_id"].as_i64().unwrap();
    let path = base_path(workspace, "Stock", "group-shares/");
    let one = format!("{path}{group}/");
    service.get("mira", &path).await.expect_json(200, &json!({ "dtable_group_share_list": [] }));
    // §11.3: the number comes back as a text here.
    let added = service.json("mira", "POST", &path, &json!({ "group_id": group, "permission": "r" })).await;
    let share = json!({ "group_id": group.to_string(), "group_name": "Logistics", "permission": "r" });
    added.expect_json(200, &json!({ "dtable_group_share": share }));
    let listed = |permission: &str| {
        let share = json!({ "group_id": group, "group_name": "Logistics", "permission": permission });
        json!({ "dtable_group_share_list": [share] })
    };
    service.get("mira", &path).await.expect_json(200, &listed("r"));
    let token = base_path(workspace, "Stock", "access-token/");
    service.get("noa", &token).await.expect(200);
    service.form("mira", "PUT", &one, &[("permission", "rw")]).await.expect_success(200);
    service.get("mira", &path).await.expect_json(200, &listed("rw"));
    let again = service.json("mira", "POST", &path, &json!({ "group_id": group, "permission": "r" })).await;
    again.expect_msg(400, "table Stock already shared to the group.");
    service.send("mira", "DELETE", &one).await.expect_success(200);
    service.get("noa", &token).await.expect_forbidden();
    let text = format!("There isn't share to group {group}");
    service.send("mira", "DELETE", &one).await.expect_msg(404, &text);
    service.form("mira", "PUT", &one, &[("permission", "r")]).await.expect_msg(404, &text);
}

/// The web library names several at once: all of them or none.
#[rstest]
#[actix_web::test]
async fn several_groups_are_named_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let (one, other) = (service.group("One", "mira", &[]).await, service.group("Other", "mira", &[]).await);
    let foreign = service.group("Foreign", "noa", &[]).await;
    let workspace = service.base("mira", "Stock").await["workspace_id"].as_i64().unwrap();
    let path = base_path(workspace, "Stock", "group-shares/");
    let refused = json!({ "group_ids": [one, foreign], "permission": "r" });
    service.json("mira", "POST", &path, &refused).await.expect_msg(400, "group_ids invalid.");
    service.get("mira", &path).await.expect_json(200, &json!({ "dtable_group_share_list": [] }));
    let both = json!({ "group_ids": [one, other, one], "permission": "rw" });
    let added = service.json("mira", "POST", &path, &both).await.expect(200).json();
    assert_eq!(added["dtable_group_share"]["group_name"], "One");
    let list = service.get("mira", &path).await.expect(200).json();
    assert_eq!(list["dtable_group_share_list"].as_array().unwrap().len(), 2);
    for numbers in [json!([]), json!(["x"]), json!((0..101).collect::<Vec<_>>())] {
        let body = json!({ "group_ids": numbers, "permission": "r" });
        service.json("mira", "POST", &path, &body).await.expect(400);
    }
}

/// Errors in the order of §4.1.
#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_share_with_a_group_is_told_in_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &[]).await;
    let workspace = service.base("mira", "Stock").await["workspace_id"].as_i64().unwrap();
    let foreign = service.group("Foreign", "noa", &[]).await;
    let nowhere = base_path(99999, "Stock", "group-shares/");
    let path = base_path(workspace, "Stock", "group-shares/");
    for number in [json!(null), json!(""), json!("x"), json!(0), json!(-1), json!([1])] {
        let body = json!({ "group_id": number, "permission": "r" });
        service.json("noa", "POST", &nowhere, &body).await.expect_msg(400, "group_id invalid.");
    }
    for permission in [json!(null), json!("admin"), json!("")] {
        let body = json!({ "group_id": group, "permission": permission });
        service.json("noa", "POST", &nowhere, &body).await.expect_msg(400, "permission invalid.");
        service
            .json("noa", "PUT", &format!("{nowhere}1/"), &body)
            .await
            .expect_msg(400, "permission invalid.");
    }
    let body = json!({ "group_id": group, "permission": "r" });
    for (method, rest) in [("POST", ""), ("PUT", "1/"), ("DELETE", "1/"), ("GET", "")] {
        let at = |path: &str| format!("{path}{rest}");
        let unknown = service.json("noa", method, &at(&nowhere), &body).await;
        unknown.expect_msg(404, "Workspace 99999 not found.");
        let none = at(&base_path(workspace, "None", "group-shares/"));
        service.json("noa", method, &none, &body).await.expect_msg(404, "dtable None not found.");
        service.json("noa", method, &at(&path), &body).await.expect_forbidden();
    }
    // A group that one is not in is as good as none.
    for number in [foreign, 99999] {
        let body = json!({ "group_id": number, "permission": "r" });
        service.json("mira", "POST", &path, &body).await.expect_msg(400, "group_id invalid.");
    }
    // What lies in a group's workspace is the group's already.
    let own = service.group_base("mira", group, "Sales").await;
    let path = base_path(own["workspace_id"].as_i64().unwrap(), "Sales", "group-shares/");
    service.json("mira", "POST", &path, &body).await.expect_msg(400, "group_id invalid.");
}

/// §9: of several shares the highest counts, and those who leave the group lose theirs.
#[rstest]
#[actix_web::test]
async fn the_highest_share_counts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let base = service.base("mira", "Stock").await;
    let temporary = base_path(base["workspace_id"].as_i64().unwrap(), "Stock", "temp-api-token/");
    service.share("mira", &base, "noa", "r").await;
    service.get("noa", &temporary).await.expect_forbidden();
    service.share_with_group("mira", &base, group, "rw").await;
    service.get("noa", &temporary).await.expect(200);
    service.leave(group, "noa").await;
    service.get("noa", &temporary).await.expect_forbidden();
}
