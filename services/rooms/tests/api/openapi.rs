//! The description that clients are generated from.

use serde_json::Value;
use uuid::Uuid;

use crate::support::{ALL, Answer, Backend, Service};

fn document() -> Value {
    serde_json::to_value(rooms::openapi()).unwrap()
}

/// Every operation, the scope it needs, and the statuses it may have.
#[test]
fn every_operation_is_described_with_its_scope_and_statuses() {
    let document = document();
    let mut seen = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["BearerAuth"][0].as_str().unwrap();
            let device = operation["security"][1].as_object().unwrap();
            assert!(device.keys().eq(["AccessToken", "Client", "Uid"]), "the three belong together");
            let statuses: Vec<_> =
                operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            let path = path.strip_prefix("/external-api/v1.0/rooms").unwrap();
            seen.push(format!("{method} {path} {scope} {}", statuses.join(",")));
        }
    }
    seen.sort();
    assert_eq!(
        seen,
        [
            "delete /{id} rooms:delete 204,401,403,404,503",
            "delete /{id}/attendees/{attendee_id} rooms:update 204,401,403,404,503",
            "get  rooms:list 200,401,403,404,503",
            "get /{id} rooms:retrieve 200,401,403,404,503",
            "get /{id}/attendees rooms:retrieve 200,401,403,404,503",
            "patch /{id} rooms:update 200,400,401,403,404,503",
            "post  rooms:create 201,400,401,403,503",
            "post /{id}/attendees rooms:update 200,201,400,401,403,404,503",
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

/// The seed's schema of a room, with its optional parts, and the bearer scheme.
#[test]
fn a_room_has_the_keys_of_the_seed() {
    let document = document();
    let room = &document["components"]["schemas"]["Room"];
    for key in ["id", "slug", "access_level", "url", "telephony"] {
        assert!(room["properties"].get(key).is_some(), "{key}");
    }
    let required: Vec<_> =
        room["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    assert_eq!(required, ["id", "name", "slug", "access_level", "configuration"]);
    let scheme = &document["components"]["securitySchemes"]["BearerAuth"];
    assert_eq!((scheme["type"].as_str(), scheme["scheme"].as_str()), (Some("http"), Some("bearer")));
    let device: Vec<_> = ["AccessToken", "Client", "Uid"]
        .map(|name| &document["components"]["securitySchemes"][name])
        .map(|scheme| format!("{} {} {}", scheme["type"], scheme["in"], scheme["name"]).replace('"', ""))
        .into();
    assert_eq!(device, ["apiKey header access-token", "apiKey header client", "apiKey header uid"]);
    let sources = &document["components"]["schemas"]["Source"]["enum"];
    assert_eq!(sources.to_string(), r#"["camera","microphone","screen_share","screen_share_audio"]"#);
    assert_eq!(document["components"]["schemas"]["RoomConfiguration"]["additionalProperties"], false);
}

/// Threat 15: what the description says about every operation holds: a token is needed, and that scope.
#[actix_web::test]
async fn threat_15_every_described_operation_needs_a_token_and_its_scope() {
    let service = Service::on(Backend::Sqlite).await;
    for (path, item) in document()["paths"].as_object().unwrap() {
        let path = path.replace("{id}", &Uuid::new_v4().to_string()).replace("{attendee_id}", "x");
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let anonymous = Answer::read(service.request(&method, &path).send().await.unwrap()).await;
            anonymous.expect_detail(401, "Authentication credentials were not provided.");
            let scope = operation["security"][0]["BearerAuth"][0].as_str().unwrap();
            let others: Vec<_> = ALL.split(' ').filter(|other| *other != scope).collect();
            let token = service.token_with("ada", &others.join(" "));
            let refused = service.send_with(&token, &method, &path).await;
            refused.expect_detail(403, &format!("Insufficient permissions. Required scope: {scope}"));
        }
    }
}
