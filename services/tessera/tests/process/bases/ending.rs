//! Threat 26: an Account-Token is refused when its account is, and members are out of a group's bases with their membership.

use std::time::Instant;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Stack, Topology, settled};

/// contracts/seatable-tokens.md §4.1: of a disabled account.
const DISABLED: &str = "Authentication credentials were not provided.";

#[rstest]
#[tokio::test]
async fn threat_26_a_disabled_accounts_token_is_refused_until_it_is_enabled(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let token = stack.account_token(&stack.declared.ada).await;
    let bystander = stack.account_token(&stack.declared.bob).await;
    let ask = || stack.bases_get(&token, "/workspaces/");
    for token in [&token, &bystander] {
        stack.bases_get(token, "/workspaces/").await.expect(200);
    }
    stack.tessera(&["user", "disable", "ada"]).expect(0);
    let since = Instant::now();
    settled("the account is disabled", since, 403, ask).await.expect_detail(403, DISABLED);
    stack.account_info(&token).await.expect_detail(403, DISABLED);
    let refused = stack.try_seatable_sign_in(&stack.declared.ada).await.expect(400);
    assert_eq!(refused.json(), json!({ "non_field_errors": ["User account is disabled."] }));
    ask().await.expect_detail(403, DISABLED);
    stack.bases_get(&bystander, "/workspaces/").await.expect(200);

    stack.tessera(&["user", "enable", "ada"]).expect(0);
    settled("the account is enabled", Instant::now(), 200, ask).await;
    stack.account_info(&token).await.expect(200);
    assert_eq!(stack.account_token(&stack.declared.ada).await, token);
}

#[rstest]
#[tokio::test]
async fn threat_26_a_revoked_account_token_is_refused(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let token = stack.account_token(&stack.declared.ada).await;
    let bystander = stack.account_token(&stack.declared.bob).await;
    let ask = || stack.bases_get(&token, "/workspaces/");
    for token in [&token, &bystander] {
        stack.bases_get(token, "/workspaces/").await.expect(200);
    }
    stack.tessera(&["user", "token", "revoke", "ada"]).expect(0);
    let since = Instant::now();
    settled("the token is revoked", since, 401, ask).await.expect_detail(401, "Invalid token");
    stack.account_info(&token).await.expect_detail(401, "Invalid token");
    // The next sign-in makes another one, which is good at once, and does not wake the first.
    let next = stack.account_token(&stack.declared.ada).await;
    assert_ne!(next, token);
    stack.bases_get(&next, "/workspaces/").await.expect(200);
    ask().await.expect_detail(401, "Invalid token");
    stack.bases_get(&bystander, "/workspaces/").await.expect(200);
}

/// Nothing is remembered of groups: from the answer on that ends a membership, the group's bases are closed.
#[rstest]
#[tokio::test]
async fn threat_26_whoever_leaves_a_group_loses_its_bases_at_once(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = stack.account_token(&stack.declared.ada).await;
    let bob = stack.account_token(&stack.declared.bob).await;
    let crew = stack.crew(&bob).await;
    let base = stack.make_group_base(&ada, crew, "Plan").await;
    let shared = stack.make_base(&ada, "Shared").await;
    let form = [("group_id", crew.to_string()), ("permission", "rw".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    stack.bases_post(&ada, &shared.path("group-shares/"), &form).await.expect(200);
    for round in 0..3 {
        opened(&stack, &bob, [&base, &shared], 200, true).await;
        let membership = json!({ "groupid": "crew" });
        stack.as_root(Method::DELETE, "/cloud/users/bob/groups", &membership).await;
        opened(&stack, &bob, [&base, &shared], 403, false).await;
        opened(&stack, &ada, [&base, &shared], 200, true).await;
        stack.as_root(Method::POST, "/cloud/users/bob/groups", &membership).await;
        println!("round {round}");
    }
    opened(&stack, &bob, [&base, &shared], 200, true).await;
}

/// Asserts that both bases answer somebody with this status, and whether the group's workspace is among theirs.
async fn opened(stack: &Stack, token: &str, bases: [&crate::stack::Base; 2], status: u16, listed: bool) {
    for base in bases {
        for path in ["access-token/", "temp-api-token/"] {
            stack.bases_get(token, &base.path(path)).await.expect(status);
        }
    }
    let list = stack.bases_get(token, "/workspaces/").await.expect(200);
    assert_eq!(list.text.contains("\"Plan\""), listed, "{list:?}");
    let groups = stack.bases_get(token, "/groups/").await.expect(200);
    assert_eq!(groups.text.contains("\"Crew\""), listed, "{groups:?}");
}
