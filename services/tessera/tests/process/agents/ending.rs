//! Threat 26: a device session that has ended is refused by the auth server at once, and by every other process within
//! the bound, whatever ended it.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::expect_nobody;
use crate::stack::{Gate, Person, Plan, Stack, Topology, Triple, new_secret, settled};

/// Makes every service know and remember a triple.
async fn use_everywhere(stack: &Stack, triple: &Triple) {
    stack.as_agent(triple, Method::GET, "/auth/validate_token").await.expect(200);
    stack.as_agent(triple, Method::GET, "/absences").await.expect(200);
    stack.rooms_as_agent(triple).await.expect(200);
}

/// Asserts that the auth server refuses a triple now.
async fn refused_at_once(stack: &Stack, triple: &Triple) {
    stack.as_agent(triple, Method::GET, "/auth/validate_token").await.expect(401);
    stack.as_agent(triple, Method::DELETE, "/auth/sign_out").await.expect(404);
}

#[rstest]
#[tokio::test]
async fn threat_26_a_second_sign_in_ends_the_first_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let first = stack.agent_sign_in(&stack.declared.ada).await;
    let bystander = stack.agent_sign_in(&stack.declared.bob).await;
    for triple in [&first, &bystander] {
        use_everywhere(&stack, triple).await;
    }
    // A sign-in that fails ends nothing.
    stack.try_agent_sign_in(&first.uid, "a wrong password").await.expect(401);
    use_everywhere(&stack, &first).await;

    let second = stack.agent_sign_in(&stack.declared.ada).await;
    let since = Instant::now();
    refused_at_once(&stack, &first).await;
    stack.refused_everywhere(&first, since, "a second sign-in").await;
    assert_ne!(first.client, second.client);
    for triple in [&second, &bystander] {
        use_everywhere(&stack, triple).await;
    }

    // Nor is it forgotten by a service that has just started.
    stack.agenda().kill();
    stack.agenda().start().await;
    expect_nobody(&stack.as_agent(&first, Method::GET, "/absences").await);
    use_everywhere(&stack, &second).await;
}

#[rstest]
#[tokio::test]
async fn threat_26_a_sign_out_ends_the_session_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let triple = stack.agent_sign_in(&stack.declared.ada).await;
    use_everywhere(&stack, &triple).await;
    let out = stack.as_agent(&triple, Method::DELETE, "/auth/sign_out").await.expect(200);
    let since = Instant::now();
    assert_eq!((out.json(), Triple::of(&out)), (json!({ "success": true }), None), "{out:?}");
    refused_at_once(&stack, &triple).await;
    stack.refused_everywhere(&triple, since, "a sign-out").await;
    let again = stack.agent_sign_in(&stack.declared.ada).await;
    use_everywhere(&stack, &again).await;
}

/// The operator's switch, while everything serves. What it ended stays ended.
#[rstest]
#[tokio::test]
async fn threat_26_a_disabled_agent_is_refused_everywhere(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (ada, bystander) = (&stack.declared.ada, stack.agent_sign_in(&stack.declared.bob).await);
    let triple = stack.agent_sign_in(ada).await;
    use_everywhere(&stack, &triple).await;
    stack.tessera(&["user", "disable", &ada.email]).expect(0);
    let since = Instant::now();
    refused_at_once(&stack, &triple).await;
    stack.refused_everywhere(&triple, since, "a disabled account").await;
    let refused = stack.try_agent_sign_in(&ada.email, &ada.password).await.expect(401);
    assert_eq!(Triple::of(&refused), None, "{refused:?}");
    use_everywhere(&stack, &bystander).await;
    let seen = stack.as_agent(&bystander, Method::GET, "/agents").await.expect(200).json();
    assert_eq!(seen["agents"].as_array().map(Vec::len), Some(1), "{seen}");

    stack.tessera(&["user", "enable", &ada.email]).expect(0);
    refused_at_once(&stack, &triple).await;
    let again = stack.agent_sign_in(ada).await;
    // The services hear of it as late as they heard of the disabling, and each by itself.
    let since = Instant::now();
    settled("the agenda, enabled", since, 200, || stack.as_agent(&again, Method::GET, "/absences")).await;
    settled("rooms, enabled", since, 200, || stack.rooms_as_agent(&again)).await;
    use_everywhere(&stack, &again).await;
}

