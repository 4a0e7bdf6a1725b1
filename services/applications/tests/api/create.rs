//! §7.5, §4.2: applications are made.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{APPLICATIONS, Answer, Backend, Service, full_config, path};

async fn create(service: &Service, who: &str, body: &Value) -> Answer {
    service.send_json(who, "POST", APPLICATIONS, body).await
}

/// §7.5 rules 1, 2 and 5: 200, the id, no `Location`; in the own organisation, whatever was sent.
#[rstest]
#[actix_web::test]
async fn a_member_creates_in_their_organisation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let body = json!({
        "type": "GENESYS", "config": full_config(), "id": "mine", "organizationId": "org-selene", "visible": false,
        "version": 7, "expiresAt": "x", "createdAt": 1, "anonymousRegistrationEnabled": true, "unknown": [],
    });
    let made = create(&service, "AGENT@helios+add", &body).await.expect(200);
    assert_eq!(made.header("location"), "");
    assert_eq!(made.header("content-type"), "application/json");
    let id = made.id();
    assert_eq!(made.body, format!(r#"{{"id":"{id}"}}"#));
    let uuid: uuid::Uuid = id.parse().unwrap();
    assert_eq!((uuid.get_version_num(), uuid.as_hyphenated().to_string()), (4, id.clone()));
    let seen = service.get("@helios+view", &path(&id)).await.expect(200).json();
    let expected = json!({
        "version": 0, "id": id, "organizationId": "org-helios", "type": "GENESYS", "config": full_config(),
        "createdAt": "2027-01-15T08:00:00Z", "modifiedAt": "2027-01-15T08:00:00Z", "visible": true,
        "disabled": false, "expiresAt": null, "anonymousRegistrationEnabled": false,
    });
    assert_eq!(seen, expected);
    assert_eq!(service.registry.told(), [format!("put {id} of org-helios")]);
}

#[rstest]
#[actix_web::test]
async fn an_internal_caller_chooses_id_and_organisation(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("SERVICE", "GLOBAL_ADMIN", "GLOBAL_ADMIN@selene")] who: &str,
) {
    let service = Service::on(backend).await;
    let body = json!({
        "id": "helios-setup", "organizationId": "org-helios", "type": "SETUP_TEST", "config": {}, "disabled": true,
    });
    create(&service, who, &body).await.expect_body_id("helios-setup");
    assert_eq!(service.registry.told(), ["put helios-setup of org-helios disabled"]);
    let seen = service.get("GLOBAL_ADMIN", &path("helios-setup")).await.json();
    assert_eq!((&seen["organizationId"], &seen["disabled"]), (&json!("org-helios"), &json!(true)));
}

/// §7.5 rule 2: for an internal caller the body, else the claim, else 400.
#[rstest]
#[case::body("SERVICE@selene", json!("org-helios"), Ok("org-helios"))]
#[case::claim("SERVICE@selene", Value::Null, Ok("org-selene"))]
#[case::neither("SERVICE", Value::Null, Err("organizationId is required"))]
#[case::blank("SERVICE@selene", json!(" "), Err("organizationId must be 1 to 255 characters and not blank"))]
#[case::long("SERVICE", json!("x".repeat(256)), Err("organizationId must be 1 to 255 characters and not blank"))]
#[case::nul("SERVICE", json!("a\0"), Err("organizationId must be 1 to 255 characters and not blank"))]
#[actix_web::test]
async fn whose_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] who: &str,
    #[case] organization: Value,
    #[case] expected: Result<&str, &str>,
) {
    let service = Service::on(backend).await;
    let body = json!({"id": "a", "organizationId": organization, "type": "TEST", "config": {}});
    let made = create(&service, who, &body).await;
    match expected {
        Ok(organization) => {
            made.expect(200);
            let seen = service.get("GLOBAL_ADMIN", &path("a")).await.json();
            assert_eq!(seen["organizationId"], organization);
        }
        Err(message) => made.expect_boot(400, "Bad Request", message, APPLICATIONS),
    }
}

