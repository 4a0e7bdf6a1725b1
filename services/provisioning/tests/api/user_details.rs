//! §4.1, §4.2, §7.4, §7.7.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service};

const SCOPES: [&str; 14] = [
    "avatarScope",
    "emailScope",
    "additional_mailScope",
    "displaynameScope",
    "phoneScope",
    "addressScope",
    "websiteScope",
    "twitterScope",
    "fediverseScope",
    "organisationScope",
    "roleScope",
    "headlineScope",
    "biographyScope",
    "profile_enabledScope",
];

fn has_scopes(shown: &Value) -> bool {
    let found = SCOPES.iter().filter(|name| shown.get(**name).is_some()).count();
    assert!(found == 0 || found == SCOPES.len(), "{shown}");
    found > 0
}

/// §4.1: what an administrator sees of somebody else, key by key and in order.
#[rstest]
#[actix_web::test]
async fn an_administrator_sees_everything(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let shown = service.send("root", "GET", "/cloud/users/mira").await;
    let expected = concat!(
        r#""data":{"enabled":true,"storageLocation":"/data/mira","id":"mira","lastLogin":0,"backend":"Database","#,
        r#""subadmin":[],"quota":{"quota":"none","used":0},"manager":"","email":"mira@example.org","additional_mail":[],"#,
        r#""displayname":"mira","display-name":"mira","phone":"","address":"","website":"","twitter":"","fediverse":"","#,
        r#""organisation":"","role":"","headline":"","biography":"","profile_enabled":"1","groups":["atelier","staff"],"#,
        r#""language":"en","locale":"","notify_email":null,"backendCapabilities":{"setDisplayName":true,"setPassword":true}}}}"#
    );
    assert!(shown.body.ends_with(expected), "{}", shown.body);
}

/// §4.1: the columns "visible to".
#[rstest]
#[actix_web::test]
async fn who_looks_decides_what_is_seen(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.done("root", "PUT", "/cloud/users/mira", &json!({"key": "manager", "value": "jonas"})).await;
    service.done("root", "PUT", "/cloud/users/jonas", &json!({"key": "manager", "value": "boss"})).await;
    for (who, path, has_storage, scopes, manager) in [
        ("root", "/cloud/users/mira", true, false, "jonas"),
        ("sub", "/cloud/users/mira", false, false, "jonas"),
        ("root", "/cloud/users/jonas", true, false, "boss"),
        ("sub", "/cloud/users/jonas", false, false, ""),
        ("mira", "/cloud/users/mira", false, true, ""),
        ("mira", "/cloud/users/MIRA", false, false, ""),
        ("mira", "/cloud/user", false, true, ""),
        ("root", "/cloud/user", true, true, ""),
        ("root", "/cloud/users/root", true, true, ""),
        ("Ola", "/cloud/users/Ola", false, true, ""),
        ("ola", "/cloud/users/ola", false, false, ""),
    ] {
        let shown = service.get(who, path).await;
        assert_eq!(shown["enabled"], true, "{who} {path}");
        assert_eq!(shown.get("storageLocation").is_some(), has_storage, "{who} {path}");
        assert_eq!(has_scopes(&shown), scopes, "{who} {path}");
        assert_eq!(shown["manager"], manager, "{who} {path}");
    }
    assert_eq!(service.get("OLA", "/cloud/user").await["id"], "Ola");
}

/// §7.4: 404 for nobody, 998 for whom the caller may not see.
#[rstest]
#[actix_web::test]
async fn somebody_is_unknown_or_invisible(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for who in ["root", "sub", "solo"] {
        for id in ["ghost", "a%00b", "%ff", "%27%20OR%201=1", "recentx"] {
            let path = format!("/cloud/users/{id}");
            service.refused(who, "GET", &path, &json!({}), (404, "User does not exist")).await;
        }
    }
    for (who, target) in [
        ("solo", "mira"),
        ("mira", "jonas"),
        ("sub", "Ola"),
        ("sub", "boss"),
        ("sub", "chief"),
        ("sub", "root"),
    ] {
        service.refused(who, "GET", &format!("/cloud/users/{target}"), &json!({}), (998, "")).await;
        service.refused(who, "GET", &format!("/cloud/user/fields/{target}"), &json!({}), (998, "")).await;
    }
    service.refused("root", "GET", "/cloud/user/fields/ghost", &json!({}), (998, "")).await;
}

/// §7.7.
#[actix_web::test]
async fn fields_are_a_bare_list() {
    let service = Service::on(Backend::Sqlite).await;
    let fields = json!([
        "displayname",
        "email",
        "additional_mail",
        "phone",
        "address",
        "website",
        "twitter",
        "fediverse",
        "organisation",
        "role",
        "headline",
        "biography",
        "profile_enabled"
    ]);
    for (who, path) in [
        ("solo", "/cloud/user/fields"),
        ("root", "/cloud/user/fields/mira"),
        ("sub", "/cloud/user/fields/mira"),
        ("mira", "/cloud/user/fields/mira"),
    ] {
        assert_eq!(service.get(who, path).await, fields, "{who} {path}");
    }
}

/// §4.1: `lastLogin` in milliseconds, once somebody has signed in.
#[rstest]
#[actix_web::test]
async fn the_last_sign_in_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.get("mira", "/cloud/user").await;
    service.until(async || service.get("root", "/cloud/users/mira").await["lastLogin"] != 0).await;
    let shown = service.get("root", "/cloud/users/mira").await;
    assert_eq!(shown["lastLogin"], 1_800_000_000_000_i64);
    assert_eq!(service.get("root", "/cloud/users/jonas").await["lastLogin"], 0);
}
