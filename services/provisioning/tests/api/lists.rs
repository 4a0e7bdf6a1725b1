//! §5.9, §7.1, §7.2.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service};

fn keys(users: &Value) -> Vec<String> {
    users.as_object().map(|users| users.keys().cloned().collect()).unwrap_or_default()
}

/// The ids of a map in the order of the answer, which a parsed object no longer has.
async fn in_order(service: &Service, who: &str, path: &str) -> Vec<String> {
    let body = service.send(who, "GET", path).await.body;
    body.split("\"id\":\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// §7.1: all for an administrator; the members of their groups, each once, for a sub-administrator.
#[rstest]
#[actix_web::test]
async fn ids_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let listed = async |who: &str, query: &str| {
        service.get(who, &format!("/cloud/users{query}")).await["users"].clone()
    };
    assert_eq!(
        listed("root", "").await,
        json!(["boss", "chief", "jonas", "mira", "Ola", "root", "solo", "sub"])
    );
    assert_eq!(listed("sub", "").await, json!(["boss", "chief", "jonas", "mira"]));
    assert_eq!(listed("root", "?search=MI").await, json!(["mira"]));
    assert_eq!(listed("root", "?search=ola%40example").await, json!(["Ola"]));
    assert_eq!(listed("root", "?limit=3&offset=2").await, json!(["jonas", "mira", "Ola"]));
    // The page of each group: boss of atelier, jonas of staff.
    assert_eq!(listed("sub", "?limit=1").await, json!(["boss", "jonas"]));
    assert_eq!(listed("sub", "?search=solo").await, json!([]));
    assert_eq!(listed("root", "?limit=0").await, json!([]));
    assert_eq!(listed("root", "?limit=-1&offset=-1").await.as_array().unwrap().len(), 8);
    assert_eq!(listed("root", "?search=%25").await, json!([]));
    assert_eq!(listed("root", "?search=_").await, json!([]));
    service
        .refused(
            "root",
            "GET",
            "/cloud/users",
            &json!({"search": {"x": 1}}),
            (996, "Internal Server Error\n"),
        )
        .await;
}

/// §7.2.
#[rstest]
#[actix_web::test]
async fn details_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let path = "/cloud/users/details";
    let all = service.get("root", path).await["users"].clone();
    assert_eq!(keys(&all).len(), 8);
    assert!(
        all.as_object()
            .unwrap()
            .values()
            .all(|one| one["backend"] == "Database" && one.get("emailScope").is_none())
    );
    let reached = service.get("sub", path).await["users"].clone();
    assert_eq!(keys(&reached), ["boss", "chief", "jonas", "mira"]);
    assert_eq!((&reached["boss"], &reached["chief"]), (&json!({"id": "boss"}), &json!({"id": "chief"})));
    assert_eq!(reached["jonas"]["email"], "jonas@example.org");
    let page = service.get("root", &format!("{path}?search=example&limit=2&offset=1")).await["users"].clone();
    assert_eq!(keys(&page), ["chief", "jonas"]);
    assert_eq!(service.get("root", &format!("{path}?search=nobody")).await, json!({"users": []}));
}

/// §7.2: disabled ones only, of a sub-administrator's own, and no negative numbers.
#[rstest]
#[actix_web::test]
async fn disabled_accounts_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let path = "/cloud/users/disabled";
    assert_eq!(service.get("root", path).await, json!({"users": []}));
    for id in ["mira", "Ola", "boss", "jonas"] {
        service.done("root", "PUT", &format!("/cloud/users/{id}/disable"), &json!({})).await;
    }
    assert_eq!(in_order(&service, "root", path).await, ["boss", "jonas", "mira", "Ola"]);
    assert_eq!(in_order(&service, "sub", path).await, ["jonas", "mira"]);
    assert_eq!(in_order(&service, "sub", &format!("{path}?limit=1&offset=1")).await, ["mira"]);
    assert_eq!(in_order(&service, "root", &format!("{path}?limit=1&offset=3")).await, ["Ola"]);
    assert_eq!(service.get("root", path).await["users"]["mira"]["enabled"], false);
    for query in ["limit=-1", "offset=-1"] {
        let path = format!("{path}?{query}");
        service.refused("root", "GET", &path, &json!({}), (996, "Internal Server Error\n")).await;
    }
}

