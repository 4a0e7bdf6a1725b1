//! §2: paths, methods, CORS, the form of answers.

use rstest::rstest;
use serde_json::json;

use crate::support::{Answer, Backend, Service, base_path, workspace_path};

/// §2.1: without its last slash a path is answered with the path that has it, whatever the method; the query is kept.
#[rstest]
#[case("GET", "/api/v2.1/workspaces", "/api/v2.1/workspaces/")]
#[case("GET", "/api/v2.1/workspaces?detail=false", "/api/v2.1/workspaces/?detail=false")]
#[case("POST", "/api/v2.1/dtables", "/api/v2.1/dtables/")]
#[case("DELETE", "/api/v2.1/workspace/1/dtable", "/api/v2.1/workspace/1/dtable/")]
#[case(
    "PUT",
    "/api/v2.1/workspace/1/dtable/Stock%20Room/api-tokens/a%2Fb",
    "/api/v2.1/workspace/1/dtable/Stock%20Room/api-tokens/a%2Fb/"
)]
#[case("GET", "//api/v2.1/dtable/app-access-token", "/api/v2.1/dtable/app-access-token/")]
#[case("GET", "/api/v2.1", "/api/v2.1/")]
#[actix_web::test]
async fn a_missing_slash_is_a_redirect(#[case] method: &str, #[case] path: &str, #[case] location: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send("", method, path).await.expect(301);
    assert_eq!(answer.header("location"), location);
}

/// §2.1: what does not match a route is 404, as an object.
#[rstest]
#[case("/api/v2.1/")]
#[case("/api/v2.1/nowhere/")]
#[case("/api/v2.1/workspace/one/dtable/")]
#[case("/api/v2.1/workspace/-1/dtable/")]
#[case("/api/v2.1/workspace/+1/dtable/")]
#[case("/api/v2.1/workspace/%D9%A1/dtable/")]
#[case("/api/v2.1/workspace//dtable/Stock/share/")]
#[case("/api/v2.1/workspace/1/dtable//share/")]
#[case("/api/v2.1/workspace/1/dtable/a/b/share/")]
#[case("/api/v2.1/Workspaces/")]
#[case("/api/v2.1/groups/one/")]
#[actix_web::test]
async fn what_leads_nowhere_is_not_found(#[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    service.get("mira", path).await.expect_detail(404, "Not found.");
}

/// A number with more digits than any has is that of a workspace that there is not; arguments are told first.
#[actix_web::test]
async fn there_is_no_workspace_of_that_many_digits() {
    let service = Service::on(Backend::Sqlite).await;
    let digits = "9".repeat(30);
    let base = format!("/api/v2.1/workspace/{digits}/dtable/x");
    let unknown = format!("Workspace {digits} not found.");
    for what in ["share", "api-tokens", "temp-api-token", "access-token", "external-links"] {
        service.get("mira", &format!("{base}/{what}/")).await.expect_msg(404, &unknown);
    }
    let (form, path) = ([("app_name", "a")], format!("{base}/api-tokens/"));
    service.form("mira", "POST", &path, &form).await.expect_msg(400, "permission invalid.");
}

/// §2.1: repeated slashes at the beginning do no harm.
#[actix_web::test]
async fn repeated_slashes_at_the_beginning_are_one() {
    let service = Service::on(Backend::Sqlite).await;
    let base = service.base("mira", "Stock Room").await;
    let path = base_path(base["workspace_id"].as_i64().unwrap(), "Stock Room", "share/");
    for slashes in ["/", "///"] {
        service.get("mira", &format!("{slashes}{path}")).await.expect_json(200, &json!({ "user_list": [] }));
    }
}

/// §2.3: a wrong method is told the right ones.
#[rstest]
#[case("PATCH", "/api/v2.1/workspaces/", "GET, HEAD, OPTIONS")]
#[case("GET", "/api/v2.1/dtables/", "POST, OPTIONS")]
#[case("POST", "/api/v2.1/workspace/1/dtable/", "PUT, DELETE, OPTIONS")]
#[case("PATCH", "/api/v2.1/workspace/1/dtable/Stock/share/", "GET, HEAD, POST, PUT, DELETE, OPTIONS")]
#[case("POST", "/api/v2.1/dtables/3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613/related-users/", "GET, HEAD, OPTIONS")]
#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones(
    #[case] method: &str,
    #[case] path: &str,
    #[case] allowed: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.send("mira", method, path).await;
    answer.expect_detail(405, &format!("Method \"{method}\" not allowed."));
    assert_eq!(answer.header("allow"), allowed);
}

