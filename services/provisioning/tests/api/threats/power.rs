//! Row 15 for sub-administrators: power over accounts and groups that is not theirs, by every way to it.

use auth_claims::roles::Role;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use rstest::rstest;
use serde_json::json;

use super::state;
use crate::support::{Backend, Service, answer, password};

/// Threat 15: a sub-administrator and those beyond its power, by every way to change an account.
#[rstest]
#[actix_web::test]
async fn threat_15_a_sub_admin_gains_no_power(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let before = state(&service).await;
    for target in ["root", "boss", "chief", "Ola", "solo"] {
        let user = format!("/cloud/users/{target}");
        let change = |key: &str, value: &str| json!({"key": key, "value": value});
        let group = |id: &str| json!({ "groupid": id });
        for (method, path, body) in [
            ("GET", user.clone(), json!({})),
            ("PUT", user.clone(), change("password", "taken over")),
            ("PUT", user.clone(), change("email", "taken@over.example")),
            ("PUT", user.clone(), change("additional_mail", "taken@over.example")),
            ("PUT", user.clone(), change("notify_email", "")),
            ("PUT", user.clone(), change("displayname", "x")),
            ("PUT", user.clone(), change("quota", "1 GB")),
            ("PUT", user.clone(), change("manager", "sub")),
            ("PUT", format!("{user}/additional_mail"), change("x@example.org", "")),
            ("PUT", format!("{user}/enable"), json!({})),
            ("PUT", format!("{user}/disable"), json!({})),
            ("POST", format!("{user}/wipe"), json!({})),
            ("DELETE", user.clone(), json!({})),
            // Into a group of its own, and out of it.
            ("POST", format!("{user}/groups"), group("staff")),
            ("POST", format!("{user}/groups"), group("atelier")),
            ("POST", format!("{user}/groups"), group("admin")),
            ("DELETE", format!("{user}/groups"), group("atelier")),
            ("DELETE", format!("{user}/groups"), group("remote")),
            ("POST", format!("{user}/subadmins"), group("staff")),
        ] {
            let found = answer(service.request("v2", "sub", method, &path).json(&body)).await;
            assert!([400, 403, 404].contains(&found.status), "{method} {path} {body} {found:?}");
            assert!([104, 105, 403, 998].contains(&found.code()), "{method} {path} {body} {found:?}");
        }
    }
    // Nor by itself, nor by somebody it makes.
    for (method, path, body) in [
        ("POST", "/cloud/users/sub/groups", json!({"groupid": "admin"})),
        ("POST", "/cloud/users/sub/groups", json!({"groupid": "remote"})),
        ("POST", "/cloud/users/sub/subadmins", json!({"groupid": "remote"})),
        ("POST", "/cloud/users/mira/groups", json!({"groupid": "admin"})),
        ("POST", "/cloud/users", json!({"userid": "x", "password": "a long password", "groups": ["admin"]})),
        (
            "POST",
            "/cloud/users",
            json!({"userid": "x", "password": "a long password", "groups": ["staff", "remote"]}),
        ),
        (
            "POST",
            "/cloud/users",
            json!({"userid": "x", "password": "a long password", "groups": ["staff"], "subadmin": ["remote"]}),
        ),
        (
            "POST",
            "/cloud/users",
            json!({"userid": "x", "password": "a long password", "groups": ["staff"], "subadmin": ["admin"]}),
        ),
        ("POST", "/cloud/users", json!({"userid": "x", "password": "a long password"})),
    ] {
        let found = answer(service.request("v2", "sub", method, path).json(&body)).await;
        assert!([103, 104, 105, 106, 403].contains(&found.code()), "{method} {path} {body} {found:?}");
    }
    assert_eq!(state(&service).await, before);
    for who in ["root", "boss", "chief", "Ola", "solo"] {
        assert!(service.signs_in(who, &password(who)).await, "{who}");
    }
}

/// Threat 15: nobody gets at the groups of another sub-administrator through that one's account.
#[rstest]
#[actix_web::test]
async fn threat_15_another_sub_admin_keeps_its_keys(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let path = "/cloud/users/mira";
    let keys = [
        json!({"key": "password", "value": "taken over"}),
        json!({"key": "email", "value": "taken@over.example"}),
    ];
    service.done("root", "POST", "/cloud/users/mira/subadmins", &json!({"groupid": "remote"})).await;
    for key in &keys {
        service.refused("sub", "PUT", path, key, (113, "")).await;
    }
    service.done("sub", "PUT", path, &json!({"key": "quota", "value": "1 GB"})).await;
    assert!(service.signs_in("mira", &password("mira")).await);
    service.done("root", "POST", "/cloud/users/sub/subadmins", &json!({"groupid": "remote"})).await;
    for key in &keys {
        service.done("sub", "PUT", path, key).await;
    }
}

