//! While the auth server is away, scripts and links get their tokens as ever, and what depends on a group waits.

use std::time::Instant;

use crate::stack::{Answer, Stack, Topology, settled};

#[tokio::test]
async fn without_the_auth_server_scripts_and_links_go_on() {
    let mut stack = Stack::start(Topology::Separate).await;
    let token = stack.account_token(&stack.declared.ada).await;
    let base = stack.make_base(&token, "Stock Room").await;
    let crew = stack.crew(&token).await;
    let of_group = stack.make_group_base(&token, crew, "Plan").await;
    let mut scripts = Vec::new();
    for base in [&base, &of_group] {
        scripts.push(stack.api_token(&token, base, "stock-sync", "rw").await);
        let temporary = stack.bases_get(&token, &base.path("temp-api-token/")).await.expect(200);
        scripts.push(temporary.text_of("api_token"));
    }
    let links = [stack.external_link(&token, &base).await, stack.external_link(&token, &of_group).await];
    let unknown = stack.account_token(&stack.declared.bob).await;

    stack.auth().kill();
    for _ in 0..3 {
        for script in &scripts {
            stack.exchange_api_token(script).await.expect(200);
        }
        for link in &links {
            stack.exchange_link(link).await.expect(200);
        }
        for path in ["access-token/", "temp-api-token/", "api-tokens/"] {
            unavailable(&stack.bases_get(&token, &of_group.path(path)).await);
        }
        unavailable(&stack.bases_get(&token, "/workspaces/").await);
        unavailable(&stack.bases_get(&token, "/groups/").await);
        // Nor is anybody let in who was not known before.
        unavailable(&stack.bases_get(&unknown, &base.path("access-token/")).await);
    }
    stack.auth().start().await;
    let path = of_group.path("access-token/");
    let ask = || stack.bases_get(&token, &path);
    settled("the auth server is back", Instant::now(), 200, ask).await;
    stack.bases_get(&unknown, "/workspaces/").await.expect(200);
}

/// contracts/seatable-tokens.md: an object in any case.
#[track_caller]
fn unavailable(answer: &Answer) {
    assert_eq!((answer.status, answer.text_of("error_msg")), (503, "Service Unavailable".to_owned()));
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}
