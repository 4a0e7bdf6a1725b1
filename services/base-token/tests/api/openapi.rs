//! The description that clients are generated from.

use serde_json::Value;

use crate::authentication::ENDPOINTS;
use crate::support::{Backend, Service};

fn document() -> Value {
    serde_json::to_value(base_token::openapi()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

/// The path of an operation with something in every place.
fn filled(path: &str) -> String {
    path.replace("{workspace_id}", "1")
        .replace("{base_name}", "Stock")
        .replace("{group_id}", "1")
        .replace("{app_name}", "app")
        .replace("{external_link_token}", "spring-fair")
        .replace("{dtable_uuid}", "3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613")
}

/// Every operation with its statuses.
#[test]
fn every_operation_is_described_with_its_statuses() {
    let mut seen = vec![];
    for (method, path, operation) in operations(&document()) {
        let statuses: Vec<_> =
            operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
        let path = path.strip_prefix("/api/v2.1/").unwrap();
        seen.push(format!(
            "{method} {path} {} {}",
            operation["operationId"].as_str().unwrap(),
            statuses.join(",")
        ));
    }
    seen.sort();
    assert_eq!(
        seen,
        [
            "DELETE groups/{group_id}/ deleteGroup 200,400,401,403,404,429,503",
            "DELETE workspace/{workspace_id}/dtable/ deleteBase 200,400,401,403,404,429,503",
            "DELETE workspace/{workspace_id}/dtable/{base_name}/api-tokens/{app_name}/ deleteApiToken 200,401,403,404,429,503",
            "DELETE workspace/{workspace_id}/dtable/{base_name}/external-links/{external_link_token}/ deleteExternalLink 200,401,403,404,429,503",
            "DELETE workspace/{workspace_id}/dtable/{base_name}/group-shares/{group_id}/ deleteGroupShare 200,401,403,404,429,503",
            "DELETE workspace/{workspace_id}/dtable/{base_name}/share/ deleteUserShare 200,400,401,403,404,429,503",
            "GET dtable/app-access-token/ getBaseTokenWithApiToken 200,403,404,429,503",
            "GET dtable/jwks.json getBaseTokenKeys 200,404,503",
            "GET dtables/shared/ listSharedBases 200,401,403,429,503",
            "GET dtables/{dtable_uuid}/related-users/ listRelatedUsers 200,403,404,429,503",
            "GET external-link-tokens/{external_link_token}/access-token/ getBaseTokenWithExternalLink 200,403,404,429,503",
            "GET groups/ listGroups 200,401,403,429,503",
            "GET workspace/{workspace_id}/dtable/{base_name}/access-token/ getBaseTokenWithAccountToken 200,401,403,404,429,503",
            "GET workspace/{workspace_id}/dtable/{base_name}/api-tokens/ listApiTokens 200,401,403,404,429,503",
            "GET workspace/{workspace_id}/dtable/{base_name}/external-links/ listExternalLinks 200,401,403,404,429,503",
            "GET workspace/{workspace_id}/dtable/{base_name}/group-shares/ listGroupShares 200,401,403,404,429,503",
            "GET workspace/{workspace_id}/dtable/{base_name}/share/ listUserShares 200,401,403,404,429,503",
            "GET workspace/{workspace_id}/dtable/{base_name}/temp-api-token/ getTemporaryApiToken 200,401,403,404,429,503",
            "GET workspaces/ listWorkspaces 200,400,401,403,429,503",
            "POST dtable-copy/ copyBase 200,400,401,403,404,429,503",
            "POST dtables/ createBase 201,400,401,403,404,429,503",
            "POST groups/ createGroup 201,400,401,403,429,503",
            "POST workspace/{workspace_id}/dtable/{base_name}/api-tokens/ createApiToken 201,400,401,403,404,429,503",
            "POST workspace/{workspace_id}/dtable/{base_name}/external-links/ createExternalLink 200,400,401,403,404,429,503",
            "POST workspace/{workspace_id}/dtable/{base_name}/group-shares/ addGroupShare 200,400,401,403,404,429,503",
            "POST workspace/{workspace_id}/dtable/{base_name}/share/ addUserShare 201,400,401,403,404,429,503",
            "PUT workspace/{workspace_id}/dtable/ updateBase 200,400,401,403,404,429,503",
            "PUT workspace/{workspace_id}/dtable/{base_name}/api-tokens/{app_name}/ updateApiToken 200,400,401,403,404,429,503",
            "PUT workspace/{workspace_id}/dtable/{base_name}/group-shares/{group_id}/ updateGroupShare 200,400,401,403,404,429,503",
            "PUT workspace/{workspace_id}/dtable/{base_name}/share/ updateUserShare 200,400,401,403,404,429,503",
        ]
    );
}

/// Threat 15: every operation that is described as needing an Account-Token needs one, and every endpoint that needs one is
/// described; what it answers without one is what it says.
#[actix_web::test]
async fn threat_15_every_described_operation_needs_its_credential() {
    let service = Service::on(Backend::Sqlite).await;
    let mut described: Vec<(String, String)> = vec![];
    for (method, path, operation) in operations(&document()) {
        let path = filled(&path);
        assert!(!path.contains('{'), "{path}");
        let scheme = operation["security"][0].as_object().and_then(|one| one.keys().next().cloned());
        let answer = service.send("", &method, &path).await;
        match scheme.as_deref() {
            Some("accountToken") => {
                answer.expect_detail(403, "Authentication credentials were not provided.");
                described.push((method, path));
            }
            Some("apiToken" | "baseToken") => answer.expect_forbidden(),
            Some(other) => panic!("{other}"),
            None => assert!([200, 404].contains(&answer.status), "{method} {path} {answer:?}"),
        }
    }
    let mut tested: Vec<(String, String)> = ENDPOINTS
        .iter()
        .filter(|(method, _)| *method != "HEAD")
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    tested.sort();
    described.sort();
    assert_eq!(described, tested);
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
