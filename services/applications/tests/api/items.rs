//! §7.1, §7.3, §6: one application is looked at, and deleted.

use rstest::rstest;
use serde_json::json;

use crate::support::{APPLICATIONS, Answer, Backend, Service, full_config, path};

const SEEN: [(&str, &str, &str); 12] = [
    ("GLOBAL_ADMIN", "GENESYS", "SAC"),
    ("@helios+view", "GENESYS", "SAC"),
    ("ADMIN@helios", "TEST", "SAC"),
    ("ADMIN@helios", "GENESYS", "A"),
    ("SUPERVISOR@helios", "GENESYS", "A"),
    ("AGENT@helios", "GENESYS", "A"),
    ("CUSTOMER@helios", "GENESYS", "C"),
    ("SERVICE", "GENESYS", "S"),
    ("CLIENT_SERVICE@helios", "GENESYS", "S"),
    ("CLIENT_SERVICE,AGENT@helios", "GENESYS", "SA"),
    ("SERVICE,ADMIN@selene+view", "TEST", "S"),
    ("@helios", "GENESYS", ""),
];

/// §6: the contract's own example, as each caller sees it.
#[rstest]
#[actix_web::test]
async fn everybody_sees_their_sections(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for (who, kind, sections) in SEEN {
        service.application("a", "helios", kind, &full_config()).await;
        let mut expected = full_config();
        for (letter, key) in
            [("S", "serviceParameters"), ("A", "agentParameters"), ("C", "customerParameters")]
        {
            if !sections.contains(letter) {
                expected.as_object_mut().unwrap().remove(key);
            }
        }
        let seen = service.get(who, &path("a")).await.expect(200).json();
        assert_eq!(seen["config"], expected, "{who}");
        // §6 rule 2: in both lists, too.
        let listed = service.get(who, APPLICATIONS).await.expect(200).json();
        assert_eq!(listed["content"], json!([seen]));
        let of = service.get(who, &format!("{APPLICATIONS}/organizations/org-helios")).await;
        let internal = who == "GLOBAL_ADMIN" || who.starts_with("SERVICE");
        assert_eq!(of.status, if internal { 200 } else { 403 });
        assert!(!internal || of.json()["content"] == listed["content"]);
        service.send("GLOBAL_ADMIN", "DELETE", &path("a")).await.expect_nothing(204);
    }
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

const PATHS: [(&str, u16); 9] = [
    ("%61", 200),
    ("organizations", 404),
    ("%6frganizations", 404),
    ("%2561", 404),
    ("a%2Fb", 404),
    ("a%00", 404),
    ("%ff", 404),
    ("%zz", 404),
    ("A", 404),
];

/// §1: what the path names, decoded once; what can be no id is the id of nothing.
#[rstest]
#[actix_web::test]
async fn a_path_names_one_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let long = "a".repeat(3000);
    for (id, status) in PATHS.into_iter().chain([(long.as_str(), 404)]) {
        let answer = service.get("GLOBAL_ADMIN", &path(id)).await;
        if status == 404 { answer.expect_unknown(&path(id)) } else { drop(answer.expect(200)) }
    }
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
