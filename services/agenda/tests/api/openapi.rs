//! The description that clients are generated from.

use serde_json::Value;

use crate::support::{Backend, Service, answer};

fn document() -> Value {
    serde_json::to_value(agenda::openapi()).unwrap()
}

/// Every operation with its statuses.
#[test]
fn every_operation_is_described_with_its_statuses() {
    let document = document();
    let mut seen = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let statuses: Vec<_> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let (path, id) =
                (path.strip_prefix("/api/v1/").unwrap(), operation["operationId"].as_str().unwrap());
            seen.push(format!("{method} {path} {id} {}", statuses.join(",")));
        }
    }
    seen.sort();
    assert_eq!(
        seen,
        [
            "delete absences/{id} deleteAbsence 204,400,401,403,404,413,503",
            "get absences listAbsences 200,400,401,403,413,503",
            "get absences/{id} showAbsence 200,400,401,403,404,413,503",
            "get agents listAgents 200,400,401,403,413,503",
            "get organisations listOrganisations 200,400,401,403,413,503",
            "get organisations/{id} showOrganisation 200,400,401,403,404,413,503",
            "patch absences/{id} updateAbsence 200,400,401,403,404,413,422,503",
            "patch organisations/{id} updateOrganisation 200,400,401,403,404,413,422,503",
            "post absences createAbsence 200,400,401,403,404,413,422,503",
            "put absences/{id} replaceAbsence 200,400,401,403,404,413,422,503",
            "put organisations/{id} replaceOrganisation 200,400,401,403,404,413,422,503",
        ]
    );
}

/// §4.5: the answers that tell the session say so.
#[test]
fn the_headers_of_a_session_are_described() {
    let document = document();
    let headers = |pointer: &str| {
        let headers = document.pointer(pointer).unwrap()["headers"].as_object().cloned();
        headers.map(|headers| headers.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let six = ["access-token", "authorization", "client", "expiry", "token-type", "uid"];
    assert_eq!(headers("/paths/~1api~1v1~1agents/get/responses/200"), six);
    assert_eq!(headers("/paths/~1api~1v1~1absences~1{id}/delete/responses/204"), six);
    assert_eq!(headers("/paths/~1api~1v1~1absences~1{id}/put/responses/200"), six);
    assert_eq!(headers("/components/responses/AbsenceNotFound"), six);
    assert_eq!(headers("/components/responses/AgentNotFound"), six);
    assert!(headers("/components/responses/OrganisationNotFound").is_empty());
}

/// Three headers together, or a token, or the signature with its `uid`.
#[test]
fn the_credentials_are_described() {
    let document = document();
    let security = serde_json::json!([
        {"accessToken": [], "client": [], "uid": []}, {"bearer": ["agenda"]}, {"agentSignature": [], "uid": []},
    ]);
    assert_eq!(document["security"], security);
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let header =
        |name: &str| (schemes[name]["in"].as_str().unwrap(), schemes[name]["name"].as_str().unwrap());
    assert_eq!(header("accessToken"), ("header", "access-token"));
    assert_eq!(header("client"), ("header", "client"));
    assert_eq!(header("uid"), ("header", "uid"));
    assert_eq!(header("agentSignature"), ("header", "X-Agent-Auth-Signature"));
    assert_eq!(schemes["bearer"]["scheme"], "bearer");
}

/// No reference leads nowhere.
#[test]
fn every_reference_is_defined() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = vec![];
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

/// §12.5, "Required by the published schema".
#[test]
fn an_absence_has_the_keys_of_the_published_schema() {
    let document = document();
    let required = document["components"]["schemas"]["AbsenceView"]["required"].as_array().unwrap().clone();
    for key in ["id", "ical_uid", "title", "first_day", "end_day", "start_time", "end_time", "agent"] {
        assert!(required.contains(&key.into()), "{key} {required:?}");
    }
}

/// Threat 15: what the description says about every operation holds: nobody gets in without a credential.
#[actix_web::test]
async fn threat_15_every_described_operation_needs_a_credential() {
    let service = Service::on(Backend::Sqlite).await;
    for (path, item) in document()["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let request = service.request(&method.to_uppercase(), &path.replace("{id}", "1"));
            answer(request).await.expect_unauthenticated();
        }
    }
}
