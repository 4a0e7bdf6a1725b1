//! Two processes that start at the same time on an empty database agree on the keys that they find there afterwards.

use rstest::rstest;

use crate::stack::{Answer, BASES, Plan, Stack, Topology};

/// With a key that is shared, and with keys that are published.
#[rstest]
#[tokio::test]
async fn replicas_agree_on_the_keys_of_their_first_start(#[values("shared", "es256")] signing: &str) {
    let plan = Plan::new(Topology::Separate).bases("TESSERA_BASES__TOKENS__SIGNING", signing);
    let (plan, other) = plan.with_bases_twice();
    let mut stack = plan.start().await;
    let one = stack.bases().origin();
    let account = stack.account_token(&stack.declared.ada).await;
    let base = stack.make_base(&account, "Stock Room").await;
    let script = stack.api_token(&account, &base, "stock-sync", "rw").await;
    let related = format!("/dtables/{}/related-users/", base.uuid);
    for (issuer, verifier) in [(&one, &other), (&other, &one)] {
        // The API-Token is found by a MAC, the temporary one is verified by a key: both are the other's, too.
        let temporary = get(&stack, issuer, &account, &base.path("temp-api-token/")).await.expect(200);
        let temporary = temporary.text_of("api_token");
        for token in [&script, &temporary] {
            let base_token = get(&stack, issuer, token, "/dtable/app-access-token/").await.expect(200);
            get(&stack, verifier, &base_token.access_token(), &related).await.expect(200);
        }
        get(&stack, verifier, &temporary, "/dtable/app-access-token/").await.expect(200);
    }
    let published = [&one, &other].map(|origin| get(&stack, origin, &account, "/dtable/jwks.json"));
    let [one, other] = published;
    let (one, other) = (one.await, other.await);
    assert_eq!(one.status, if signing == "es256" { 200 } else { 404 }, "{one:?}");
    if signing == "es256" {
        assert_eq!(one.json(), other.json());
        assert_eq!(one.json()["keys"].as_array().map(Vec::len), Some(1), "{one:?}");
    }
}

async fn get(stack: &Stack, origin: &str, token: &str, path: &str) -> Answer {
    let request = stack.http.get(format!("{origin}{BASES}{path}"));
    stack.send(request.header("Authorization", format!("Token {token}"))).await
}
