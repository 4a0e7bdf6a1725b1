//! §11: creating, renaming and deleting bases.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Service, base_path, workspace_path};

const DTABLES: &str = "/api/v2.1/dtables/";

/// A form, and how it is refused.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

async fn create(service: &Service, who: &str, form: &[(&str, &str)]) -> Answer {
    service.form(who, "POST", DTABLES, form).await
}

/// The whole object, as §11 prints it.
#[rstest]
#[actix_web::test]
async fn a_base_is_created(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let form = [("name", "Stock Room"), ("color", "#FF8000"), ("text_color", ""), ("folder_id", "7")];
    let made = create(&service, "mira", &form).await.expect(201);
    let table = &made.json()["table"];
    let uuid = table["uuid"].as_str().unwrap();
    assert_eq!((uuid.len(), &uuid[14..15], uuid.to_lowercase().as_str()), (36, "4", uuid));
    made.expect_json(
        201,
        &json!({ "table": {
            "id": table["id"].as_i64().unwrap(), "workspace_id": service.workspace_of("mira").await, "uuid": uuid,
            "name": "Stock Room", "created_at": "2027-01-15T08:00:00+00:00",
            "updated_at": "2027-01-15T08:00:00+00:00", "color": "#FF8000", "text_color": null, "icon": null,
            "is_encrypted": false, "in_storage": true,
        }}),
    );
}

/// Where it lies: by owner, by workspace, or in the caller's own; of two that are named the owner counts.
#[rstest]
#[actix_web::test]
async fn a_base_lies_where_it_is_wanted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let (own, of_group) = (service.workspace_of("noa").await, service.workspace_of_group("noa", group).await);
    let (me, them) = (service.person("noa").await.internal_id, format!("{group}@seafile_group"));
    let (own_text, group_text) = (own.to_string(), of_group.to_string());
    for (number, (form, expected)) in (0..).zip([
        (vec![], own),
        (vec![("owner", me.as_str())], own),
        (vec![("owner", them.as_str())], of_group),
        (vec![("workspace_id", own_text.as_str())], own),
        (vec![("workspace_id", group_text.as_str())], of_group),
        (vec![("workspace_id", own_text.as_str()), ("owner", them.as_str())], of_group),
    ]) {
        let name = format!("base {number}");
        let form = [&form[..], &[("name", name.as_str())]].concat();
        let made = create(&service, "noa", &form).await.expect(201).json();
        assert_eq!(made["table"]["workspace_id"], expected, "{form:?}");
    }
    let number = json!({ "name": "by number", "workspace_id": of_group });
    service.json("noa", "POST", DTABLES, &number).await.expect(201);
}

/// Errors in the order of §4.1: arguments before look-ups before permission before conflict.
#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_new_base_is_told_in_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.base("mira", "Stock").await;
    let (own, foreign) =
        (service.workspace_of("mira").await.to_string(), service.workspace_of("noa").await.to_string());
    let stranger = service.person("noa").await.internal_id;
    let group = service.group("Logistics", "noa", &[]).await;
    let (long, group) = ("é".repeat(125), format!("{group}@seafile_group"));
    let cases: [Case<'_>; 20] = [
        (&[], 400, "name invalid."),
        (&[("name", "")], 400, "name invalid."),
        (&[("name", "a/b")], 400, "name invalid."),
        (&[("name", "..")], 400, "name invalid."),
        (&[("name", "a\0b")], 400, "name invalid."),
        (&[("name", &long)], 400, "name invalid."),
        (&[("name", ""), ("owner", "x")], 400, "name invalid."),
        (&[("name", "a"), ("owner", "")], 400, "owner invalid."),
        (&[("name", "a"), ("owner", "mira@example.org")], 400, "owner invalid."),
        (&[("name", "a"), ("owner", "x@seafile_group")], 400, "owner invalid."),
        (&[("name", "a"), ("owner", "x"), ("workspace_id", "x")], 400, "owner invalid."),
        (&[("name", "a"), ("workspace_id", "0")], 400, "workspace_id invalid."),
        (&[("name", "a"), ("workspace_id", "99999999999999999999")], 400, "workspace_id invalid."),
        (&[("name", "a"), ("workspace_id", "99999"), ("icon", "\0")], 400, "icon invalid."),
        (&[("name", "a"), ("workspace_id", "99999")], 404, "Workspace 99999 not found."),
        (&[("name", "Stock"), ("workspace_id", &foreign)], 403, "Permission denied."),
        (&[("name", "a"), ("owner", &stranger)], 403, "Permission denied."),
        (
            &[("name", "a"), ("owner", "00000000000040008000000000000000@auth.local")],
            403,
            "Permission denied.",
        ),
        (&[("name", "a"), ("owner", &group)], 403, "Permission denied."),
        (&[("name", "a"), ("owner", "99999@seafile_group")], 403, "Permission denied."),
    ];
    for (form, status, text) in cases {
        create(&service, "mira", form).await.expect_msg(status, text);
    }
    for form in [vec![("name", "Stock")], vec![("name", "Stock"), ("workspace_id", &own)]] {
        create(&service, "mira", &form).await.expect_msg(400, "Table Stock already exists.");
    }
    // Nothing of all that left anything behind.
    let own = service.workspace("mira", |entry| entry["type"] == "personal").await.unwrap();
    assert_eq!(own["table_list"].as_array().unwrap().len(), 1);
}

