//! Threat 26: whoever is disabled or deleted over OCS is refused everywhere, whatever they hold.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::SCOPE;
use crate::stack::{Person, Stack, Topology, Triple, settled};

/// What somebody holds who has signed in everywhere.
struct Held {
    person: Person,
    /// As an agent.
    triple: Triple,
    /// Of the SeaTable dialect.
    account: String,
    /// By token exchange.
    own: String,
    refresh: String,
    /// By an application.
    delegated: String,
}

impl Held {
    /// Signs in everywhere, and makes every service know what that gave.
    async fn by(stack: &Stack, person: &Person) -> Self {
        let (triple, account) = (stack.agent_sign_in(person).await, stack.account_token(person).await);
        let session = stack.sign_in(person, SCOPE).await.expect(200);
        let delegated = stack.application_token(&stack.declared.booking, person).await;
        let (own, refresh) = (session.access_token(), session.refresh_token());
        let held = Self { person: person.clone(), triple, account, own, refresh, delegated };
        held.works(stack).await;
        held
    }

    /// Asserts that everything is taken, except the refresh token, which is left as it is.
    async fn works(&self, stack: &Stack) {
        stack.bases_get(&self.account, "/workspaces/").await.expect(200);
        stack.account_info(&self.account).await.expect(200);
        stack.ocs_self(&self.person).await.expect(200);
        stack.rooms_as_agent(&self.triple).await.expect(200);
        for token in [&self.own, &self.delegated] {
            stack.call(token, Method::GET, "/rooms").await.expect(200);
        }
    }

    /// Asserts that nothing is taken within the bound of `since`, and at the auth server now.
    async fn refused(&self, stack: &Stack, since: Instant, account_status: u16) {
        let told = stack.refresh(&self.refresh).await;
        told.expect_error(400, "invalid_grant");
        stack.as_agent(&self.triple, Method::GET, "/auth/validate_token").await.expect(401);
        stack.account_info(&self.account).await.expect(account_status);
        stack.sign_in(&self.person, SCOPE).await.expect_error(400, "invalid_grant");
        stack.try_seatable_sign_in(&self.person).await.expect(400);
        for token in [&self.own, &self.delegated] {
            assert!(!stack.is_active(token).await);
        }
        let bases = settled("Account-Token", since, account_status, || {
            stack.bases_get(&self.account, "/workspaces/")
        });
        let basic = settled("Basic over OCS", since, 401, || stack.ocs_self(&self.person));
        let rooms =
            |token| settled("access token", since, 401, move || stack.call(token, Method::GET, "/rooms"));
        bases.await;
        basic.await;
        stack.refused_everywhere(&self.triple, since, "a device session").await;
        rooms(&self.own).await;
        rooms(&self.delegated).await;
    }
}

#[rstest]
#[tokio::test]
async fn threat_26_whoever_is_disabled_over_ocs_is_refused_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = &stack.declared.ada;
    let (held, bystander) = (Held::by(&stack, ada).await, Held::by(&stack, &stack.declared.bob).await);
    let (_, program) = stack.app_password("ada", "sync");
    stack.ocs_self(&program).await.expect(200);
    let bearer = || stack.send(by_bearer(&stack, &program));
    bearer().await.expect(200);
    stack.as_agent(&held.triple, Method::GET, "/absences").await.expect(200);

    stack.as_root(Method::PUT, "/cloud/users/ada/disable", &json!({})).await;
    let since = Instant::now();
    settled("app password, Basic", since, 401, || stack.ocs_self(&program)).await;
    settled("app password, Bearer", since, 401, bearer).await;
    held.refused(&stack, since, 403).await;
    bystander.works(&stack).await;

    stack.as_root(Method::PUT, "/cloud/users/ada/enable", &json!({})).await;
    let since = Instant::now();
    settled("Account-Token again", since, 200, || stack.bases_get(&held.account, "/workspaces/")).await;
    settled("Basic again", since, 200, || stack.ocs_self(ada)).await;
    settled("app password again", since, 200, bearer).await;
    stack.settles(&held.own, 200).await;
    stack.refresh(&held.refresh).await.expect(200);
    // What a device held is gone for good.
    stack.as_agent(&held.triple, Method::GET, "/auth/validate_token").await.expect(401);
    stack.agent_sign_in(ada).await;
}

