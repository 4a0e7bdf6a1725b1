//! §2.1, §3.

use auth_claims::roles::Role;
use identity::audit::Origin;
use reqwest::RequestBuilder;
use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, VERSIONS, answer, password};

const NOT_LOGGED_IN: (i64, &str) = (997, "Current user is not logged in");

fn with_header(service: &Service, version: &str, path: &str) -> RequestBuilder {
    service.request(version, "", "GET", path)
}

/// §3.1: login in any case, or e-mail address; the account's password, or an app password.
#[rstest]
#[actix_web::test]
async fn basic_credentials_are_a_name_and_a_secret(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let account = service.account("mira").await.unwrap().id;
    let made = service.identity.create_app_password(account, "script", &Origin::default()).await.unwrap();
    let app_password = made.1.expose().to_owned();
    for version in VERSIONS {
        for (name, secret) in [
            ("mira", password("mira")),
            ("MIRA", password("mira")),
            ("mira@example.org", password("mira")),
            ("mira", app_password.clone()),
            ("mira@example.org", app_password.clone()),
        ] {
            let request = with_header(&service, version, "/cloud/user").basic_auth(name, Some(secret));
            assert_eq!(answer(request).await.data()["id"], "mira", "{version} {name}");
        }
        let bearer = service.bare("GET", &format!("/ocs/{version}.php/cloud/user?format=json"));
        assert_eq!(answer(bearer.bearer_auth(&app_password)).await.data()["id"], "mira");
    }
}

/// §3.2.1: everywhere, before routing and whatever is asked; `format` is honoured.
#[rstest]
#[actix_web::test]
async fn wrong_basic_credentials_fail_everywhere(
    #[values("/cloud/user", "/cloud/capabilities", "/cloud/nowhere", "/cloud/apps")] path: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    service.done("root", "PUT", "/cloud/users/solo/disable", &json!({})).await;
    for version in VERSIONS {
        for (name, secret) in [("mira", "wrong"), ("ghost", "wrong"), ("solo", &password("solo"))] {
            for (format, content_type) in
                [("json", "application/json; charset=utf-8"), ("xml", "text/xml; charset=UTF-8")]
            {
                // Without the header too: this is the first check.
                let request = service.bare("GET", &format!("/ocs/{version}.php{path}?format={format}"));
                let found = answer(request.basic_auth(name, Some(secret))).await;
                assert_eq!(
                    (found.status, found.code(), found.message().as_str()),
                    (401, 997, "Unauthorised")
                );
                assert_eq!(found.header("www-authenticate"), "Basic realm=\"Authorisation Required\"");
                assert_eq!(found.header("content-type"), content_type);
                assert!(!found.body.contains("totalitems"));
            }
        }
        let request = with_header(&service, version, path).header("authorization", "Basic !!!");
        assert_eq!(answer(request).await.message(), "Unauthorised");
        let script = with_header(&service, version, path).header("x-requested-with", "XMLHttpRequest");
        let found = answer(script.basic_auth("mira", Some("wrong"))).await;
        assert_eq!(found.header("www-authenticate"), "DummyBasic realm=\"Authorisation Required\"");
    }
    let wrong_method = service.bare("PATCH", "/ocs/v1.php/cloud/user").basic_auth("mira", Some("wrong"));
    assert_eq!(answer(wrong_method).await.status, 401);
}

/// §3.1, §3.2.2: nothing, halves of credentials, and tokens that are no good.
#[actix_web::test]
async fn nobody_is_not_logged_in() {
    let service = Service::on(Backend::Sqlite).await;
    for header in
        ["", "Basic Og==", "Basic OnA=", "Basic bWlyYTo=", "Bearer x", "Bearer a.b.c", "Bearer ", "Digest x"]
    {
        for version in VERSIONS {
            for path in ["/cloud/user", "/cloud/apps", "/cloud/users", "/cloud/groups/staff"] {
                let found =
                    answer(with_header(&service, version, path).header("authorization", header)).await;
                assert_eq!(
                    (found.status, found.code(), found.message().as_str()),
                    (401, NOT_LOGGED_IN.0, NOT_LOGGED_IN.1),
                    "{header} {path}"
                );
                assert_eq!(found.header("www-authenticate"), "");
            }
        }
        let public = with_header(&service, "v2", "/cloud/capabilities").header("authorization", header);
        assert!(answer(public).await.data()["capabilities"].get("provisioning_api").is_none(), "{header}");
    }
}

/// §3.2: each check comes before the next.
#[actix_web::test]
async fn the_checks_have_an_order() {
    let service = Service::on(Backend::Sqlite).await;
    let without = |who: &str, method: &str, path: &str| {
        let request = service.bare(method, &format!("/ocs/v2.php{path}"));
        if who.is_empty() { request } else { request.basic_auth(who, Some(password(who))) }
    };
    // 2 before 4, 3 before 4, 4 before 6, 6 before 7.
    assert_eq!(answer(without("", "GET", "/cloud/apps?format=json")).await.code(), 997);
    assert_eq!(answer(without("mira", "GET", "/cloud/apps?format=json")).await.code(), 403);
    assert_eq!(answer(without("mira", "GET", "/cloud/users?format=json")).await.status, 412);
    assert_eq!(answer(without("root", "GET", "/cloud/users/ghost?format=json")).await.status, 412);
    service
        .refused(
            "mira",
            "POST",
            "/cloud/users/ghost/groups",
            &json!({}),
            (403, "Logged in account must be at least a sub admin"),
        )
        .await;
    assert_eq!(answer(without("root", "GET", "/cloud/nowhere?format=json")).await.code(), 998);
}