/// The longest name is kept, and the same name may be in another workspace.
#[rstest]
#[actix_web::test]
async fn a_name_is_unique_in_its_workspace_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let longest = "é".repeat(124);
    assert_eq!(service.base("mira", &longest).await["name"], longest);
    assert_eq!(service.base("noa", &longest).await["name"], longest);
    service.base("mira", &longest.to_uppercase()).await;
}

/// What is left out stays as it is; what is empty goes. The URL changes, the UUID does not.
#[rstest]
#[actix_web::test]
async fn a_base_is_changed_member_by_member(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let form = [("name", "Stock Room"), ("color", "red"), ("icon", "box")];
    let before = create(&service, "mira", &form).await.expect(201).json()["table"].clone();
    let path = workspace_path(before["workspace_id"].as_i64().unwrap());
    service.advance(60);
    let change = json!({ "name": "Stock Room", "new_name": "Stockroom 2" });
    let renamed = service.json("mira", "PUT", &path, &change).await.expect(200).json()["table"].clone();
    let mut expected = before.clone();
    expected["name"] = "Stockroom 2".into();
    expected["updated_at"] = "2027-01-15T08:01:00+00:00".into();
    assert_eq!(renamed, expected);
    let change = json!({ "name": "Stockroom 2", "color": "", "icon": null, "text_color": "white" });
    let changed = service.json("mira", "PUT", &path, &change).await.expect(200).json()["table"].clone();
    let looks = ["color", "icon", "text_color", "name"].map(|member| changed[member].clone());
    assert_eq!(json!(looks), json!([null, null, "white", "Stockroom 2"]));
    // The name it has is one it may keep.
    let change = json!({ "name": "Stockroom 2", "new_name": "Stockroom 2" });
    service.json("mira", "PUT", &path, &change).await.expect(200);
}

/// Errors of PUT in order.
#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_change_is_told_in_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let workspace = service.base("mira", "Stock").await["workspace_id"].as_i64().unwrap();
    service.base("mira", "Sales").await;
    let path = workspace_path(workspace);
    let cases = [
        (json!({}), 400, "name invalid."),
        (json!({ "name": "", "new_name": "/" }), 400, "name invalid."),
        (json!({ "name": 7, "new_name": "x" }), 400, "name invalid."),
        (json!({ "name": "None", "new_name": "a/b" }), 400, "new_name invalid."),
        (json!({ "name": "None", "new_name": "" }), 400, "new_name invalid."),
        (json!({ "name": "None", "new_name": null }), 400, "new_name invalid."),
        (json!({ "name": "None", "new_name": ".." }), 400, "new_name invalid."),
        (json!({ "name": "None", "new_name": "x".repeat(249) }), 400, "new_name invalid."),
        (json!({ "name": "Stock" }), 400, "new_name invalid."),
        (json!({ "name": "None", "color": 7 }), 400, "color invalid."),
        (json!({ "name": "None", "icon": "x".repeat(256) }), 400, "icon invalid."),
        (json!({ "name": "None", "new_name": "x" }), 404, "dtable None not found."),
        (json!({ "name": "a/b", "new_name": "x" }), 404, "dtable a/b not found."),
        (json!({ "name": "Stock", "new_name": "Sales" }), 400, "Table Sales already exists."),
    ];
    for (body, status, text) in &cases {
        service.json("mira", "PUT", &path, body).await.expect_msg(*status, text);
    }
    let change = json!({ "name": "Stock", "new_name": "Sales" });
    let unknown = service.json("mira", "PUT", &workspace_path(99999), &change).await;
    unknown.expect_msg(404, "Workspace 99999 not found.");
    // A stranger is told of what is not there, and of nothing else.
    service.json("noa", "PUT", &path, &change).await.expect_forbidden();
    let none = json!({ "name": "None", "new_name": "x" });
    service.json("noa", "PUT", &path, &none).await.expect_msg(404, "dtable None not found.");
    service.json("noa", "PUT", &path, &json!({})).await.expect_msg(400, "name invalid.");
}

