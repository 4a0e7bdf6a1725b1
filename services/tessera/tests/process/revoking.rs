//! Threat 26: what is revoked is refused at once by the auth server, and within the bound by everybody else.

use reqwest::Method;
use rstest::rstest;

use crate::stack::{Stack, Topology};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

#[rstest]
#[tokio::test]
async fn threat_26_a_revoked_access_token_is_refused_and_its_siblings_are_not(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (booking, ada) = (&stack.declared.booking, &stack.declared.ada);
    let token = stack.application_token(booking, ada).await;
    let sibling = stack.application_token(booking, ada).await;
    // Both are known to the service, and would be answered from memory.
    for token in [&token, &sibling] {
        stack.call(token, Method::GET, "/rooms").await.expect(200);
    }
    stack.oauth("/oauth/revoke", &stack.declared.kiosk, &[("token", &token)]).await.expect(200);
    stack.call(&token, Method::GET, "/rooms").await.expect(200);

    let revoked = stack.oauth("/oauth/revoke", booking, &[("token", &token)]).await.expect(200);
    assert_eq!(revoked.text, "");
    assert!(!stack.is_active(&token).await, "the auth server knows at once");
    stack.settles(&token, 401).await.expect_detail(401, "Invalid token.");
    stack.call(&sibling, Method::GET, "/rooms").await.expect(200);
    assert!(stack.is_active(&sibling).await);
    // RFC 7009 §2.2: again, and for nonsense, the same answer.
    for token in [token.as_str(), "nonsense"] {
        stack.oauth("/oauth/revoke", booking, &[("token", token)]).await.expect(200);
    }
}

#[rstest]
#[tokio::test]
async fn threat_26_a_revoked_refresh_token_ends_the_session(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = &stack.declared.ada;
    let session = stack.sign_in(ada, SCOPE).await.expect(200);
    let other = stack.sign_in(ada, SCOPE).await.expect(200);
    let renewed = stack.refresh(&session.refresh_token()).await.expect(200);
    let tokens = [session.access_token(), renewed.access_token()];
    for token in &tokens {
        stack.call(token, Method::GET, "/rooms").await.expect(200);
    }
    let gateway = &stack.declared.gateway;
    stack.oauth("/oauth/revoke", gateway, &[("token", &renewed.refresh_token())]).await.expect(200);
    for token in [session.refresh_token(), renewed.refresh_token()] {
        stack.refresh(&token).await.expect_error(400, "invalid_grant");
    }
    for token in &tokens {
        assert!(!stack.is_active(token).await);
        stack.settles(token, 401).await.expect_detail(401, "Invalid token.");
    }
    stack.call(&other.access_token(), Method::GET, "/rooms").await.expect(200);
    stack.refresh(&other.refresh_token()).await.expect(200);
}

/// Threat 3: whoever shows a token that was replaced and whose successor was used ends the session, thief or not.
#[rstest]
#[tokio::test]
async fn threat_03_a_replayed_refresh_token_ends_the_session_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let first = stack.sign_in(&stack.declared.ada, SCOPE).await.expect(200);
    let second = stack.refresh(&first.refresh_token()).await.expect(200);
    let third = stack.refresh(&second.refresh_token()).await.expect(200);
    stack.call(&third.access_token(), Method::GET, "/rooms").await.expect(200);
    stack.refresh(&first.refresh_token()).await.expect_error(400, "invalid_grant");
    stack.refresh(&third.refresh_token()).await.expect_error(400, "invalid_grant");
    stack.settles(&third.access_token(), 401).await.expect_detail(401, "Invalid token.");
}

/// Threat 1: what belongs to one client is of no use to another.
#[rstest]
#[tokio::test]
async fn threat_01_a_refresh_token_belongs_to_its_client(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let made = stack.tessera(&[
        "client",
        "create",
        "--json",
        "--id",
        "thief",
        "--name",
        "Thief",
        "--grant",
        "refresh_token",
        "--grant",
        "client_credentials",
        "--scope",
        "lasuite_visio",
    ]);
    let secret = made.expect(0).json()["client_secret"].as_str().unwrap().to_owned();
    let thief = crate::stack::Credentials { id: "thief".to_owned(), secret };
    let session = stack.sign_in(&stack.declared.ada, SCOPE).await.expect(200);
    let token = session.refresh_token();
    let stolen = [("grant_type", "refresh_token"), ("refresh_token", &token)];
    stack.oauth("/oauth/token", &thief, &stolen).await.expect_error(400, "invalid_grant");
    stack.oauth("/oauth/revoke", &thief, &[("token", &token)]).await.expect(200);
    stack.refresh(&token).await.expect(200);
}