/// A new password by the operator's hand ends every device, and the old password signs nobody in.
#[rstest]
#[tokio::test]
async fn threat_26_a_new_password_by_the_operator_ends_every_device(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let ada = &stack.declared.ada;
    let triple = stack.agent_sign_in(ada).await;
    use_everywhere(&stack, &triple).await;
    let changed = Person { password: new_secret(), ..ada.clone() };
    stack.watch.note_pair(&changed.email, &changed.password);
    stack.tessera_reading(&["user", "set-password", "ada"], &changed.password).expect(0);
    let since = Instant::now();
    refused_at_once(&stack, &triple).await;
    stack.refused_everywhere(&triple, since, "a new password").await;
    stack.try_agent_sign_in(&ada.email, &ada.password).await.expect(401);
    // Even in the second of the change, whose tokens could not be told from those before it.
    let again = stack.agent_sign_in(&changed).await;
    use_everywhere(&stack, &again).await;
}

/// While the feed keeps a restarted agenda waiting, it cannot know who has signed out, and lets nobody in.
#[tokio::test]
async fn threat_26_the_agenda_lets_nobody_in_before_the_feed_has_spoken() {
    let plan = Plan::new(Topology::Separate);
    let gate = Gate::before(&plan.issuer()).await;
    let mut stack = plan.agenda("TESSERA_AUTHORITY__URL", gate.origin()).start().await;
    let out = stack.agent_sign_in(&stack.declared.bob).await;
    let good = stack.agent_sign_in(&stack.declared.ada).await;
    for triple in [&out, &good] {
        use_everywhere(&stack, triple).await;
    }
    stack.agenda().kill();
    gate.close();
    stack.as_agent(&out, Method::DELETE, "/auth/sign_out").await.expect(200);
    stack.agenda().begin();
    let alive = stack.agenda().management_url("/livez");
    stack.agenda().running().wait_until_ok(&alive).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        let answer = stack.as_agent(&out, Method::GET, "/absences").await;
        assert!([401, 503].contains(&answer.status), "{answer:?}");
        let answer = stack.as_agent(&good, Method::GET, "/absences").await;
        assert_eq!(answer.status, 503, "before the feed has spoken: {answer:?}");
        // What is signed out is a guess like any other, and of those an address has 300 a minute.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gate.open();
    stack.agenda().ready().await;
    use_everywhere(&stack, &good).await;
    expect_nobody(&stack.as_agent(&out, Method::GET, "/absences").await);
}

/// An agent changes the password on one device: that one stays signed in, the others do not.
#[rstest]
#[tokio::test]
async fn threat_26_a_password_change_ends_the_other_devices(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let plan = Plan::new(topology).auth("TESSERA_AUTH__RDV__SESSIONS__MAX_CLIENTS", "2");
    let stack = plan.start().await;
    let ada = &stack.declared.ada;
    let (office, home) = (stack.agent_sign_in(ada).await, stack.agent_sign_in(ada).await);
    for triple in [&office, &home] {
        use_everywhere(&stack, triple).await;
    }
    let password = format!("{}-Neuf", new_secret());
    stack.watch.note_pair(&ada.email, &password);
    let change = json!({ "password": password, "password_confirmation": password });
    let change = stack.agent_request(&office, Method::PUT, "/auth/password").json(&change);
    let changed = stack.send(change).await.expect(200);
    let since = Instant::now();
    assert_eq!(Triple::of(&changed), Some(office.clone()), "{changed:?}");
    refused_at_once(&stack, &home).await;
    stack.refused_everywhere(&home, since, "a password change").await;
    use_everywhere(&stack, &office).await;
    stack.try_agent_sign_in(&ada.email, &ada.password).await.expect(401);
    stack.try_agent_sign_in(&ada.email, &password).await.expect(200);
}
