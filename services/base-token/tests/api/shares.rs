//! §11.3: sharing with people.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, SERVER, Service, base_path};

/// From the first share to the last: what each call answers, and what the list says after it.
#[rstest]
#[actix_web::test]
async fn a_share_lives(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let path = base_path(base["workspace_id"].as_i64().unwrap(), "Stock Room", "share/");
    let (noa, ola) = (service.person("noa").await, service.person("ola").await);
    service.get("mira", &path).await.expect_json(200, &json!({ "user_list": [] }));
    for (person, permission) in [(&noa, "r"), (&ola, "rw")] {
        let share = json!({ "email": person.internal_id, "permission": permission });
        service.json("mira", "POST", &path, &share).await.expect_success(201);
        service.advance(1);
    }
    let user = |id: &str, name: &str, permission: &str| {
        let contact_email = format!("{}@example.org", name.to_lowercase());
        json!({
            "email": id, "name": name, "contact_email": contact_email,
            "avatar_url": format!("{SERVER}/media/avatars/default.png"), "permission": permission,
        })
    };
    let list =
        json!({ "user_list": [user(&noa.internal_id, "Noa", "r"), user(&ola.internal_id, "Ola", "rw")] });
    service.get("mira", &path).await.expect_json(200, &list);
    let change = json!({ "email": noa.internal_id, "permission": "rw" });
    service.json("mira", "PUT", &path, &change).await.expect_success(200);
    service.json("mira", "PUT", &path, &change).await.expect_success(200);
    service.form("mira", "DELETE", &path, &[("email", &ola.internal_id)]).await.expect_success(200);
    let list = json!({ "user_list": [user(&noa.internal_id, "Noa", "rw")] });
    service.get("mira", &path).await.expect_json(200, &list);
    let missing = service.form("mira", "DELETE", &path, &[("email", &ola.internal_id)]).await;
    missing.expect_msg(404, &format!("There isn't share to user {}", ola.internal_id));
    let change = json!({ "email": ola.internal_id, "permission": "r" });
    let missing = service.json("mira", "PUT", &path, &change).await;
    missing.expect_msg(404, &format!("There isn't share to user {}", ola.internal_id));
    // Ended, it can be made again.
    let share = json!({ "email": ola.internal_id, "permission": "r" });
    service.json("mira", "POST", &path, &share).await.expect_success(201);
    service
        .json("mira", "POST", &path, &share)
        .await
        .expect_msg(400, "table Stock Room already shared to the user.");
}

/// Errors in the order of §4.1, for each method.
#[rstest]
#[actix_web::test]
async fn what_is_wrong_with_a_share_is_told_in_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("POST", "PUT", "DELETE")] method: &str,
) {
    let service = Service::on(backend).await;
    let workspace = service.base("mira", "Stock").await["workspace_id"].as_i64().unwrap();
    let (noa, mira) = (service.person("noa").await.internal_id, service.person("mira").await.internal_id);
    let nowhere = base_path(99999, "Stock", "share/");
    let (none, path) = (base_path(workspace, "None", "share/"), base_path(workspace, "Stock", "share/"));
    for email in [json!(null), json!(""), json!("noa@example.org"), json!(7), json!("12@seafile_group")] {
        let body = json!({ "email": email, "permission": "r" });
        service.json("noa", method, &nowhere, &body).await.expect_msg(400, "email invalid.");
    }
    if method != "DELETE" {
        for permission in [json!(null), json!(""), json!("RW"), json!("w"), json!("admin"), json!(["r"])] {
            let body = json!({ "email": noa, "permission": permission });
            service.json("noa", method, &nowhere, &body).await.expect_msg(400, "permission invalid.");
        }
    }
    let body = json!({ "email": noa, "permission": "r" });
    service.json("noa", method, &nowhere, &body).await.expect_msg(404, "Workspace 99999 not found.");
    service.json("noa", method, &none, &body).await.expect_msg(404, "dtable None not found.");
    service.json("noa", method, &path, &body).await.expect_forbidden();
    let nobody = "00000000000040008000000000000000@auth.local";
    for other in [nobody, &mira] {
        let body = json!({ "email": other, "permission": "r" });
        service.json("noa", method, &path, &body).await.expect_forbidden();
        let answer = service.json("mira", method, &path, &body).await;
        match method {
            "POST" => answer.expect_msg(400, "email invalid."),
            _ => answer.expect_msg(404, &format!("There isn't share to user {other}")),
        }
    }
}

/// §9: shares are the administrators' business, not that of members, and of whom it is shared with even less.
#[rstest]
#[actix_web::test]
async fn only_administrators_share(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let group = service.group("Logistics", "mira", &["member", "admin"]).await;
    service.promote(group, "admin").await;
    let base = service.group_base("member", group, "Stock").await;
    service.share("admin", &base, "writer", "rw").await;
    let path = base_path(base["workspace_id"].as_i64().unwrap(), "Stock", "share/");
    let email = service.person("noa").await.internal_id;
    let body = json!({ "email": email, "permission": "r" });
    for who in ["member", "writer", "stranger"] {
        service.get(who, &path).await.expect_forbidden();
        for method in ["POST", "PUT", "DELETE"] {
            service.json(who, method, &path, &body).await.expect_forbidden();
        }
    }
    for who in ["mira", "admin"] {
        service.json(who, "POST", &path, &body).await.expect_success(201);
        service.json(who, "DELETE", &path, &body).await.expect_success(200);
    }
}

/// A share that ends, ends at once; that of an account that is gone by itself, unless somebody is faster.
#[rstest]
#[actix_web::test]
async fn a_share_ends_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    service.share("mira", &base, "noa", "r").await;
    let workspace = base["workspace_id"].as_i64().unwrap();
    let token = base_path(workspace, "Stock", "access-token/");
    service.get("noa", &token).await.expect(200);
    let noa = service.person("noa").await;
    let (path, email) = (base_path(workspace, "Stock", "share/"), [("email", noa.internal_id.as_str())]);
    service.form("mira", "DELETE", &path, &email).await.expect_success(200);
    service.get("noa", &token).await.expect_forbidden();
    service.share("mira", &base, "noa", "r").await;
    service.identity.delete_account(noa.account.id, &identity::audit::Origin::default()).await.unwrap();
    let ended = service.form("mira", "DELETE", &path, &email).await;
    assert!([200, 404].contains(&ended.status), "{ended:?}");
    let list = service.get("mira", &path).await.expect(200).json();
    assert_eq!(list["user_list"], json!([]));
}
