//! §7.8–§7.10.

use identity::audit::Origin;
use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, Service, answer, password};

/// §7.8: whom a disabled account was is out at once, everywhere.
#[rstest]
#[actix_web::test]
async fn a_disabled_account_is_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.get("mira", "/cloud/user").await;
    for _ in 0..2 {
        service.done("sub", "PUT", "/cloud/users/mira/disable", &json!({})).await;
        service.refused("mira", "GET", "/cloud/user", &json!({}), (997, "Unauthorised")).await;
    }
    assert!(!service.signs_in("mira", &password("mira")).await);
    assert_eq!(service.get("sub", "/cloud/users/mira").await["enabled"], false);
    service.done("sub", "PUT", "/cloud/users/mira/enable", &json!({})).await;
    // What was remembered of the disabling goes with the feed.
    service.until(async || service.send("mira", "GET", "/cloud/user").await.status == 200).await;
}

/// §7.8, §7.9: the codes for nobody, for oneself, and for whom the caller has no power over.
#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let level = (403, "Logged in account must be at least a sub admin");
    for (method, action, unknown) in
        [("PUT", "/enable", 101), ("PUT", "/disable", 101), ("DELETE", "", 998), ("POST", "/wipe", 998)]
    {
        for (who, target, refusal) in [
            ("root", "ghost", (unknown, "")),
            ("sub", "ghost", (unknown, "")),
            ("root", "ROOT", (101, "")),
            ("sub", "sub", (101, "")),
            ("sub", "Ola", (998, "")),
            ("sub", "boss", (998, "")),
            ("sub", "chief", (998, "")),
            ("mira", "mira", level),
            ("mira", "ghost", level),
        ] {
            service
                .refused(who, method, &format!("/cloud/users/{target}{action}"), &json!({}), refusal)
                .await;
        }
    }
    for who in ["mira", "sub", "boss", "chief", "Ola", "root"] {
        assert!(service.account(who).await.unwrap().enabled, "{who}");
    }
}

/// §7.9: nothing is left, and the audit trail says so.
#[rstest]
#[actix_web::test]
async fn a_removed_account_is_gone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.done("root", "POST", "/cloud/users/mira/subadmins", &json!({"groupid": "remote"})).await;
    let request = service.request("v2", "mira", "GET", "/cloud/user");
    answer(request.try_clone().unwrap()).await.data();
    let id = service.account("mira").await.unwrap().id.to_string();
    service.done("sub", "DELETE", "/cloud/users/mira", &json!({})).await;
    assert_eq!(answer(request).await.message(), "Unauthorised");
    service.refused("root", "GET", "/cloud/users/mira", &json!({}), (404, "User does not exist")).await;
    assert_eq!(service.get("root", "/cloud/groups/atelier").await, json!({"users": ["boss", "chief"]}));
    assert_eq!(service.get("root", "/cloud/groups/remote/subadmins").await, json!([]));
    let events = service.audited("account.delete").await;
    let sub = service.account("sub").await.unwrap().id.to_string();
    assert_eq!(
        (events[0].target.as_deref(), events[0].origin.actor.as_deref()),
        (Some(id.as_str()), Some(sub.as_str()))
    );
    // The name is free, and its new owner is somebody else.
    let body = json!({"userid": "mira", "password": "another password"});
    service.send_json("root", "POST", "/cloud/users", &body).await.data();
    assert_ne!(service.account("mira").await.unwrap().id.to_string(), id);
}

/// §7.9: signed out everywhere, app passwords included; the account stays.
#[rstest]
#[actix_web::test]
async fn a_wiped_account_has_no_tokens_left(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let id = service.account("mira").await.unwrap().id;
    let secret = service.identity.create_app_password(id, "script", &Origin::default()).await.unwrap().1;
    let request = service.request("v2", "", "GET", "/cloud/user").basic_auth("mira", Some(secret.expose()));
    answer(request.try_clone().unwrap()).await.data();
    service.done("root", "POST", "/cloud/users/mira/wipe", &json!({})).await;
    service.until(async || answer(request.try_clone().unwrap()).await.status == 401).await;
    assert_eq!(service.audited("account.wipe").await[0].target, Some(id.to_string()));
    assert!(service.signs_in("mira", &password("mira")).await);
}

/// §7.10: there is no mail server.
#[actix_web::test]
async fn no_welcome_is_sent() {
    let service = Service::on(Backend::Sqlite).await;
    let path = "/cloud/users/mira/welcome";
    service.refused("sub", "POST", path, &json!({}), (102, "Sending email failed")).await;
    service.done("root", "PUT", "/cloud/users/mira", &json!({"key": "email", "value": ""})).await;
    service.refused("sub", "POST", path, &json!({}), (101, "Email address not available")).await;
    service.refused("sub", "POST", "/cloud/users/Ola/welcome", &json!({}), (998, "")).await;
    service.refused("root", "POST", "/cloud/users/ghost/welcome", &json!({}), (998, "")).await;
    service
        .refused("mira", "POST", path, &json!({}), (403, "Logged in account must be at least a sub admin"))
        .await;
}

/// Of two administrators who put each other out at the same time, one stays.
#[rstest]
#[actix_web::test]
async fn administrators_do_not_put_each_other_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(("PUT", "/disable"), ("DELETE", ""))] (method, way): (&str, &str),
) {
    let service = Service::on(backend).await;
    for who in ["boss", "chief"] {
        service.get(who, "/cloud/user").await;
    }
    let out = async |who: &'static str, whom: &str| {
        let path = format!("/cloud/users/{whom}{way}");
        service.send(who, method, &path).await.status
    };
    let (one, other) = futures_util::join!(out("boss", "chief"), out("chief", "boss"));
    assert!((one == 200) != (other == 200), "{one} {other}");
}
