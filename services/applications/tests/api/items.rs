//! §7.1, §7.3, §6: one application is looked at, and deleted.

use rstest::rstest;
use serde_json::json;

use crate::support::{APPLICATIONS, Answer, Backend, Service, full_config, path};

/// §6: the contract's own example, as each caller sees it.
#[rstest]
#[case::global_admin("GLOBAL_ADMIN", "GENESYS", "SAC")]
#[case::view("@helios+view", "GENESYS", "SAC")]
#[case::admin_elsewhere("ADMIN@helios", "TEST", "SAC")]
#[case::admin("ADMIN@helios", "GENESYS", "A")]
#[case::supervisor("SUPERVISOR@helios", "GENESYS", "A")]
#[case::agent("AGENT@helios", "GENESYS", "A")]
#[case::customer("CUSTOMER@helios", "GENESYS", "C")]
#[case::service("SERVICE", "GENESYS", "S")]
#[case::client("CLIENT_SERVICE@helios", "GENESYS", "S")]
#[case::several("CLIENT_SERVICE,AGENT@helios", "GENESYS", "SA")]
#[case::service_of_another("SERVICE,ADMIN@selene+view", "TEST", "S")]
#[case::member("@helios", "GENESYS", "")]
#[actix_web::test]
async fn everybody_sees_their_sections(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] who: &str,
    #[case] kind: &str,
    #[case] sections: &str,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", kind, &full_config()).await;
    let mut expected = full_config();
    for (letter, key) in [("S", "serviceParameters"), ("A", "agentParameters"), ("C", "customerParameters")] {
        if !sections.contains(letter) {
            expected.as_object_mut().unwrap().remove(key);
        }
    }
    let seen = service.get(who, &path("a")).await.expect(200).json();
    assert_eq!(seen["config"], expected);
    // §6 rule 2: in both lists, too.
    let listed = service.get(who, APPLICATIONS).await.expect(200).json();
    assert_eq!(listed["content"], json!([seen]));
    let of = service.get(who, &format!("{APPLICATIONS}/organizations/org-helios")).await;
    let internal = who == "GLOBAL_ADMIN" || who.starts_with("SERVICE");
    assert_eq!(of.status, if internal { 200 } else { 403 });
    assert!(!internal || of.json()["content"] == listed["content"]);
}

/// §4.1: every key is there, and dates are in UTC with `Z`.
#[rstest]
#[actix_web::test]
async fn every_key_is_present(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let seen = service.get("CUSTOMER@helios", &path("a")).await.expect(200);
    let expected = json!({
        "version": 0, "id": "a", "organizationId": "org-helios", "type": "TEST", "config": {},
        "createdAt": "2027-01-15T08:00:00Z", "modifiedAt": "2027-01-15T08:00:00Z", "visible": true,
        "disabled": false, "expiresAt": null, "anonymousRegistrationEnabled": false,
    });
    assert_eq!(seen.json(), expected);
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.header("cache-control"), "no-store");
    let head = service.send("CUSTOMER@helios", "HEAD", &path("a")).await;
    head.expect_nothing(200);
    assert_eq!(head.header("content-length"), seen.body.len().to_string());
}

/// §7: `visible`, `disabled` and `expiresAt` hide nothing from whoever knows the id.
#[rstest]
#[actix_web::test]
async fn nothing_hides_an_application_from_its_id(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    service
        .operate("a", |application| {
            application.visible = false;
            application.disabled = true;
            application.expires_at = Some(application.created_at);
            application.anonymous_registration_enabled = true;
        })
        .await;
    let seen = service.get("CUSTOMER@helios", &path("a")).await.expect(200).json();
    assert_eq!((&seen["visible"], &seen["disabled"]), (&json!(false), &json!(true)));
    assert_eq!(seen["expiresAt"], "2027-01-15T08:00:00Z");
    assert_eq!(seen["anonymousRegistrationEnabled"], true);
    assert_eq!(seen["version"], 0, "the operator's changes do not come through the API");
}

/// §1: what the path names, decoded once; what can be no id is the id of nothing.
#[rstest]
#[case::encoded("%61", 200)]
#[case::reserved("organizations", 404)]
#[case::encoded_reserved("%6frganizations", 404)]
#[case::encoded_twice("%2561", 404)]
#[case::slash("a%2Fb", 404)]
#[case::nul("a%00", 404)]
#[case::not_utf_8("%ff", 404)]
#[case::malformed("%zz", 404)]
#[case::case_matters("A", 404)]
#[case::long(&"a".repeat(3000), 404)]
#[actix_web::test]
async fn a_path_names_one_id(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] id: &str,
    #[case] status: u16,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let answer = service.get("GLOBAL_ADMIN", &path(id)).await;
    if status == 404 { answer.expect_unknown(&path(id)) } else { drop(answer.expect(200)) }
}

/// §7.3.
#[rstest]
#[actix_web::test]
async fn a_deleted_application_is_unknown_and_its_id_is_free(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let delete = |who: &'static str| service.send(who, "DELETE", "/api/applications/a");
    delete("ADMIN@selene+delete").await.expect_unknown(&path("a"));
    delete("ADMIN@helios+edit+add+view").await.expect_forbidden();
    delete("CUSTOMER@helios+delete").await.expect_forbidden();
    let request = service.request_as("AGENT@helios+delete", "DELETE", &path("a"));
    let gone = Answer::read(request.header("accept", "text/html").body("{").send().await.unwrap()).await;
    gone.expect_nothing(204);
    delete("AGENT@helios+delete").await.expect_unknown(&path("a"));
    service.get("GLOBAL_ADMIN", &path("a")).await.expect_unknown(&path("a"));
    service.application("a", "selene", "TEST", &json!({})).await;
    service.get("AGENT@helios", &path("a")).await.expect_unknown(&path("a"));
}

/// §4.6: values come back as the texts they were.
#[rstest]
#[actix_web::test]
async fn a_configuration_comes_back_unchanged(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let config = r#"{"agentParameters":{"b":[1.10,1e400,-0,123456789012345678901234567890.5],"a":"\u0000\ud83d\ude00\/","a":2},"é":"' ; -- \\"}"#;
    let body = format!(r#"{{"id":"a","organizationId":"org-helios","type":"TEST","config":{config}}}"#);
    service.send_text("SERVICE", "POST", APPLICATIONS, body).await.expect(200);
    let seen = service.get("AGENT@helios", &path("a")).await.expect(200);
    assert!(seen.body.contains(&format!(r#""config":{config},"#)), "{}", seen.body);
    // Through a change, too, which keeps what SERVICE does not see.
    let changed = r#"{"type":"TEST","config":{}}"#;
    service.send_text("SERVICE", "PUT", &path("a"), changed).await.expect_nothing(204);
    let seen = service.get("AGENT@helios", &path("a")).await.expect(200);
    assert!(
        seen.body.contains(r#"{"b":[1.10,1e400,-0,123456789012345678901234567890.5],"a":"\u0000"#),
        "{}",
        seen.body
    );
}
