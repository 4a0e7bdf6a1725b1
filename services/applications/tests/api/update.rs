//! §7.2: applications are changed.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, full_config, path};

/// §7.2 rules 2 and 3: a given version has to be the current one; every change adds one.
#[rstest]
#[actix_web::test]
async fn versions_count_changes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    service.advance(60);
    let body = |version: Value| json!({"type": "TEST", "config": {}, "version": version});
    service.put("ADMIN@helios", "a", &body(json!(0))).await.expect_nothing(204);
    service.advance(-60);
    for stale in [json!(0), json!(2), json!(-1), json!(i64::MAX)] {
        let refused = service.put("ADMIN@helios", "a", &body(stale)).await;
        refused.expect_boot(409, "Conflict", "Application version does not match", &path("a"));
    }
    let seen = service.get("ADMIN@helios", &path("a")).await.json();
    assert_eq!((&seen["version"], &seen["modifiedAt"]), (&json!(1), &json!("2027-01-15T08:01:00Z")));
    assert_eq!(seen["createdAt"], "2027-01-15T08:00:00Z");
    for (sent, version) in [(Value::Null, 2), (json!(2), 3)] {
        service.put("ADMIN@helios", "a", &body(sent)).await.expect_nothing(204);
        let seen = service.get("ADMIN@helios", &path("a")).await.json();
        assert_eq!(seen["version"], version);
    }
}

/// §7.2 rules 5 and 6, §4.3: what is replaced, and what stays.
#[rstest]
#[actix_web::test]
async fn a_configuration_is_replaced_except_for_what_is_hidden(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let needed = json!({"organizationId": "g", "pcEnvironment": "e"});
    let with = |more: Value| {
        let mut config = needed.clone();
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let steps = [
        // SERVICE sees only its section: what it does not send of the others is kept.
        (
            "SERVICE",
            json!({"x": 1}),
            json!({"x": 1, "agentParameters": {"queueName": "Video desk"},
            "customerParameters": {"locale": "el-GR"}}),
        ),
        (
            "SERVICE",
            json!({"serviceParameters": null, "agentParameters": [1]}),
            json!({"serviceParameters": null,
            "agentParameters": [1], "customerParameters": {"locale": "el-GR"}}),
        ),
        (
            "AGENT@helios+edit",
            json!({}),
            json!({"serviceParameters": null, "customerParameters": {"locale": "el-GR"}}),
        ),
        (
            "AGENT@helios+edit",
            json!({"customerParameters": null, "serviceParameters": {}}),
            json!({"serviceParameters": {}}),
        ),
        ("@helios+edit+view", json!({"customerParameters": null}), json!({"customerParameters": null})),
    ];
    for (who, sent, expected) in steps {
        let body = json!({"type": "GENESYS", "config": with(sent.clone())});
        service.put(who, "a", &body).await.expect_nothing(204);
        let seen = service.get("GLOBAL_ADMIN", &path("a")).await.json();
        assert_eq!(seen["config"], with(expected), "{who} {sent}");
    }
}

/// The type is switched by somebody who may, and who sees everything afterwards: nothing comes to light.
#[rstest]
#[actix_web::test]
async fn switching_the_type_brings_nothing_to_light(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let body = json!({"type": "TEST", "config": {"agentParameters": 1}});
    service.put("ADMIN@helios", "a", &body).await.expect_forbidden();
    service.put("ADMIN@helios+edit", "a", &body).await.expect_nothing(204);
    let seen = service.get("ADMIN@helios+edit", &path("a")).await.json();
    assert_eq!((&seen["type"], &seen["config"]), (&json!("TEST"), &json!({"agentParameters": 1})));
    assert!(!service.get("GLOBAL_ADMIN", &path("a")).await.body.contains("s3rv1ce-only"));
    // And back: the permission is asked for the requested type, too.
    let body = json!({"type": "GENESYS", "config": full_config()});
    service.put("ADMIN@helios+add+delete+view", "a", &body).await.expect_forbidden();
    service.put("AGENT@helios+edit", "a", &body).await.expect_forbidden();
    service.put("ADMIN@helios+edit", "a", &body).await.expect_nothing(204);
}

/// §7.2 rule 7, §4.3: only internal callers move an application; `id` and what no command holds is ignored.
#[rstest]
#[actix_web::test]
async fn only_internal_callers_move_an_application(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    service.operate("a", |application| application.visible = false).await;
    let body = json!({
        "type": "TEST", "config": {}, "organizationId": "org-selene", "id": ["b"], "visible": true,
        "expiresAt": "2020-01-01T00:00:00Z", "anonymousRegistrationEnabled": true, "createdAt": {},
    });
    service.put("ADMIN@helios", "a", &body).await.expect_nothing(204);
    let seen = service.get("ADMIN@helios", &path("a")).await.expect(200).json();
    assert_eq!(seen["organizationId"], "org-helios");
    assert_eq!((&seen["visible"], &seen["expiresAt"]), (&json!(false), &Value::Null));
    assert_eq!(seen["anonymousRegistrationEnabled"], false);
    service.registry.told();
    service.put("SERVICE", "a", &body).await.expect_nothing(204);
    assert_eq!(service.registry.told(), ["put a of org-selene"]);
    service.get("ADMIN@helios", &path("a")).await.expect_unknown(&path("a"));
    service.get("ADMIN@selene", &path("a")).await.expect(200);
    let blank = json!({"type": "TEST", "config": {}, "organizationId": ""});
    let message = "organizationId must be 1 to 255 characters and not blank";
    service.put("SERVICE", "a", &blank).await.expect_boot(400, "Bad Request", message, &path("a"));
}

/// §7.2 rule 1.
#[rstest]
#[actix_web::test]
async fn a_change_creates_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let body = json!({"type": "TEST", "config": {}, "organizationId": "org-helios"});
    for id in ["a", "organizations", "%00", "a%2Fb"] {
        service.put("GLOBAL_ADMIN", id, &body).await.expect_unknown(&path(id));
    }
    assert_eq!(service.registry.told(), [""; 0]);
}

