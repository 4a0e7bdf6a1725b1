//! §2.2: three content types for the same parameters, at every endpoint that has any.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Service, base_path, workspace_path};

/// How parameters can be sent.
#[derive(Clone, Copy, Debug)]
enum As {
    Form,
    Multipart,
    Json,
}

async fn send(service: &Service, how: As, method: &str, path: &str, parameters: &[(&str, &str)]) -> Answer {
    let request = service.request_as("mira", method, path).await;
    let request = match how {
        As::Form => request.form(parameters),
        As::Multipart => {
            let part = |(name, value): &(&str, &str)| {
                format!("--x7\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let body = format!("{}--x7--\r\n", parameters.iter().map(part).collect::<String>());
            request.header("content-type", "multipart/form-data; boundary=x7").body(body)
        }
        As::Json => {
            let members: serde_json::Map<_, _> =
                parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            request.json(&Value::Object(members))
        }
    };
    Answer::of(request).await
}

/// Create, rename, share, change and end a share, copy and delete, all in one content type.
#[rstest]
#[actix_web::test]
async fn every_endpoint_takes_all_content_types(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(As::Form, As::Multipart, As::Json)] how: As,
) {
    let service = Service::on(backend).await;
    let (noa, group) = (service.person("noa").await, service.group("Logistics", "mira", &[]).await);
    let (email, number) = (noa.internal_id.as_str(), group.to_string());
    let made =
        send(&service, how, "POST", "/api/v2.1/dtables/", &[("name", "L'été +1"), ("icon", "x")]).await;
    let table = made.expect(201).json()["table"].clone();
    assert_eq!((&table["name"], &table["icon"]), (&json!("L'été +1"), &json!("x")));
    let workspace = table["workspace_id"].as_i64().unwrap();
    let change = [("name", "L'été +1"), ("new_name", "Stock")];
    send(&service, how, "PUT", &workspace_path(workspace), &change).await.expect(200);
    let share = base_path(workspace, "Stock", "share/");
    let terms = [("email", email), ("permission", "r")];
    send(&service, how, "POST", &share, &terms).await.expect(201);
    send(&service, how, "PUT", &share, &[("email", email), ("permission", "rw")]).await.expect(200);
    send(&service, how, "DELETE", &share, &[("email", email)]).await.expect(200);
    let shares = base_path(workspace, "Stock", "group-shares/");
    let terms = [("group_id", number.as_str()), ("permission", "r")];
    send(&service, how, "POST", &shares, &terms).await.expect(200);
    let one = format!("{shares}{group}/");
    send(&service, how, "PUT", &one, &[("permission", "rw")]).await.expect(200);
    let (source, target) =
        (workspace.to_string(), service.workspace_of_group("mira", group).await.to_string());
    let copy = [("src_workspace_id", source.as_str()), ("name", "Stock"), ("dst_workspace_id", &target)];
    send(&service, how, "POST", "/api/v2.1/dtable-copy/", &copy).await.expect(200);
    send(&service, how, "POST", "/api/v2.1/groups/", &[("name", "Sales")]).await.expect(201);
    send(&service, how, "DELETE", &workspace_path(workspace), &[("name", "Stock")]).await.expect(200);
}

async fn raw(service: &Service, method: &str, path: &str, kind: Option<&str>, body: &str) -> Answer {
    let request = service.request_as("mira", method, path).await;
    let request = kind.iter().fold(request, |request, kind| request.header("content-type", *kind));
    Answer::of(request.body(body.to_owned())).await
}

const DTABLES: &str = "/api/v2.1/dtables/";
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// Of a repeated name the last value counts, and unknown ones do no harm.
#[actix_web::test]
async fn of_a_repeated_name_the_last_value_counts() {
    let service = Service::on(Backend::Sqlite).await;
    let made = raw(&service, "POST", DTABLES, Some(URLENCODED), "name=a&x=y&name=b").await.expect(201);
    assert_eq!(made.json()["table"]["name"], "b");
    let json = r#"{"name":"c","x":[1],"name":"d"}"#;
    let made = raw(&service, "POST", DTABLES, Some("application/json"), json).await.expect(201);
    assert_eq!(made.json()["table"]["name"], "d");
}

/// The query is no place for parameters.
#[actix_web::test]
async fn parameters_in_the_query_are_ignored() {
    let service = Service::on(Backend::Sqlite).await;
    let answer = raw(&service, "POST", "/api/v2.1/dtables/?name=a", Some(URLENCODED), "").await;
    answer.expect_msg(400, "name invalid.");
    let made = raw(&service, "POST", "/api/v2.1/dtables/?name=a", Some(URLENCODED), "name=b").await;
    assert_eq!(made.expect(201).json()["table"]["name"], "b");
}

/// A body that is no JSON, at every method that takes one.
#[rstest]
#[case("POST", DTABLES)]
#[case("POST", "/api/v2.1/dtable-copy/")]
#[case("POST", "/api/v2.1/groups/")]
#[case("PUT", "/api/v2.1/workspace/1/dtable/")]
#[case("DELETE", "/api/v2.1/workspace/1/dtable/")]
#[case("DELETE", "/api/v2.1/workspace/1/dtable/x/share/")]
#[case("PUT", "/api/v2.1/workspace/1/dtable/x/group-shares/1/")]
#[actix_web::test]
async fn malformed_json_is_told(
    #[case] method: &str,
    #[case] path: &str,
    #[values("{", "[1", "{\"name\":}", "nul", "\u{feff}", "{\"a\":\"\u{1}\"}")] body: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = raw(&service, method, path, Some("application/json"), body).await.expect(400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("JSON parse error - ") && detail.len() > 19, "{detail}");
    assert_eq!(answer.json().as_object().unwrap().len(), 1);
}

/// Another content type is refused where there is a body.
#[rstest]
#[case("text/plain", "name=a")]
#[case("application/xml", "<a/>")]
#[actix_web::test]
async fn another_content_type_is_refused(#[case] kind: &str, #[case] body: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = raw(&service, "POST", DTABLES, Some(kind), body).await;
    answer.expect_detail(415, &format!("Unsupported media type \"{kind}\" in request."));
}

/// JSON that is empty, or no object, has no parameters.
#[rstest]
#[case("")]
#[case("null")]
#[case("[]")]
#[case("[{\"name\":\"a\"}]")]
#[case("\"name\"")]
#[case("7")]
#[actix_web::test]
async fn json_without_members_has_no_parameters(#[case] body: &str) {
    let service = Service::on(Backend::Sqlite).await;
    raw(&service, "POST", DTABLES, Some("application/json"), body).await.expect_msg(400, "name invalid.");
}

/// The Python client sends a content type with every GET.
#[actix_web::test]
async fn a_content_type_without_a_body_does_no_harm() {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_as("mira", "GET", "/api/v2.1/workspaces/").await;
    Answer::of(request.header("content-type", "application/json")).await.expect(200);
}

/// Texts are texts: other JSON values are wrong values, and never a failure.
#[rstest]
#[case(json!({"name": 7}), "name invalid.")]
#[case(json!({"name": null}), "name invalid.")]
#[case(json!({"name": ["a"]}), "name invalid.")]
#[case(json!({"name": true}), "name invalid.")]
#[case(json!({"name": "a", "owner": 7}), "owner invalid.")]
#[case(json!({"name": "a", "owner": []}), "owner invalid.")]
#[case(json!({"name": "a", "workspace_id": "one"}), "workspace_id invalid.")]
#[case(json!({"name": "a", "workspace_id": 1.5}), "workspace_id invalid.")]
#[case(json!({"name": "a", "workspace_id": true}), "workspace_id invalid.")]
#[case(json!({"name": "a", "color": 7}), "color invalid.")]
#[case(json!({"name": "a", "text_color": {}}), "text_color invalid.")]
#[case(json!({"name": "a", "icon": [1]}), "icon invalid.")]
#[actix_web::test]
async fn a_value_of_another_kind_is_a_wrong_value(#[case] body: Value, #[case] text: &str) {
    let service = Service::on(Backend::Sqlite).await;
    service.json("mira", "POST", DTABLES, &body).await.expect_msg(400, text);
}
