//! §11: copying bases.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, base_path, workspace_path};

const COPY: &str = "/api/v2.1/dtable-copy/";

/// A copy has the name and the looks of the base, another UUID, and no share.
#[rstest]
#[actix_web::test]
async fn a_base_is_copied(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let form = [("name", "Stock Room"), ("color", "red"), ("icon", "box")];
    let base = service.form("mira", "POST", "/api/v2.1/dtables/", &form).await.expect(201).json();
    let base = base["table"].clone();
    service.share("mira", &base, "noa", "r").await;
    let target = service.workspace_of("noa").await;
    service.advance(60);
    let copy = json!({
        "src_workspace_id": base["workspace_id"], "name": "Stock Room", "dst_workspace_id": target.to_string()
    });
    let made = service.json("noa", "POST", COPY, &copy).await.expect(200).json()["dtable"].clone();
    let mut expected = base.clone();
    for member in ["id", "uuid", "workspace_id", "created_at", "updated_at"] {
        assert_ne!(made[member], base[member], "{member}");
        expected[member] = made[member].clone();
    }
    assert_eq!(made, expected);
    let shares = service.get("noa", &base_path(target, "Stock Room", "share/")).await;
    shares.expect_json(200, &json!({ "user_list": [] }));
}

/// Errors in the order of §4.1.
#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_copy_is_told_in_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let source = service.base("mira", "Stock").await["workspace_id"].as_i64().unwrap();
    let own = service.workspace_of("noa").await;
    for (form, status, text) in [
        (json!({}), 400, "src_workspace_id invalid."),
        (json!({ "src_workspace_id": "x" }), 400, "src_workspace_id invalid."),
        (json!({ "src_workspace_id": source }), 400, "name invalid."),
        (json!({ "src_workspace_id": source, "name": "" }), 400, "name invalid."),
        (json!({ "src_workspace_id": 99999, "name": "x" }), 400, "dst_workspace_id invalid."),
        (
            json!({ "src_workspace_id": 99999, "name": "x", "dst_workspace_id": 99998 }),
            404,
            "Workspace 99999 not found.",
        ),
        (
            json!({ "src_workspace_id": source, "name": "x", "dst_workspace_id": 99998 }),
            404,
            "dtable x not found.",
        ),
        // What is not there is told before what is not allowed.
        (
            json!({ "src_workspace_id": source, "name": "Stock", "dst_workspace_id": 99998 }),
            404,
            "Workspace 99998 not found.",
        ),
        (
            json!({ "src_workspace_id": source, "name": "Stock", "dst_workspace_id": own }),
            403,
            "Permission denied.",
        ),
    ] {
        service.json("noa", "POST", COPY, &form).await.expect_msg(status, text);
    }
    let within = json!({ "src_workspace_id": source, "name": "Stock", "dst_workspace_id": source });
    service.json("mira", "POST", COPY, &within).await.expect_msg(400, "Table Stock already exists.");
    // Whoever may read may copy, but not to where they may not write.
    let base = json!({ "workspace_id": source, "name": "Stock" });
    service.share("mira", &base, "noa", "r").await;
    service.json("noa", "POST", COPY, &within).await.expect_forbidden();
    let copy = json!({ "src_workspace_id": source, "name": "Stock", "dst_workspace_id": own });
    service.json("noa", "POST", COPY, &copy).await.expect(200);
    service.json("noa", "POST", COPY, &copy).await.expect_msg(400, "Table Stock already exists.");
    service.json("mira", "DELETE", &workspace_path(source), &json!({ "name": "Stock" })).await.expect(200);
    service.json("noa", "POST", COPY, &copy).await.expect_msg(404, "dtable Stock not found.");
}

/// Into the workspace of a group, by one of its members.
#[actix_web::test]
async fn a_member_copies_into_the_group() {
    let service = Service::on(Backend::Sqlite).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let source = service.base("noa", "Stock").await["workspace_id"].clone();
    let target = service.workspace_of_group("noa", group).await;
    let copy = json!({ "src_workspace_id": source, "name": "Stock", "dst_workspace_id": target });
    let made = service.json("noa", "POST", COPY, &copy).await.expect(200).json();
    assert_eq!(made["dtable"]["workspace_id"], target);
}
