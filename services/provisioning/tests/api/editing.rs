//! §7.5.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, answer, password};

const SERVER: (i64, &str) = (996, "Internal Server Error\n");

fn change(key: &str, value: &str) -> Value {
    json!({"key": key, "value": value})
}

async fn shown(service: &Service, id: &str) -> Value {
    service.get("root", &format!("/cloud/users/{id}")).await
}

/// Every key with a value, as it is shown afterwards.
#[rstest]
#[actix_web::test]
async fn every_key_can_be_changed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for (key, value, field, expected) in [
        ("displayname", " Mira Osei ", "display-name", json!("Mira Osei")),
        ("display", "Mira", "displayname", json!("Mira")),
        ("display", " ", "displayname", json!("Mira")),
        ("email", "Osei@Example.ORG", "email", json!("osei@example.org")),
        ("additional_mail", "One@example.org", "additional_mail", json!(["one@example.org"])),
        (
            "additional_mail",
            "two@example.org",
            "additional_mail",
            json!(["one@example.org", "two@example.org"]),
        ),
        ("notify_email", "osei@example.org", "notify_email", json!("osei@example.org")),
        ("notify_email", "two@example.org", "notify_email", json!("two@example.org")),
        ("notify_email", "", "notify_email", Value::Null),
        ("quota", "12MB", "quota", json!({"quota": 12_582_912, "used": 0})),
        ("quota", "3042824", "quota", json!({"quota": 3_040_870, "used": 0})),
        ("quota", "none", "quota", json!({"quota": "none", "used": 0})),
        ("quota", "default", "quota", json!({"quota": "none", "used": 0})),
        ("language", "de", "language", json!("de")),
        ("locale", "de_AT", "locale", json!("de_AT")),
        ("manager", "jonas", "manager", json!("jonas")),
        ("manager", "", "manager", json!("")),
        ("phone", "+49 711 / 25 24 28-90", "phone", json!("+4971125242890")),
        ("phone", "", "phone", json!("")),
        ("website", "https://example.org/~mira", "website", json!("https://example.org/~mira")),
        ("twitter", "@mira_osei", "twitter", json!("mira_osei")),
        ("fediverse", "@mira@example.org", "fediverse", json!("mira@example.org")),
        ("address", "Line\n2", "address", json!("Line\n2")),
        ("organisation", "Atelier", "organisation", json!("Atelier")),
        ("role", "Maker", "role", json!("Maker")),
        ("headline", "Hello", "headline", json!("Hello")),
        ("biography", "<script>", "biography", json!("<script>")),
        ("profile_enabled", "0", "profile_enabled", json!("0")),
        ("email", "", "email", Value::Null),
    ] {
        service.done("root", "PUT", "/cloud/users/mira", &change(key, value)).await;
        assert_eq!(shown(&service, "mira").await[field], expected, "{key}={value}");
    }
}

/// What its owner may say, and what not; scopes are the owner's alone.
#[rstest]
#[actix_web::test]
async fn keys_depend_on_who_changes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let forbidden = (113, "");
    for (who, target, key, value) in [
        ("mira", "mira", "quota", "1 GB"),
        ("mira", "mira", "manager", "jonas"),
        ("sub", "sub", "quota", "1 GB"),
        ("root", "mira", "phoneScope", "v2-private"),
        ("sub", "mira", "emailScope", "v2-local"),
        ("mira", "mira", "avatar", "x"),
        ("mira", "mira", "groups", "admin"),
        ("mira", "mira", "enabled", "1"),
        ("root", "mira", "id", "other"),
        ("root", "mira", "quotaScope", "v2-local"),
        ("root", "root", "Scope", "v2-local"),
        ("root", "mira", "", ""),
    ] {
        service.refused(who, "PUT", &format!("/cloud/users/{target}"), &change(key, value), forbidden).await;
    }
    for (who, target, key, value) in [
        ("root", "root", "quota", "1 GB"),
        ("root", "root", "phoneScope", "v2-private"),
        ("sub", "mira", "quota", "1 GB"),
        ("sub", "mira", "manager", "jonas"),
        ("sub", "jonas", "email", "j@example.org"),
        ("mira", "mira", "headlineScope", "public"),
        ("mira", "mira", "avatarScope", "v2-private"),
        ("mira", "mira", "profile_enabledScope", "contacts"),
        ("chief", "boss", "displayname", "Boss"),
    ] {
        service.done(who, "PUT", &format!("/cloud/users/{target}"), &change(key, value)).await;
    }
    let own = service.get("mira", "/cloud/user").await;
    let scopes =
        ["headlineScope", "avatarScope", "profile_enabledScope", "emailScope"].map(|key| own[key].clone());
    assert_eq!(
        scopes,
        ["v2-published", "v2-private", "v2-federated", "v2-federated"].map(|scope| json!(scope))
    );
    // A sub-administrator sees only managers that it reaches.
    assert_eq!(service.get("sub", "/cloud/users/mira").await["manager"], "jonas");
}