/// §4.6: ids of internal callers.
#[rstest]
#[case::reserved("organizations")]
#[case::dot(".")]
#[case::dots("..")]
#[case::slash("a/b")]
#[case::blank_inside("a b")]
#[case::accent("é")]
#[case::long(&"a".repeat(256))]
#[actix_web::test]
async fn an_id_is_a_path_segment(#[case] id: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let body = json!({"id": id, "organizationId": "org-helios", "type": "TEST", "config": {}});
    let message = "id must be 1 to 255 characters of A-Z a-z 0-9 . _ - and not a reserved word";
    create(&service, "SERVICE", &body).await.expect_boot(400, "Bad Request", message, APPLICATIONS);
    // §4.3: from others it is ignored rather than refused.
    let made = create(&service, "ADMIN@helios", &body).await.expect(200);
    assert_eq!(made.id().len(), 36);
}

#[rstest]
#[case::absent(json!({}))]
#[case::null(json!({"id": null}))]
#[case::empty(json!({"id": ""}))]
#[case::blank(json!({"id": "  "}))]
#[actix_web::test]
async fn without_an_id_one_is_made(#[case] mut body: Value) {
    let service = Service::on(Backend::Sqlite).await;
    body["type"] = "TEST".into();
    body["config"] = json!({});
    body["organizationId"] = "org-helios".into();
    assert_eq!(create(&service, "SERVICE", &body).await.expect(200).id().len(), 36);
}

/// §7.5 rule 4: taken in any organisation, and the existing application is untouched.
#[rstest]
#[actix_web::test]
async fn a_taken_id_is_a_conflict(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "GENESYS", &full_config()).await;
    let before = service.stored("a").await;
    service.registry.told();
    let body = json!({"id": "a", "organizationId": "org-selene", "type": "TEST", "config": {}});
    let again = create(&service, "SERVICE", &body).await;
    again.expect_boot(409, "Conflict", "Application id already exists", APPLICATIONS);
    assert_eq!(service.stored("a").await, before);
    assert_eq!(service.registry.told(), [""; 0]);
    // Ids are told apart by case.
    let body = json!({"id": "A", "organizationId": "org-selene", "type": "TEST", "config": {}});
    create(&service, "SERVICE", &body).await.expect_body_id("A");
}

/// §7.5 rule 4: of many at once exactly one is made.
#[rstest]
#[actix_web::test]
async fn of_many_at_once_one_gets_the_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let calls = (0..20).map(|number| {
        let body = json!({
            "id": "a", "organizationId": format!("org-{number}"), "type": "TEST", "config": {"number": number},
        });
        let request = service.request_as("SERVICE", "POST", APPLICATIONS).json(&body);
        async move { request.send().await.unwrap().status().as_u16() }
    });
    let mut statuses = futures_util::future::join_all(calls).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200][..], &[409; 19]].concat());
}

/// §7.5: the order of the checks. Each request is wrong in every later respect as well.
#[rstest]
#[actix_web::test]
async fn checks_come_in_the_order_of_the_contract(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service.application("a", "helios", "TEST", &json!({})).await;
    let body = json!({"id": "a", "organizationId": " ", "type": "GENESYS", "config": {}});
    let malformed = service.send_text("ADMIN@helios", "POST", APPLICATIONS, "{").await;
    malformed.expect_boot(400, "Bad Request", "Malformed JSON request", APPLICATIONS);
    create(&service, "ADMIN@helios", &body).await.expect_forbidden();
    let message = "organizationId must be 1 to 255 characters and not blank";
    create(&service, "SERVICE", &body).await.expect_boot(400, "Bad Request", message, APPLICATIONS);
    let body = json!({"id": "a", "organizationId": "org-helios", "type": "GENESYS", "config": {}});
    let message = "config.organizationId is required for type GENESYS";
    create(&service, "SERVICE", &body).await.expect_boot(400, "Bad Request", message, APPLICATIONS);
    let message = "config.pcEnvironment is required for type GENESYS";
    let body = json!({"type": "GENESYS", "config": {"organizationId": "x", "pcEnvironment": " "}});
    let made = create(&service, "AGENT@helios+add", &body).await;
    made.expect_boot(400, "Bad Request", message, APPLICATIONS);
}

impl Answer {
    #[track_caller]
    fn expect_body_id(&self, id: &str) {
        assert_eq!(
            (self.status, self.body.as_str()),
            (200, format!(r#"{{"id":"{id}"}}"#).as_str()),
            "{self:?}"
        );
    }
}