/// §2.1: no envelope on either entry point, whatever the format.
#[actix_web::test]
async fn without_the_header_a_request_may_be_forged() {
    let service = Service::on(Backend::Sqlite).await;
    for version in VERSIONS {
        for (who, method, path) in [
            ("root", "GET", "/cloud/users"),
            ("root", "DELETE", "/cloud/users/mira"),
            ("mira", "GET", "/cloud/user?format=xml"),
            ("", "GET", "/cloud/capabilities"),
        ] {
            let request = service.bare(method, &format!("/ocs/{version}.php{path}"));
            let request = if who.is_empty() { request } else { request.basic_auth(who, Some(password(who))) };
            for request in [request.try_clone().unwrap(), request.header("OCS-APIRequest", "")] {
                let found = answer(request).await;
                assert_eq!((found.status, found.body.as_str()), (412, r#"{"message":"CSRF check failed"}"#));
                assert_eq!(found.header("content-type"), "application/json; charset=utf-8");
            }
        }
        let other = service.bare("GET", &format!("/ocs/{version}.php/cloud/user?format=json"));
        let other = other.header("ocs-apirequest", "1").basic_auth("mira", Some(password("mira")));
        assert_eq!(answer(other).await.status, 200);
    }
    assert!(service.account("mira").await.is_some());
}

/// §3.3: the words for each kind of operation.
#[rstest]
#[actix_web::test]
async fn roles_are_told_by_their_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let apps = (403, "Logged in account must be an admin");
    let people = (
        403,
        "Logged in account must be an admin, a sub admin or gotten special right to access this setting",
    );
    let setting =
        (403, "Logged in account must be an administrator or have authorization to edit this setting.");
    let sub_admins = (403, "Logged in account must be at least a sub admin");
    // Sub-administrators get 403 on all operations of the seed.
    for who in ["mira", "sub"] {
        for (method, path, refusal) in [
            ("GET", "/cloud/apps", apps),
            ("GET", "/cloud/apps/rooms", apps),
            ("POST", "/cloud/apps/rooms", apps),
            ("DELETE", "/cloud/apps/rooms", apps),
            ("GET", "/cloud/groups/staff/subadmins", people),
            ("POST", "/cloud/groups", people),
            ("PUT", "/cloud/groups/staff", people),
            ("DELETE", "/cloud/groups/staff", people),
            ("GET", "/cloud/users/recent", people),
            ("GET", "/cloud/users/mira/subadmins", people),
            ("POST", "/cloud/users/mira/subadmins", people),
            ("DELETE", "/cloud/users/mira/subadmins", people),
            ("GET", "/apps/provisioning_api/api/v1/config/apps", apps),
            ("GET", "/apps/provisioning_api/api/v1/config/apps/core", apps),
            ("GET", "/apps/provisioning_api/api/v1/config/apps/core/x", apps),
            ("DELETE", "/apps/provisioning_api/api/v1/config/apps/core/x", apps),
            ("POST", "/apps/provisioning_api/api/v1/config/apps/core/x", setting),
        ] {
            service.refused(who, method, path, &json!({}), refusal).await;
        }
    }
    for (method, path) in [
        ("GET", "/cloud/users"),
        ("GET", "/cloud/users/details"),
        ("GET", "/cloud/users/disabled"),
        ("POST", "/cloud/users"),
        ("PUT", "/cloud/users/jonas/enable"),
        ("DELETE", "/cloud/users/jonas"),
    ] {
        service.refused("mira", method, path, &json!({}), sub_admins).await;
    }
    // By the role too, in whichever group.
    let chief = service.account("chief").await.unwrap();
    assert!(chief.roles.contains(&Role::GlobalAdmin) && !chief.groups.contains(&"admin".to_owned()));
    service.get("chief", "/cloud/apps").await;
}

/// §1.6, threat 10: too many wrong secrets, and nobody is asked any more.
#[actix_web::test]
async fn too_many_wrong_secrets_are_429() {
    let service = Service::on(Backend::Sqlite).await;
    let wrong = |version: &'static str| {
        answer(with_header(&service, version, "/cloud/user").basic_auth("mira", Some("wrong")))
    };
    for _ in 0..200 {
        if wrong("v2").await.status != 401 {
            break;
        }
    }
    let (v1, v2) = (wrong("v1").await, wrong("v2").await);
    assert_eq!((v1.status, v1.code(), v2.status, v2.code()), (200, 429, 429, 429), "{v1:?} {v2:?}");
    assert!(v2.header("retry-after").parse::<u64>().unwrap() > 0);
}