#[rstest]
#[actix_web::test]
async fn each_refusal_has_its_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.done("root", "PUT", "/cloud/users/mira", &change("additional_mail", "one@example.org")).await;
    let long = "x".repeat(2049);
    for (key, value, refusal) in [
        ("displayname", "x".repeat(65).as_str(), (101, "Invalid displayname")),
        ("displayname", "a\u{1}b", (101, "Invalid displayname")),
        ("email", "nobody", (101, "")),
        ("email", "jonas@example.org", (101, "")),
        ("additional_mail", "mira@example.org", (101, "")),
        ("additional_mail", "ONE@example.org", (101, "")),
        ("additional_mail", "", (101, "")),
        ("notify_email", "other@example.org", (101, "")),
        ("notify_email", "x", (101, "")),
        ("password", "p".repeat(470).as_str(), (101, "Invalid password value")),
        ("password", "", (101, "Invalid password value")),
        ("quota", "much", (101, "Invalid quota value: much")),
        ("quota", "-1", (101, "Invalid quota value: -1")),
        ("language", "xx", (101, "Invalid language")),
        ("locale", "xx_XX", (101, "Invalid locale")),
        ("phone", "0711 252428", (101, "Invalid phone")),
        ("website", "example.org", (101, "Invalid website")),
        ("website", "javascript:alert(1)", (101, "Invalid website")),
        ("twitter", "x", (101, "Invalid twitter")),
        ("fediverse", "mira", (101, "Invalid fediverse")),
        ("biography", long.as_str(), (101, "Invalid biography")),
        ("profile_enabled", "maybe", (101, "Invalid profile_enabled")),
    ] {
        service.refused("root", "PUT", "/cloud/users/mira", &change(key, value), refusal).await;
    }
    for (key, value) in [
        ("emailScope", "v2-private"),
        ("displaynameScope", "v2-private"),
        ("phoneScope", "everybody"),
        ("phoneScope", ""),
    ] {
        service.refused("mira", "PUT", "/cloud/users/mira", &change(key, value), (101, "")).await;
    }
    for (body, refusal) in [
        (json!({"key": "displayname"}), SERVER),
        (json!({"value": "x"}), SERVER),
        (json!({"key": ["displayname"], "value": "x"}), SERVER),
        (json!({"key": "displayname", "value": ["x"]}), SERVER),
        (json!({"key": "displayname", "value": null}), SERVER),
    ] {
        service.refused("root", "PUT", "/cloud/users/mira", &body, refusal).await;
    }
    for (who, id) in
        [("root", "ghost"), ("sub", "Ola"), ("sub", "boss"), ("jonas", "mira"), ("solo", "ghost")]
    {
        service
            .refused(who, "PUT", &format!("/cloud/users/{id}"), &change("displayname", "x"), (998, ""))
            .await;
        service.refused(who, "PUT", &format!("/cloud/users/{id}"), &change("nothing", "x"), (998, "")).await;
    }
    let (found, before) = (shown(&service, "mira").await, json!("mira"));
    assert_eq!((&found["displayname"], &found["email"]), (&before, &json!("mira@example.org")));
}

/// Quotas by the settings.
#[actix_web::test]
async fn quotas_may_be_bounded() {
    let settings = json!({"accounts": {"unlimited_quota": false, "largest_quota": 1_048_576}});
    let service = Service::with(Backend::Sqlite, settings).await;
    let too_large = (101, "Invalid quota value. 2 MB is exceeding the maximum quota");
    service.refused("root", "PUT", "/cloud/users/mira", &change("quota", "2 MB"), too_large).await;
    let unlimited = (101, "Unlimited quota is forbidden on this instance");
    service.refused("root", "PUT", "/cloud/users/mira", &change("quota", "none"), unlimited).await;
    service.done("root", "PUT", "/cloud/users/mira", &change("quota", "1 MB")).await;
}

/// A password changes, and with it everything that was signed in by the old one.
#[rstest]
#[actix_web::test]
async fn a_password_is_set_by_who_may(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let old = service.request("v2", "mira", "GET", "/cloud/user");
    answer(old.try_clone().unwrap()).await.data();
    service.done("sub", "PUT", "/cloud/users/mira", &change("password", "set by sub, once")).await;
    assert!(
        service.signs_in("mira", "set by sub, once").await
            && !service.signs_in("mira", &password("mira")).await
    );
    service.until(async || answer(old.try_clone().unwrap()).await.status == 401).await;
    // A token of the second of the change would be taken for an older one.
    service.advance(1);
    let own =
        service.request("v2", "", "PUT", "/cloud/users/mira").basic_auth("mira", Some("set by sub, once"));
    answer(own.json(&change("password", "set by mira, twice"))).await.data();
    assert!(service.signs_in("mira", "set by mira, twice").await);
}

/// §7.5: fifty changes in ten minutes for each caller.
#[actix_web::test]
async fn changes_are_counted() {
    let service = Service::with(Backend::Sqlite, json!({})).await;
    for number in 0..50 {
        service.done("mira", "PUT", "/cloud/users/mira", &change("headline", &number.to_string())).await;
    }
    let (path, body) = ("/cloud/users/mira", change("headline", "x"));
    service.refused("mira", "PUT", path, &body, (429, "Too many requests")).await;
    let found = answer(service.request("v2", "mira", "PUT", path).json(&body)).await;
    assert!((1..=600).contains(&found.header("retry-after").parse().unwrap()), "{found:?}");
    service.done("root", "PUT", path, &body).await;
    service.advance(601);
    service.done("mira", "PUT", path, &body).await;
}

/// Two changes of one account at the same time are both there afterwards.
#[rstest]
#[actix_web::test]
async fn changes_at_the_same_time_are_all_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let keys = ["address", "organisation", "role", "headline", "biography", "displayname"];
    let sent = keys.map(|key| {
        answer(service.request("v2", "root", "PUT", "/cloud/users/mira").json(&change(key, "changed")))
    });
    for found in futures_util::future::join_all(sent).await {
        found.data();
    }
    let shown = shown(&service, "mira").await;
    for key in keys {
        assert_eq!(shown[key], "changed", "{key}");
    }
}
