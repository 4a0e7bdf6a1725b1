//! Bases: whoever is signed in, a script and a link get at their tokens, which a data plane verifies by itself.

mod durability;
mod ending;
mod outage;
mod replicas;

use auth_claims::base_token::{Access, BaseTokenRefusal, BaseTokenVerifier};
use auth_claims::clock::Clock;
use reqwest::Method;
use rstest::rstest;

use crate::stack::{Stack, Topology};

/// An account, a script that holds an API-Token, one that holds a temporary one, and anybody with a link: each gets a
/// Base-Token, and the key that is shared verifies it.
#[rstest]
#[tokio::test]
async fn every_way_leads_to_a_base_token(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let account = stack.account_token(&stack.declared.ada).await;
    let internal = stack.account_info(&account).await.expect(200).text_of("email");
    let base = stack.make_base(&account, "Stock Room").await;
    let script = stack.api_token(&account, &base, "stock-sync", "rw").await;
    let reader = stack.api_token(&account, &base, "reader", "r").await;
    let temporary = stack.bases_get(&account, &base.path("temp-api-token/")).await.expect(200);
    let link = stack.external_link(&account, &base).await;
    let (shared, other) = (verifier(&stack.declared.base_key), verifier(&stack.declared.desk_secret));
    for (answer, who, writes) in [
        (stack.exchange_api_token(&script).await, "stock-sync", true),
        (stack.exchange_api_token(&reader).await, "reader", false),
        (stack.exchange_api_token(&temporary.text_of("api_token")).await, internal.as_str(), true),
        (stack.bases_get(&account, &base.path("access-token/")).await, internal.as_str(), true),
        (stack.exchange_link(&link).await, "", false),
    ] {
        let token = answer.expect(200).access_token();
        let authorization = format!("Token {token}");
        let verify = |with: &BaseTokenVerifier, base: &str, access| {
            with.verify(Some(&authorization), base, access).map(|access| access.attribution().to_owned())
        };
        assert_eq!(verify(&shared, &base.uuid, Access::Read).as_deref(), Ok(who));
        let written = if writes { Ok(who.to_owned()) } else { Err(BaseTokenRefusal::ReadOnly) };
        assert_eq!(verify(&shared, &base.uuid, Access::Write), written);
        assert_eq!(verify(&other, &base.uuid, Access::Read), Err(BaseTokenRefusal::Denied));
        let elsewhere = "00000000-0000-4000-8000-000000000000";
        assert_eq!(verify(&shared, elsewhere, Access::Read), Err(BaseTokenRefusal::Denied));
        // The service itself takes it where it is meant to be taken, and no Account-Token there.
        let related = format!("/dtables/{}/related-users/", base.uuid);
        // Anybody with a link is told of nobody.
        stack.bases_get(&token, &related).await.expect(if who.is_empty() { 403 } else { 200 });
        stack.bases_get(&account, &related).await.expect(403);
        stack.bases_get(&token, "/workspaces/").await.expect_detail(401, "Invalid token");
    }
    // What is deleted opens nothing any more, from the answer on.
    let gone = stack.bases_request(&account, Method::DELETE, &base.path("api-tokens/stock-sync/"));
    stack.send(gone).await.expect(200);
    assert_eq!(
        stack.exchange_api_token(&script).await.expect(403).text_of("error_msg"),
        "Permission denied."
    );
    stack.exchange_api_token(&reader).await.expect(200);
}

fn verifier(key: &str) -> BaseTokenVerifier {
    BaseTokenVerifier::shared(key.as_bytes(), Clock::system())
}

/// An Account-Token opens what is its own: no token of another kind stands in for it, and none opens somebody else's base.
#[rstest]
#[tokio::test]
async fn each_token_is_good_for_its_own(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let ada = stack.account_token(&stack.declared.ada).await;
    let bob = stack.account_token(&stack.declared.bob).await;
    let base = stack.make_base(&ada, "Stock Room").await;
    let script = stack.api_token(&ada, &base, "stock-sync", "rw").await;
    for path in ["api-tokens/", "external-links/", "access-token/", "temp-api-token/"] {
        stack.bases_get(&bob, &base.path(path)).await.expect(403);
        stack.bases_get(&script, &base.path(path)).await.expect_detail(401, "Invalid token");
    }
    stack.exchange_api_token(&ada).await.expect(403);
    // A JWT about a person is as good as an Account-Token where its audience and scope are right.
    let rooms = stack.sign_in(&stack.declared.ada, "lasuite_visio").await.expect(200).access_token();
    stack.bases_get(&rooms, "/workspaces/").await.expect_detail(401, "Invalid token");
    // Whoever has only a client's credentials is nobody here.
    stack.send(stack.http.get(stack.bases_url("/workspaces/"))).await.expect(403);
}
