//! §11.2: workspaces, and what is shared.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, SERVER, Service};

const WORKSPACES: &str = "/api/v2.1/workspaces/";

fn listed(base: &Value) -> Value {
    let mut listed = base.clone();
    listed["starred"] = false.into();
    listed
}

async fn shared(service: &Service, base: &Value, by: &str, permission: &str) -> Value {
    let by = service.person(by).await;
    let mut shared = base.clone();
    shared["permission"] = permission.into();
    shared["from_user"] = by.internal_id.into();
    shared["from_user_name"] = by.account.shown_name().into();
    shared["from_user_avatar"] = format!("{SERVER}/media/avatars/default.png").into();
    shared
}

/// Somebody new has exactly one workspace of their own, always the same.
#[rstest]
#[actix_web::test]
async fn everybody_has_one_workspace_of_their_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let own = service.workspace_of("mira").await;
    assert!(own >= 1);
    let list = service.get("mira", WORKSPACES).await;
    list.expect_json(
        200,
        &json!({ "workspace_list": [
            { "id": "", "name": "starred", "type": "starred", "table_list": [] },
            { "id": "", "name": "shared", "type": "shared", "shared_table_list": [], "shared_view_list": [] },
            { "id": own, "name": "personal", "type": "personal", "table_list": [] },
        ]}),
    );
    assert_ne!(service.workspace_of("noa").await, own);
}

/// The example of §11.2, with bases of one's own, of a group, and shared ones.
#[rstest]
#[actix_web::test]
async fn the_whole_list_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa", "ola"]).await;
    service.promote(group, "ola").await;
    let (own, of_group) = (service.base("noa", "Own").await, service.group_base("ola", group, "Stock").await);
    let (direct, by_group) = (service.base("mira", "Direct").await, service.base("mira", "By group").await);
    service.share("mira", &direct, "noa", "rw").await;
    service.share_with_group("mira", &by_group, group, "r").await;
    let [mira, ola] = [service.person("mira").await.internal_id, service.person("ola").await.internal_id];
    let expected = json!([
        { "id": "", "name": "starred", "type": "starred", "table_list": [] },
        { "id": "", "name": "shared", "type": "shared",
          "shared_table_list": [shared(&service, &direct, "mira", "rw").await], "shared_view_list": [] },
        { "id": own["workspace_id"], "name": "personal", "type": "personal", "table_list": [listed(&own)] },
        { "id": of_group["workspace_id"], "name": "Logistics", "type": "group", "group_id": group,
          "group_owner": mira, "group_admins": [mira, ola], "group_member_count": 3, "is_admin": false,
          "table_list": [listed(&of_group)],
          "group_shared_dtables": [shared(&service, &by_group, "mira", "r").await], "group_shared_views": [] },
    ]);
    let list = service.get("noa", WORKSPACES).await.expect(200).json();
    assert_eq!(list["workspace_list"], expected);
    let heads: Vec<Value> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!({ "id": entry["id"], "name": entry["name"], "type": entry["type"] }))
        .collect();
    let brief = service.get("noa", "/api/v2.1/workspaces/?detail=False").await.expect(200).json();
    assert_eq!(brief["workspace_list"], json!(heads));
    for admin in ["mira", "ola"] {
        let seen = service.workspace(admin, |entry| entry["group_id"] == group).await.unwrap();
        assert_eq!(seen["is_admin"], true, "{admin}");
    }
    let table_list = json!({ "table_list": [shared(&service, &direct, "mira", "rw").await] });
    service.get("noa", "/api/v2.1/dtables/shared/").await.expect_json(200, &table_list);
    service.get("ola", "/api/v2.1/dtables/shared/").await.expect_json(200, &json!({ "table_list": [] }));
}

/// §11.2: any other value of `detail` is a mistake.
#[actix_web::test]
async fn detail_is_true_or_false() {
    let service = Service::on(Backend::Sqlite).await;
    for value in ["0", "", "yes", "nul%00"] {
        let answer = service.get("mira", &format!("{WORKSPACES}?detail={value}")).await;
        answer.expect_msg(400, "detail invalid.");
    }
}

/// §1: the workspace of a group is there as soon as the group is, and for its members only.
#[rstest]
#[actix_web::test]
async fn a_group_has_a_workspace_from_the_beginning(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let made = service.form("mira", "POST", "/api/v2.1/groups/", &[("name", "Logistics")]).await.expect(201);
    let group = made.json()["id"].as_i64().unwrap();
    let workspace = service.workspace_of_group("mira", group).await;
    let path = format!("/api/v2.1/workspace/{workspace}/dtable/x/share/");
    // Known before anybody has listed it.
    service.get("noa", &path).await.expect_msg(404, "dtable x not found.");
    assert!(service.workspace("noa", |entry| entry["type"] == "group").await.is_none());
    service.join(group, "noa").await;
    assert_eq!(service.workspace_of_group("noa", group).await, workspace);
    service.leave(group, "noa").await;
    assert!(service.workspace("noa", |entry| entry["type"] == "group").await.is_none());
}

/// Whoever shared something may be gone; what they shared is still there.
#[actix_web::test]
async fn a_sharer_who_is_gone_has_no_name() {
    let service = Service::on(Backend::Sqlite).await;
    let group = service.group("Logistics", "mira", &["noa", "ola"]).await;
    service.promote(group, "noa").await;
    let base = service.group_base("noa", group, "Stock").await;
    service.share("noa", &base, "per", "r").await;
    let gone = service.person("noa").await;
    service.identity.delete_account(gone.account.id, &identity::audit::Origin::default()).await.unwrap();
    let list = service.get("per", "/api/v2.1/dtables/shared/").await.expect(200).json();
    let shared = &list["table_list"][0];
    assert_eq!((&shared["from_user"], &shared["from_user_name"]), (&json!(gone.internal_id), &json!("")));
}

/// Lists hold what is one's own: of two people who share nothing neither sees anything of the other.
#[rstest]
#[actix_web::test]
async fn nobody_sees_what_is_not_theirs(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &[]).await;
    let secret = service.base("mira", "Secret").await;
    service.group_base("mira", group, "Secret too").await;
    service.share("mira", &secret, "ola", "r").await;
    for path in [WORKSPACES, "/api/v2.1/dtables/shared/", "/api/v2.1/groups/"] {
        let seen = service.get("noa", path).await.expect(200).body;
        assert!(!seen.contains("Secret") && !seen.contains("Logistics"), "{path} {seen}");
    }
}