/// Threat 15: a sub-administrator gets no rights in other dialects through the account of somebody who has them there, nor
/// anything for itself by joining its own group.
#[rstest]
#[actix_web::test]
async fn threat_15_rights_in_other_dialects_keep_their_keys(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let account = service.account("mira").await.unwrap();
    let profile = AccountProfile { roles: vec![Role::Admin], ..AccountProfile::from(&account) };
    service.identity.update_account(account.id, profile, &Origin::default()).await.unwrap();
    for (key, value) in [("password", "taken over, once"), ("email", "taken@over.example")] {
        let change = json!({"key": key, "value": value});
        service.refused("sub", "PUT", "/cloud/users/mira", &change, (113, "")).await;
        service.done("sub", "PUT", "/cloud/users/jonas", &change).await;
    }
    assert!(service.signs_in("mira", &password("mira")).await);
    service.done("sub", "POST", "/cloud/users/sub/groups", &json!({"groupid": "staff"})).await;
    for (key, value) in [("quota", "1 GB"), ("manager", "jonas")] {
        let change = json!({"key": key, "value": value});
        service.refused("sub", "PUT", "/cloud/users/sub", &change, (113, "")).await;
    }
}

/// Threat 15: what waits in other dialects for an e-mail address is nobody's who only says that the address is theirs.
#[rstest]
#[actix_web::test]
async fn threat_15_an_address_counts_once_an_administrator_says_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let email = async |login: &str| service.claims(login).await.email.clone();
    let change = |address: &str| json!({"key": "email", "value": address});
    assert_eq!(email("mira").await.as_deref(), Some("mira@example.org"));
    // One's own, and what it is already.
    service.done("mira", "PUT", "/cloud/users/mira", &change("Mira@example.org")).await;
    assert_eq!(email("mira").await.as_deref(), Some("mira@example.org"));
    for who in ["mira", "sub"] {
        service.done(who, "PUT", "/cloud/users/mira", &change(&format!("by-{who}@example.org"))).await;
        assert_eq!(email("mira").await, None, "{who}");
        service.done(who, "PUT", "/cloud/users/mira", &json!({"key": "displayname", "value": "M"})).await;
        assert_eq!(email("mira").await, None, "{who}");
    }
    service.done("root", "PUT", "/cloud/users/mira", &change("by-sub@example.org")).await;
    assert_eq!(email("mira").await.as_deref(), Some("by-sub@example.org"));
    for (who, expected) in [("sub", None), ("root", Some("new@example.org"))] {
        let body = json!({"userid": "new", "password": password("new"), "email": "new@example.org", "groups": ["staff"]});
        service.send_json(who, "POST", "/cloud/users", &body).await.data();
        assert_eq!(email("new").await.as_deref(), expected, "{who}");
        service.done("root", "DELETE", "/cloud/users/new", &json!({})).await;
    }
}

/// Threat 15: power ends with what gave it: membership, sub-administration, or that the other became an administrator.
#[rstest]
#[actix_web::test]
async fn threat_15_power_ends_with_its_reason(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("left", "removed", "group", "role")] way: &str,
) {
    let service = Service::on(backend).await;
    let (path, change) = ("/cloud/users/jonas", json!({"key": "password", "value": "set by sub"}));
    service.done("sub", "PUT", path, &change).await;
    match way {
        "left" => {
            service.done("root", "DELETE", "/cloud/users/jonas/groups", &json!({"groupid": "staff"})).await;
        }
        "removed" => {
            service.done("root", "DELETE", "/cloud/users/sub/subadmins", &json!({"groupid": "staff"})).await;
        }
        "group" => {
            service.done("root", "POST", "/cloud/users/jonas/groups", &json!({"groupid": "admin"})).await;
        }
        _ => {
            let account = service.account("jonas").await.unwrap();
            let profile = AccountProfile { roles: vec![Role::GlobalAdmin], ..AccountProfile::from(&account) };
            service.identity.update_account(account.id, profile, &Origin::default()).await.unwrap();
        }
    }
    service.refused("sub", "PUT", path, &change, (998, "")).await;
}