/// §7.2: the order of the checks. Each request is wrong in every later respect as well.
#[rstest]
#[actix_web::test]
async fn checks_come_in_the_order_of_the_contract(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let missing = service.put("ADMIN@selene", "a", &json!({"config": {}, "version": 9})).await;
    missing.expect_boot(400, "Bad Request", "type is required", &path("a"));
    let wrong = json!({"type": "GENESYS", "config": {}, "version": 9});
    service.put("ADMIN@selene", "a", &wrong).await.expect_unknown(&path("a"));
    service.put("ADMIN@helios", "a", &wrong).await.expect_forbidden();
    let content = service.put("ADMIN@helios+edit", "a", &wrong).await;
    let message = "config.organizationId is required for type GENESYS";
    content.expect_boot(400, "Bad Request", message, &path("a"));
    let stale = json!({"type": "GENESYS", "config": full_config(), "version": 9});
    let stale = service.put("ADMIN@helios+edit", "a", &stale).await;
    stale.expect_boot(409, "Conflict", "Application version does not match", &path("a"));
}

/// §7.2 rule 4: of many with one version one is made, and none is lost of those without.
#[rstest]
#[actix_web::test]
async fn of_many_changes_with_one_version_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let token = service.token("ADMIN@helios");
    let all = async |version: Value| {
        let calls = (0..50).map(|number| {
            let body = json!({"type": "TEST", "config": {"n": number}, "version": version, "disabled": number % 2 == 0});
            let request = service.request("PUT", &path("a")).bearer_auth(&token).json(&body);
            async move { request.send().await.unwrap().status().as_u16() }
        });
        let mut statuses = futures_util::future::join_all(calls).await;
        statuses.sort_unstable();
        statuses
    };
    assert_eq!(all(json!(0)).await, [&[204][..], &[409; 49]].concat());
    assert_eq!(all(Value::Null).await, [204; 50]);
    assert_eq!(service.get("ADMIN@helios", &path("a")).await.json()["version"], 51);
}