/// §2.3: pages of any origin may call; errors can be read, too.
#[rstest]
#[case::preflight("OPTIONS", "/api/v2.1/dtables/", 204)]
#[case::preflight_nowhere("OPTIONS", "/api/v2.1/nowhere", 204)]
#[case::refused("GET", "/api/v2.1/workspaces/", 403)]
#[case::nowhere("GET", "/api/v2.1/nowhere/", 404)]
#[case::method("PATCH", "/api/v2.1/dtables/", 405)]
#[case::redirect("GET", "/api/v2.1/dtables", 301)]
#[actix_web::test]
async fn any_page_may_call(#[case] method: &str, #[case] path: &str, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request(method, path).header("origin", "https://pages.example");
    let answer = Answer::of(request).await.expect(status);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PUT,DELETE,OPTIONS");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "Content-Type, Accept, authorization, token, deviceType"
    );
}

/// §2.3: JSON, whatever is asked for.
#[rstest]
#[case("application/json; charset=utf-8; indent=4")]
#[case("text/html")]
#[case(";q=")]
#[actix_web::test]
async fn answers_are_json_whatever_is_asked_for(#[case] accept: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let request = service.request_as("mira", "GET", "/api/v2.1/dtables/shared/").await;
    let answer = Answer::of(request.header("accept", accept)).await;
    answer.expect_json(200, &json!({ "table_list": [] }));
}

/// §2.1: a name is decoded once, `+` is a plus sign, case matters; and it comes back as it was given.
#[rstest]
#[actix_web::test]
async fn any_name_survives_the_path(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        "Stock Room",
        "a+b",
        "100%",
        "%2F",
        "#1?",
        "L'été & \"co\"",
        "📦 depot",
        "  ",
        "a\tb\nc",
        "...",
        "é",
        "_(deleted_1) x",
        "\u{202e}abc"
    )]
    name: &str,
) {
    let service = Service::on(backend).await;
    let base = service.base("mira", name).await;
    assert_eq!(base["name"], name);
    let workspace = base["workspace_id"].as_i64().unwrap();
    service.get("mira", &base_path(workspace, name, "share/")).await.expect(200);
    let renamed = json!({ "name": name, "new_name": format!("{name}!") });
    let answer = service.json("mira", "PUT", &workspace_path(workspace), &renamed).await.expect(200);
    assert_eq!(answer.json()["table"]["name"], format!("{name}!"));
    let unknown = service.get("mira", &base_path(workspace, name, "share/")).await;
    unknown.expect_msg(404, &format!("dtable {name} not found."));
}

/// §2.1: what is encoded once more is another name.
#[rstest]
#[case("Stock%20Room", 200)]
#[case("Stock%2520Room", 404)]
#[case("Stock+Room", 404)]
#[case("stock%20room", 404)]
#[case("Stock%20Room%20", 404)]
#[case("%53tock%20Room", 200)]
#[case("Stock%20Room%2F", 404)]
#[case("Stock%20Room%00", 404)]
#[case("%ff", 404)]
#[actix_web::test]
async fn a_name_is_matched_exactly(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] sent: &str,
    #[case] status: u16,
) {
    let service = Service::on(backend).await;
    let workspace = service.base("mira", "Stock Room").await["workspace_id"].clone();
    let path = format!("/api/v2.1/workspace/{workspace}/dtable/{sent}/share/");
    service.get("mira", &path).await.expect(status);
}

/// §2.3: instants have no fraction and no `Z`.
#[rstest]
#[actix_web::test]
async fn instants_are_whole_seconds(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock").await;
    assert_eq!(base["created_at"], "2027-01-15T08:00:00+00:00");
    service.advance(61);
    let workspace = base["workspace_id"].as_i64().unwrap();
    let change = json!({ "name": "Stock", "color": "#FF8000" });
    let changed = service.json("mira", "PUT", &workspace_path(workspace), &change).await.expect(200).json();
    let table = &changed["table"];
    assert_eq!(table["created_at"], "2027-01-15T08:00:00+00:00");
    assert_eq!(table["updated_at"], "2027-01-15T08:01:01+00:00");
}

/// Switched off, nothing of it is there.
#[actix_web::test]
async fn it_can_be_switched_off() {
    let service = Service::with(Backend::Sqlite, json!({ "enabled": false })).await;
    service.get("mira", "/api/v2.1/workspaces/").await.expect_detail(404, "Not found.");
}
