//! §13, "Audit": every authenticated call is recorded, whatever comes of it.

use diesel::connection::SimpleConnection as _;
use rstest::rstest;
use serde_json::{Value, json};
use store::{DbConn, StoreError};

use crate::support::{ABSENCES, AGENTS, Backend, ORGANISATIONS, People, Service, answer};

/// Each endpoint by its name; 200, 403, 404 and 422 alike.
#[rstest]
#[actix_web::test]
async fn every_call_is_attributed_to_its_agent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let (own, foreign) = (service.absence_of("a").await, service.absence_of("g").await);
    let organisation = service.people.organisation("o1");
    let table = [
        ("GET", format!("{AGENTS}?page=2"), 200, "agents#index"),
        ("GET", ORGANISATIONS.to_owned(), 200, "organisations#index"),
        ("GET", format!("{ORGANISATIONS}/{organisation}"), 200, "organisations#show"),
        ("GET", format!("{ORGANISATIONS}/0"), 404, "organisations#show"),
        ("PATCH", format!("{ORGANISATIONS}/{organisation}"), 403, "organisations#update"),
        ("PUT", format!("{ORGANISATIONS}/{organisation}"), 403, "organisations#update"),
        ("GET", ABSENCES.to_owned(), 200, "absences#index"),
        ("POST", ABSENCES.to_owned(), 422, "absences#create"),
        ("GET", format!("{ABSENCES}/{own}"), 200, "absences#show"),
        ("GET", format!("{ABSENCES}/{foreign}"), 403, "absences#show"),
        ("PATCH", format!("{ABSENCES}/{own}.json"), 200, "absences#update"),
        ("PUT", format!("{ABSENCES}/0"), 404, "absences#update"),
        ("DELETE", format!("{ABSENCES}/{foreign}"), 403, "absences#destroy"),
        ("DELETE", format!("{ABSENCES}/{own}"), 204, "absences#destroy"),
    ];
    for (method, path, status, _) in &table {
        service.send(&session, method, path).await.expect(*status);
    }
    let events = service.audited("api.call").await;
    assert_eq!(events.len(), table.len());
    let account = service.people.account("a").id.to_string();
    for (event, (method, path, _, operation)) in events.iter().zip(&table) {
        assert_eq!(event.target.as_deref(), Some(*operation));
        assert_eq!(event.origin.actor.as_deref(), Some(account.as_str()));
        assert_eq!(event.origin.dialect.as_deref(), Some("rdv"));
        assert_eq!(event.origin.address, Some("127.0.0.1".parse().unwrap()));
        assert_eq!(event.at, service.clock.now());
        let detail = event.detail.as_ref().unwrap();
        assert_eq!((&detail["method"], &detail["path"]), (&json!(method), &json!(path)));
        assert_eq!(detail["host"], service.url().strip_prefix("http://").unwrap());
        assert_eq!(detail["headers"]["uid"], session.uid);
    }
}

/// "401 are not"; nor is what is no route.
#[actix_web::test]
async fn nobody_is_not_recorded() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    answer(service.request("GET", AGENTS)).await.expect(401);
    answer(service.request("GET", AGENTS).header("uid", "a@cd26.example")).await.expect(401);
    service.send(&session, "GET", "/api/v1/nowhere").await.expect(404);
    assert_eq!(service.audited("api.call").await, []);
}

/// "signature-authenticated calls are attributed to the impersonated agent"; a token without the scope is recorded, too.
#[actix_web::test]
async fn other_credentials_are_attributed_alike() {
    let service = Service::on(Backend::Sqlite).await;
    let signed = service.request("GET", AGENTS).header("uid", People::email("b"));
    answer(signed.header("X-Agent-Auth-Signature", service.signature("b"))).await.expect(200);
    let mut claims = service.claims("c");
    claims["scope"] = json!("other");
    answer(service.request("GET", AGENTS).bearer_auth(service.sign(&claims))).await.expect(403);
    let actors: Vec<_> =
        service.audited("api.call").await.into_iter().map(|event| event.origin.actor).collect();
    assert_eq!(actors, ["b", "c"].map(|name| Some(service.people.account(name).id.to_string())));
}

/// "Redact": no credential is in the record, wherever it was.
#[rstest]
#[actix_web::test]
async fn no_credential_is_recorded(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let (token, signature) = (service.sign(&service.claims("a")), service.signature("a"));
    let get = |path: &str| service.request("GET", path);
    for request in [
        service.request_with(&session, "GET", AGENTS).header("cookie", "session=S3CRET"),
        get(AGENTS).query(&session.parameters()),
        get(AGENTS)
            .query(&[("password", "S3CRET"), ("x", "1")])
            .header("authorization", session.authorization()),
        get(AGENTS).bearer_auth(&token),
        get(AGENTS).header("uid", People::email("a")).header("X-Agent-Auth-Signature", &signature),
    ] {
        answer(request).await.expect(200);
    }
    let events = service.audited("api.call").await;
    assert_eq!(events.len(), 5);
    let recorded: Vec<Value> = events.into_iter().filter_map(|event| event.detail).collect();
    let recorded = json!(recorded).to_string();
    let wrapped = session.authorization();
    let encoded = wrapped.strip_prefix("Bearer ").unwrap();
    for secret in [&session.access_token, "S3CRET", &token, &signature, encoded] {
        assert!(!recorded.contains(secret), "{recorded}");
    }
    assert!(recorded.contains("[redacted]") && recorded.contains("127.0.0.1"), "{recorded}");
}

/// A call whose body cannot be parsed is a call.
#[actix_web::test]
async fn a_call_is_recorded_before_it_is_read() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("a");
    let request = service.request_with(&session, "POST", ABSENCES).header("content-type", "application/json");
    answer(request.body("{")).await.expect(400);
    let events = service.audited("api.call").await;
    assert_eq!(
        events.iter().map(|event| event.target.as_deref()).collect::<Vec<_>>(),
        [Some("absences#create")]
    );
}

/// "A failure to record never fails the request."
#[rstest]
#[actix_web::test]
async fn a_call_that_cannot_be_recorded_is_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let session = service.sign_in("a");
    let gone = |conn: &mut DbConn| conn.batch_execute("DROP TABLE audit_events").map_err(StoreError::from);
    service.identity.db().write(gone).await.unwrap();
    for _ in 0..3 {
        let agents = service.send(&session, "GET", AGENTS).await;
        assert_eq!(agents.listed("agents", "/id").len(), 2);
    }
}

/// Writes are recorded twice: the call, and what it did, in the transaction that did it.
#[actix_web::test]
async fn what_is_done_is_recorded_with_whom_it_concerns() {
    let service = Service::on(Backend::Sqlite).await;
    let session = service.sign_in("d");
    let path = format!("{ABSENCES}/{}", service.absence_of("a").await);
    service.send_json(&session, "PATCH", &path, &json!({"title": "x"})).await.expect(200);
    service.send(&session, "DELETE", &path).await.expect(204);
    let (a, d) = (service.people.account("a").id.to_string(), service.people.account("d").id.to_string());
    for action in ["absence.update", "absence.delete"] {
        let events = service.audited(action).await;
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.origin.actor.as_deref(), Some(d.as_str()));
        assert_eq!(event.origin.dialect.as_deref(), Some("rdv"));
        assert_eq!(event.detail, Some(json!({ "agent": a })));
    }
}