/// §5.9: the last to sign in comes first; who never has is not there; the disabled are.
#[rstest]
#[actix_web::test]
async fn the_recently_active_are_listed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let path = "/cloud/users/recent";
    for who in ["jonas", "mira", "Ola"] {
        service.get(who, "/cloud/user").await;
        service
            .until(async || service.get("root", &format!("/cloud/users/{who}")).await["lastLogin"] != 0)
            .await;
        service.advance(120);
    }
    service.done("root", "PUT", "/cloud/users/mira/disable", &json!({})).await;
    service.advance(120);
    service.get("root", "/cloud/user").await;
    service
        .until(async || in_order(&service, "root", path).await.first().is_some_and(|id| id == "root"))
        .await;
    assert_eq!(in_order(&service, "root", path).await, ["root", "Ola", "mira", "jonas"]);
    assert_eq!(in_order(&service, "root", &format!("{path}?limit=2&offset=1")).await, ["Ola", "mira"]);
    assert_eq!(in_order(&service, "root", &format!("{path}?limit=0&search=example")).await.len(), 4);
    assert_eq!(in_order(&service, "root", &format!("{path}?search=JON")).await, ["jonas"]);
    assert_eq!(service.get("root", &format!("{path}?offset=4")).await, json!({"users": []}));
    let shown = service.get("root", path).await["users"]["mira"].clone();
    assert!(shown["enabled"] == false && shown.get("emailScope").is_none(), "{shown}");
    for query in ["limit=-1", "offset=-1"] {
        let path = format!("{path}?{query}");
        service.refused("root", "GET", &path, &json!({}), (996, "Internal Server Error\n")).await;
    }
}

/// The bounds of an answer are settings.
#[actix_web::test]
async fn lists_are_bounded() {
    let service = Service::with(Backend::Sqlite, json!({"limits": {"ids": 3, "details": 2}})).await;
    let count = async |path: &str| {
        let users = service.get("root", path).await["users"].clone();
        users.as_array().map_or_else(|| users.as_object().unwrap().len(), Vec::len)
    };
    assert_eq!((count("/cloud/users").await, count("/cloud/users?limit=100").await), (3, 3));
    assert_eq!((count("/cloud/users/details").await, count("/cloud/users?limit=2").await), (2, 2));
    assert_eq!(service.get("root", "/cloud/groups").await["groups"].as_array().unwrap().len(), 3);
    assert_eq!(service.get("sub", "/cloud/users/details").await["users"].as_object().unwrap().len(), 2);
}

/// §2.3: a literal route wins for what it does itself; whoever is called like it can still be changed and deleted.
#[rstest]
#[actix_web::test]
async fn people_and_groups_may_be_called_like_a_list(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for id in ["details", "disabled", "recent"] {
        let path = format!("/cloud/users/{id}");
        let new = json!({"userid": id, "password": "a long password"});
        assert_eq!(service.send_json("root", "POST", "/cloud/users", &new).await.data(), json!({"id": id}));
        service.done("root", "PUT", &path, &json!({"key": "role", "value": "Archive"})).await;
        let listed = service.get("root", &format!("/cloud/users/details?search={id}")).await;
        assert_eq!(listed["users"][id]["role"], "Archive");
        assert!(service.get("root", &path).await["users"].get("id").is_none());
        assert_eq!(service.send("root", "POST", &path).await.status, 405);
        service.done("root", "DELETE", &path, &json!({})).await;
    }
    for id in ["details", "a/users", "a/users/details", "a/subadmins"] {
        let path = format!("/cloud/groups/{id}");
        service.done("root", "POST", "/cloud/groups", &json!({"groupid": id})).await;
        service.done("root", "PUT", &path, &json!({"key": "displayname", "value": "Archive"})).await;
        let listed = service.get("root", "/cloud/groups/details?search=archive").await;
        assert_eq!(listed["groups"][0]["id"], id);
        service.done("root", "DELETE", &path, &json!({})).await;
    }
    assert_eq!(service.get("root", "/cloud/groups?search=a/").await, json!({"groups": []}));
}