/// A deleted base is gone from every list and from its path; its name is free.
#[rstest]
#[actix_web::test]
async fn a_base_is_deleted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    service.share("mira", &base, "noa", "rw").await;
    let workspace = base["workspace_id"].as_i64().unwrap();
    let (path, name) = (workspace_path(workspace), [("name", "Stock")]);
    service.form("noa", "DELETE", &path, &name).await.expect_forbidden();
    service.form("mira", "DELETE", &path, &[]).await.expect_msg(400, "name invalid.");
    service
        .form("mira", "DELETE", &path, &[("name", "None")])
        .await
        .expect_msg(404, "dtable None not found.");
    let nowhere = service.form("mira", "DELETE", &workspace_path(99999), &name).await;
    nowhere.expect_msg(404, "Workspace 99999 not found.");
    service.form("mira", "DELETE", &path, &name).await.expect_success(200);
    service.form("mira", "DELETE", &path, &name).await.expect_msg(404, "dtable Stock not found.");
    let share = service.get("mira", &base_path(workspace, "Stock", "share/")).await;
    share.expect_msg(404, "dtable Stock not found.");
    let trashed = format!("_(deleted_{}) Stock", base["id"]);
    let share = service.get("mira", &base_path(workspace, &trashed, "share/")).await;
    share.expect_msg(404, &format!("dtable {trashed} not found."));
    service.get("noa", "/api/v2.1/dtables/shared/").await.expect_json(200, &json!({ "table_list": [] }));
    let own = service.workspace("mira", |entry| entry["type"] == "personal").await.unwrap();
    assert_eq!(own["table_list"], json!([]));
    let again = service.base("mira", "Stock").await;
    assert!(again["id"].as_i64() > base["id"].as_i64() && again["uuid"] != base["uuid"]);
}

/// §9: members of a group do with its bases what they like, but for sharing.
#[rstest]
#[actix_web::test]
async fn members_change_the_bases_of_their_group(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["noa"]).await;
    let base = service.group_base("noa", group, "Stock").await;
    let path = workspace_path(base["workspace_id"].as_i64().unwrap());
    let change = json!({ "name": "Stock", "new_name": "Stock 2" });
    service.json("noa", "PUT", &path, &change).await.expect(200);
    service.leave(group, "noa").await;
    let back = json!({ "name": "Stock 2", "new_name": "Stock" });
    service.json("noa", "PUT", &path, &back).await.expect_forbidden();
    service.json("noa", "DELETE", &path, &json!({ "name": "Stock 2" })).await.expect_forbidden();
    service.json("mira", "DELETE", &path, &json!({ "name": "Stock 2" })).await.expect_success(200);
}

/// Of many that want the same name one gets it, and no request fails otherwise.
#[rstest]
#[actix_web::test]
async fn of_many_bases_of_one_name_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    // Made before, so that the requests race and not the sign-ins.
    service.person("mira").await;
    let attempts = (0..16).map(|_| create(&service, "mira", &[("name", "Stock")]));
    let answers = futures_util::future::join_all(attempts).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.expect_msg(400, "Table Stock already exists.");
    }
    // They all found, or made, the same workspace.
    let list = service.get("mira", "/api/v2.1/workspaces/").await.expect(200).json();
    let personal = |entry: &&Value| entry["type"] == "personal";
    assert_eq!(list["workspace_list"].as_array().unwrap().iter().filter(personal).count(), 1);
}

/// Of two renames to one name, and of two deletions, one succeeds.
#[rstest]
#[actix_web::test]
async fn concurrent_changes_leave_one_of_each(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let workspace = service.base("mira", "a").await["workspace_id"].as_i64().unwrap();
    service.base("mira", "b").await;
    let path = workspace_path(workspace);
    let rename = |name: &'static str| json!({ "name": name, "new_name": "c" });
    let (a, b) = (rename("a"), rename("b"));
    let (one, other) = futures_util::future::join(
        service.json("mira", "PUT", &path, &a),
        service.json("mira", "PUT", &path, &b),
    )
    .await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{one:?} {other:?}");
    let gone = json!({ "name": "c" });
    let deletions = (0..4).map(|_| service.json("mira", "DELETE", &path, &gone));
    let answers = futures_util::future::join_all(deletions).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [200, 404].contains(&answer.status)), "{answers:?}");
}
