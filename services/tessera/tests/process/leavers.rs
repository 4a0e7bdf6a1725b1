//! Deleting an account removes what belongs to it in the databases of other services too, whether they run or not.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Answer, Stack, Topology};

/// From the moment when a service hears of it, or is ready again.
const SECONDS: Duration = Duration::from_secs(20);

/// Somebody's things, and how others get to them.
struct Things {
    own_room: String,
    run_room: String,
    api_token: String,
    link: String,
}

/// Rooms of ada, one of which bob administers, and a base with what opens it.
async fn things(stack: &Stack, bob: &str) -> Things {
    let declared = &stack.declared;
    let ada = stack.application_token(&declared.booking, &declared.ada).await;
    let own_room = stack.call(&ada, Method::POST, "/rooms").await.expect(201).text_of("id");
    let run_room = stack.call(&ada, Method::POST, "/rooms").await.expect(201).text_of("id");
    let invitation = json!({ "email": declared.bob.email, "role": "administrator" });
    let request = stack.request(&ada, Method::POST, &format!("/rooms/{run_room}/attendees"));
    stack.send(request.json(&invitation)).await.expect(201);
    stack.call(bob, Method::GET, &format!("/rooms/{run_room}")).await.expect(200);
    stack.call(bob, Method::GET, &format!("/rooms/{own_room}")).await.expect(403);
    let account_token = stack.account_token(&declared.ada).await;
    let base = stack.make_base(&account_token, "Stock").await;
    let api_token = stack.api_token(&account_token, &base, "sync", "rw").await;
    let link = stack.external_link(&account_token, &base).await;
    stack.exchange_api_token(&api_token).await.expect(200);
    stack.exchange_link(&link).await.expect(200);
    Things { own_room, run_room, api_token, link }
}

async fn until<F: Future<Output = Answer>>(what: &str, status: u16, ask: impl Fn() -> F) {
    let start = Instant::now();
    loop {
        let answer = ask().await;
        if answer.status == status {
            return;
        }
        assert!(start.elapsed() < SECONDS, "{what}: still {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Stack {
    /// Everything of ada's is gone, and bob owns what he has run.
    async fn has_cleared(&self, bob: &str, things: &Things) {
        let own = format!("/rooms/{}", things.own_room);
        until("ada's own room", 404, || self.call(bob, Method::GET, &own)).await;
        until("ada's API-Token", 403, || self.exchange_api_token(&things.api_token)).await;
        assert_ne!(self.exchange_link(&things.link).await.status, 200);
        let attendees = format!("/rooms/{}/attendees", things.run_room);
        let list = self.call(bob, Method::GET, &attendees).await.expect(200).json();
        assert_eq!((&list["count"], &list["results"][0]["role"]), (&json!(1), &json!("owner")), "{list}");
        let trash = self.tessera(&["base", "list", "--trash", "--json"]).expect(0).json();
        assert!(trash.to_string().contains("Stock"), "{trash}");
    }
}

/// Over OCS, while everything runs.
#[rstest]
#[tokio::test]
async fn a_deleted_account_is_cleared_everywhere_within_seconds(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let bob = stack.application_token(&stack.declared.booking, &stack.declared.bob).await;
    let things = things(&stack, &bob).await;
    stack.as_root(Method::DELETE, "/cloud/users/ada", &json!({})).await;
    stack.has_cleared(&bob, &things).await;
    let audit = stack.tessera(&["audit", "list", "--action", "account.delete", "--json"]).expect(0).json();
    assert!(audit.to_string().contains("account_tokens"), "the trail says what has gone: {audit}");
}

/// Services that are down at that moment, or go down right after it, catch up when they start.
#[rstest]
#[tokio::test]
async fn threat_26_a_deleted_account_is_cleared_by_services_that_were_down(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let bob = stack.application_token(&stack.declared.booking, &stack.declared.bob).await;
    let things = things(&stack, &bob).await;
    if topology == Topology::Separate {
        stack.rooms().kill();
        stack.bases().kill();
        stack.as_root(Method::DELETE, "/cloud/users/ada", &json!({})).await;
        stack.rooms().start().await;
        stack.bases().start().await;
    } else {
        stack.as_root(Method::DELETE, "/cloud/users/ada", &json!({})).await;
        stack.auth().kill();
        stack.auth().start().await;
    }
    stack.has_cleared(&bob, &things).await;
    // And once more, with nothing left to do.
    stack.rooms().kill();
    stack.rooms().start().await;
    stack.has_cleared(&bob, &things).await;
}
