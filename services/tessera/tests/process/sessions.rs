//! A person's own session through a back end: signed in once by token exchange, kept alive by refresh tokens.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Person, Stack, Topology};

/// The base scope, what it opens, and a refresh token.
const EVERYTHING: &str = "lasuite_visio lasuite_visio:rooms:list lasuite_visio:rooms:create offline_access";

#[rstest]
#[tokio::test]
async fn a_person_signs_in_works_and_stays_signed_in(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let session = stack.sign_in(&stack.declared.ada, EVERYTHING).await.expect(200);
    assert_eq!(session.headers["cache-control"], "no-store");
    assert_eq!(session.text_of("issued_token_type"), "urn:ietf:params:oauth:token-type:access_token");
    assert_eq!(session.text_of("scope"), EVERYTHING);
    let token = session.access_token();
    let room = stack.call(&token, Method::POST, "/rooms").await.expect(201).text_of("id");
    assert_eq!(stack.call(&token, Method::GET, "/rooms/").await.expect(200).json()["count"], 1);
    let unregistered = stack.call(&token, Method::DELETE, &format!("/rooms/{room}")).await;
    unregistered.expect_detail(403, "Insufficient permissions. Required scope: rooms:delete");

    let next = stack.refresh(&session.refresh_token()).await.expect(200);
    assert_ne!(next.refresh_token(), session.refresh_token());
    for token in [token, next.access_token()] {
        assert_eq!(stack.call(&token, Method::GET, "/rooms").await.expect(200).json()["count"], 1);
    }
    // The answer may have been lost: until the successor is used, the same one comes again.
    let again = stack.refresh(&session.refresh_token()).await.expect(200);
    assert_eq!(again.refresh_token(), next.refresh_token());
}

/// The base scope is not enough by itself, and nothing is without it.
#[rstest]
#[tokio::test]
async fn a_session_reaches_as_far_as_its_scopes(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = &stack.declared.ada;
    let base = stack.sign_in(ada, "lasuite_visio").await.expect(200).access_token();
    let refused = stack.call(&base, Method::GET, "/rooms").await;
    refused.expect_detail(403, "Insufficient permissions. Required scope: rooms:list");
    let baseless = stack.sign_in(ada, "lasuite_visio:rooms:list").await.expect(200).access_token();
    stack.call(&baseless, Method::GET, "/rooms").await.expect_detail(403, "Insufficient permissions.");
    stack.sign_in(ada, "lasuite_visio rooms:delete").await.expect_error(400, "invalid_scope");
    let wrong = Person { password: stack.declared.bob.password.clone(), ..ada.clone() };
    let refused = stack.sign_in(&wrong, "lasuite_visio").await;
    refused.expect_error(400, "invalid_grant");
    assert_eq!(refused.json().get("reason"), None, "a wrong password is told no reason");
}

#[rstest]
#[tokio::test]
async fn introspection_tells_what_is_live_and_nothing_else(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (gateway, board) = (&stack.declared.gateway, &stack.declared.board);
    let session = stack.sign_in(&stack.declared.ada, EVERYTHING).await.expect(200);
    for token in [session.access_token(), session.refresh_token()] {
        let told = stack.oauth("/oauth/introspect", gateway, &[("token", &token)]).await.expect(200).json();
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!("gateway")), "{told}");
        assert_eq!(told["username"], "ada", "{told}");
        // Somebody else's token is nobody's business.
        let foreign = stack.oauth("/oauth/introspect", board, &[("token", &token)]).await.expect(200);
        assert_eq!(foreign.text, r#"{"active":false}"#);
    }
    let cut = &session.access_token()[1..];
    for token in ["x", cut, &"x".repeat(20_000)] {
        let unknown = stack.oauth("/oauth/introspect", gateway, &[("token", token)]).await.expect(200);
        assert_eq!(unknown.text, r#"{"active":false}"#);
    }
}