/// Nothing of somebody who is gone opens anything, not even for whoever gets their name and address next.
#[rstest]
#[tokio::test]
async fn threat_26_whoever_is_deleted_over_ocs_is_refused_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let carla = stack.newcomer("carla");
    stack.hire(&carla).await;
    let held = Held::by(&stack, &carla).await;
    stack.call(&held.delegated, Method::POST, "/rooms").await.expect(201);
    let ada = stack.account_token(&stack.declared.ada).await;
    let base = stack.make_base(&held.account, "Mine").await;

    stack.as_root(Method::DELETE, "/cloud/users/carla", &json!({})).await;
    let since = Instant::now();
    held.refused(&stack, since, 401).await;
    let told = stack.bases_get(&held.account, "/workspaces/").await;
    told.expect_detail(401, "User inactive or deleted");
    let nobody = stack.application(&stack.declared.booking, &carla.email).await;
    assert!((400..500).contains(&nobody.status), "{nobody:?}");
    let left = stack.bases_get(&ada, &base.path("access-token/")).await;
    // It is theirs until the service hears of it, and then in the trash.
    assert!([403, 404].contains(&left.status), "{left:?}");

    // The name and the address are free, and what was theirs is nobody's.
    let next = stack.newcomer("carla");
    stack.hire(&next).await;
    let again = Held::by(&stack, &next).await;
    assert_ne!(again.account, held.account);
    assert_eq!(stack.call(&again.delegated, Method::GET, "/rooms").await.expect(200).json()["count"], 0);
    let left = stack.bases_get(&again.account, &base.path("access-token/")).await;
    assert!([403, 404].contains(&left.status), "{left:?}");
    held.refused(&stack, Instant::now(), 401).await;
    again.works(&stack).await;
}

/// Where an app password is taken it is remembered for a while, but not after it was revoked.
#[rstest]
#[tokio::test]
async fn threat_26_a_revoked_app_password_is_refused_over_ocs(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ((sync, program), (_, other)) =
        (stack.app_password("ada", "sync"), stack.app_password("ada", "phone"));
    let bearer = || stack.send(by_bearer(&stack, &program));
    let basic = || stack.ocs_self(&program);
    basic().await.expect(200);
    bearer().await.expect(200);
    let left = [&other, &stack.declared.ada];
    for person in left {
        stack.ocs_self(person).await.expect(200);
    }
    stack.tessera(&["user", "app-password", "revoke", "ada", &sync]).expect(0);
    let since = Instant::now();
    settled("Basic", since, 401, basic).await;
    settled("Bearer", since, 401, bearer).await;
    for person in left {
        stack.ocs_self(person).await.expect(200);
    }
    // A new password ends what was remembered of the old one, and no app password.
    let password = crate::stack::new_secret();
    let changed = Person { password, ..stack.declared.ada.clone() };
    for name in [changed.login, &changed.email] {
        stack.watch.note_pair(name, &changed.password);
    }
    let change = json!({ "key": "password", "value": changed.password });
    stack.as_root(Method::PUT, "/cloud/users/ada", &change).await;
    let since = Instant::now();
    settled("the old password", since, 401, || stack.ocs_self(&stack.declared.ada)).await;
    settled("the new password", since, 200, || stack.ocs_self(&changed)).await;
    stack.ocs_self(&other).await.expect(200);
}

fn by_bearer(stack: &Stack, program: &Person) -> reqwest::RequestBuilder {
    stack.bare_ocs_request(Method::GET, "/cloud/user").bearer_auth(&program.password)
}

/// What was done over OCS holds there at once, whether the feed has told one half of it, both, or nothing yet.
#[tokio::test]
async fn whoever_is_enabled_here_is_let_in_here_at_once() {
    let stack = Stack::start(Topology::Separate).await;
    let carla = stack.newcomer("carla");
    stack.hire(&carla).await;
    for round in 0..24 {
        stack.as_root(Method::PUT, "/cloud/users/carla/disable", &json!({})).await;
        stack.ocs_self(&carla).await.expect(401);
        tokio::time::sleep(Duration::from_millis(round * 15)).await;
        stack.as_root(Method::PUT, "/cloud/users/carla/enable", &json!({})).await;
        stack.ocs_self(&carla).await.expect(200);
    }
}
