//! The description that clients are generated from.

use serde_json::Value;

use crate::support::{Answer, Backend, Service};

fn document() -> Value {
    serde_json::to_value(applications::openapi()).unwrap()
}

/// Every operation and the statuses it may have.
#[test]
fn every_operation_is_described_with_its_statuses() {
    let document = document();
    let mut seen = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(operation["security"][0].get("BearerAuth").is_some());
            let device = operation["security"][1].as_object().unwrap();
            assert!(device.keys().eq(["AccessToken", "Client", "Uid"]), "the three belong together");
            let statuses: Vec<_> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let path = path.strip_prefix("/api/applications").unwrap();
            seen.push(format!("{method} {path} {}", statuses.join(",")));
        }
    }
    seen.sort();
    assert_eq!(
        seen,
        [
            "delete /{id} 204,401,403,404,503",
            "get  200,400,401,403,406,414,503",
            "get /organizations/{organizationId} 200,400,401,403,406,414,503",
            "get /{id} 200,401,403,404,406,503",
            "get /{id}/availability 200,401,403,406,503",
            "post  200,400,401,403,406,409,413,415,503",
            "put /{id} 204,400,401,403,404,409,413,415,503",
        ]
    );
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

/// §4: the schemas of the seed, by their names and keys.
#[test]
fn the_schemas_are_those_of_the_seed() {
    let document = document();
    let keys = |name: &str, part: &str| -> Vec<String> {
        let schema = &document["components"]["schemas"][name];
        let mut keys: Vec<String> = match &schema[part] {
            Value::Object(members) => members.keys().cloned().collect(),
            Value::Array(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
            _ => panic!("{name} {part}"),
        };
        keys.sort();
        keys
    };
    let application = [
        "anonymousRegistrationEnabled",
        "config",
        "createdAt",
        "disabled",
        "expiresAt",
        "id",
        "modifiedAt",
        "organizationId",
        "type",
        "version",
        "visible",
    ];
    assert_eq!(keys("Application", "properties"), application);
    assert_eq!(keys("Application", "required"), application);
    let page = [
        "content",
        "empty",
        "first",
        "last",
        "number",
        "numberOfElements",
        "pageable",
        "size",
        "sort",
        "totalElements",
        "totalPages",
    ];
    assert_eq!(keys("PageApplication", "properties"), page);
    let pageable = ["offset", "pageNumber", "pageSize", "paged", "sort", "unpaged"];
    assert_eq!(keys("PageableObject", "properties"), pageable);
    let sort = ["ascending", "direction", "ignoreCase", "nullHandling", "property"];
    assert_eq!(keys("SortObject", "properties"), sort);
    for (command, more) in [("Create", "id"), ("Update", "version")] {
        let name = format!("{command}ApplicationWebCommand");
        assert_eq!(keys(&name, "required"), ["config", "type"]);
        let mut expected = ["config", "disabled", "organizationId", "type", more];
        expected.sort_unstable();
        assert_eq!(keys(&name, "properties"), expected);
    }
    let kinds =
        ["GENESYS", "NICE_CXONE_OPENID", "SETUP_TEST", "STANDALONE_OPENID", "TALKDESK_OPENID", "TEST"];
    assert_eq!(keys("ApplicationType", "enum"), kinds);
}

/// Threat 15: what the description says about every operation holds: a token is needed.
#[actix_web::test]
async fn threat_15_every_described_operation_needs_a_token() {
    let service = Service::on(Backend::Sqlite).await;
    for (path, item) in document()["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "a").replace("{organizationId}", "a");
        for method in item.as_object().unwrap().keys() {
            let request = service.request(&method.to_uppercase(), &path);
            let anonymous = Answer::read(request.send().await.unwrap()).await;
            let text = "Full authentication is required to access this resource";
            anonymous.expect_oauth(401, "unauthorized", text);
        }
    }
}
