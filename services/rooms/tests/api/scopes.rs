//! §7: scopes, and the order of checks.

use rstest::rstest;
use serde_json::json;

use crate::support::{ALL, Backend, ROOMS, Service, room_path, user_token};

/// §7: every action has its scope, and the others do not stand in for it.
#[rstest]
#[case::list("GET", "", "rooms:list", 200)]
#[case::list_head("HEAD", "", "rooms:list", 200)]
#[case::create("POST", "", "rooms:create", 201)]
#[case::retrieve("GET", "/{id}", "rooms:retrieve", 200)]
#[case::retrieve_head("HEAD", "/{id}", "rooms:retrieve", 200)]
#[case::update("PATCH", "/{id}", "rooms:update", 200)]
#[case::delete("DELETE", "/{id}", "rooms:delete", 204)]
#[case::attendees("GET", "/{id}/attendees", "rooms:retrieve", 200)]
#[case::attendees_head("HEAD", "/{id}/attendees", "rooms:retrieve", 200)]
#[case::attendee_add("POST", "/{id}/attendees", "rooms:update", 400)]
#[case::attendee_remove("DELETE", "/{id}/attendees/x", "rooms:update", 404)]
#[actix_web::test]
async fn an_action_needs_its_scope_and_no_other(
    #[case] method: &str,
    #[case] path: &str,
    #[case] scope: &str,
    #[case] status: u16,
) {
    let service = Service::on(Backend::Sqlite).await;
    let path = format!("{ROOMS}{}", path.replace("{id}", &service.room_of("ada").await.id()));
    let others: Vec<_> = ALL.split(' ').filter(|other| *other != scope).collect();
    let lacking = service.send_with(&service.token_with("ada", &others.join(" ")), method, &path).await;
    if method == "HEAD" {
        assert_eq!((lacking.status, lacking.body.as_str()), (403, ""));
    } else {
        lacking.expect_detail(403, &format!("Insufficient permissions. Required scope: {scope}"));
    }
    let none = service.send_with(&service.token_with("ada", ""), method, &path).await;
    if method == "HEAD" {
        assert_eq!(none.status, 403);
    } else {
        none.expect_detail(403, "Insufficient permissions.");
    }
    service.send_with(&service.token_with("ada", scope), method, &path).await.expect(status);
}

/// §7: names are compared in lower case, with or without a configured prefix, whichever kind of token.
#[rstest]
#[case::plain("rooms:list", 200)]
#[case::any_case("Rooms:List", 200)]
#[case::prefix("lasuite_visio:rooms:list", 200)]
#[case::second_prefix("lasuite_meet:rooms:list", 200)]
#[case::prefix_in_any_case("LaSuite_Visio:Rooms:List", 200)]
#[case::twice("rooms:list rooms:list", 200)]
#[case::other_prefix("visio:rooms:list", 403)]
#[case::prefix_without_colon("lasuite_visiorooms:list", 403)]
#[case::longer("rooms:list2", 403)]
#[case::wildcard("rooms:*", 403)]
#[actix_web::test]
async fn scope_names_are_normalised(#[case] scope: &str, #[case] status: u16) {
    let service = Service::on(Backend::Sqlite).await;
    service.send_with(&service.token_with("ada", scope), "GET", ROOMS).await.expect(status);
    let own = user_token("ada", &format!("lasuite_visio {scope}"), service.clock.now());
    service.send_with(&service.sign(&own), "GET", ROOMS).await.expect(status);
}

/// §7, §8.6: a method that the route does not have is 405, whatever the scopes.
#[rstest]
#[case::collection_put("PUT", "")]
#[case::collection_patch("PATCH", "")]
#[case::collection_delete("DELETE", "")]
#[case::item_put("PUT", "/{id}")]
#[case::item_post("POST", "/{id}")]
#[case::unknown_room("PUT", "/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913")]
#[case::slug("POST", "/kqz-tbwm-ofe")]
#[case::attendees_put("PUT", "/{id}/attendees")]
#[case::attendees_delete("DELETE", "/{id}/attendees")]
#[case::attendee_get("GET", "/{id}/attendees/x")]
#[case::attendee_patch("PATCH", "/{id}/attendees/x")]
#[case::trace("TRACE", "")]
#[case::invented("PURGE", "/{id}")]
#[actix_web::test]
async fn an_unknown_method_is_not_allowed_whatever_the_scopes(#[case] method: &str, #[case] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let path = format!("{ROOMS}{}", path.replace("{id}", &service.room_of("ada").await.id()));
    for scope in ["", "rooms:list", ALL] {
        let answer = service.send_with(&service.token_with("ada", scope), method, &path).await;
        answer.expect_detail(405, &format!("Method \"{method}\" not allowed."));
    }
}

/// §7, §8.6: OPTIONS, when it is no preflight.
#[rstest]
#[actix_web::test]
async fn no_scope_gives_options(#[values("", "/x", "/x/attendees", "/x/attendees/y")] path: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let path = format!("{ROOMS}{path}");
    let answer = service.send("ada", "OPTIONS", &path).await;
    answer.expect_detail(403, "Insufficient permissions. Required scope: None");
    let answer = service.send_with(&service.token_with("ada", ""), "OPTIONS", &path).await;
    answer.expect_detail(403, "Insufficient permissions.");
}

/// §7: the scope is checked before the body, the body before the object, the object before the role.
#[rstest]
#[actix_web::test]
async fn the_order_of_checks_is_scope_body_object_role(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = room_path(&service.room_of("ada").await);
    let unknown = format!("{ROOMS}/0f4b7a52-3c1e-4d0a-9a77-5be2f6f0c913");
    let patch = |token: String, path: &str, body: &'static str| {
        let request = service.request_with(&token, "PATCH", path).header("content-type", "application/json");
        async move { crate::support::Answer::read(request.body(body).send().await.unwrap()).await }
    };
    let wrong = r#"{"access_level":"x"}"#;
    let lacking = patch(service.token_with("bob", "rooms:list"), &unknown, wrong).await;
    lacking.expect_detail(403, "Insufficient permissions. Required scope: rooms:update");
    patch(service.token("bob"), &unknown, wrong)
        .await
        .expect_body(400, r#"{"access_level":["\"x\" is not a valid choice."]}"#);
    patch(service.token("bob"), &room, "[").await.expect(400);
    patch(service.token("bob"), &unknown, "{}").await.expect_detail(404, "No Room matches the given query.");
    patch(service.token("bob"), &room, "{}")
        .await
        .expect_detail(403, "You do not have permission to perform this action.");
    assert_eq!(service.send_json("ada", "PATCH", &room, json!({})).await.status, 200);
}
