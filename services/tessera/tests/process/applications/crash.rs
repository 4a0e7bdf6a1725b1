//! A power cut between what the auth server was told and the commit is put right.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;

use super::switched;
use crate::stack::{DESK_APPLICATION, Gate, Plan, Stack, Topology};

/// How long a repair may take: the service repairs at its start and every few seconds.
const REPAIR: Duration = Duration::from_secs(20);
/// So often the power goes.
const CUTS: u64 = 6;

/// The auth server was told to refuse, its answer never arrived, and the service is killed: what its database says holds.
#[tokio::test]
async fn a_kill_between_the_auth_server_and_the_commit_is_repaired() {
    let plan = Plan::new(Topology::Separate);
    let gate = Gate::before(&plan.issuer()).await;
    let mut stack = plan.applications("TESSERA_AUTHORITY__URL", gate.origin()).start().await;
    let (desk, crm) = (stack.declared.desk.clone(), stack.client_token(&stack.declared.crm).await);
    stack.call_application(&crm, Method::GET, DESK_APPLICATION).await.expect(200);
    gate.hold_answers();
    let change = stack.http.put(stack.applications_url(DESK_APPLICATION)).bearer_auth(&crm);
    let change = tokio::spawn(change.json(&switched(true)).send());
    let start = Instant::now();
    while stack.own_token(&desk).await.status == 200 {
        assert!(start.elapsed() < Duration::from_secs(4), "the auth server is not told");
    }
    stack.applications().kill();
    assert!(change.await.unwrap().is_err(), "nobody was answered");
    stack.own_token(&desk).await.expect_error(400, "invalid_grant");
    gate.let_answers_through();
    stack.applications().start().await;
    agreement(&stack, &crm).await;
    let read = stack.call_application(&crm, Method::GET, DESK_APPLICATION).await.expect(200).json();
    assert_eq!((&read["disabled"], &read["version"]), (&false.into(), &0.into()));
    stack.own_token(&desk).await.expect(200);
}

/// Somebody switches on and off while the power goes: afterwards both sides agree, and on what was answered last, or held
/// before if nothing was, unless more was under way.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_power_goes_both_sides_agree_afterwards(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let crm = stack.client_token(&stack.declared.crm).await;
    let mut before = false;
    for cut in 1..=CUTS {
        let request = stack.http.put(stack.applications_url(DESK_APPLICATION)).bearer_auth(&crm);
        let switching = tokio::spawn(switch_until_it_is_gone(request));
        tokio::time::sleep(Duration::from_millis(60 * cut + 7)).await;
        stack.applications().kill();
        let (answered, under_way) = switching.await.unwrap();
        stack.applications().start().await;
        let disabled = agreement(&stack, &crm).await;
        let known = answered.unwrap_or(before);
        assert!(
            known == disabled || under_way == disabled,
            "{before}, {answered:?}, {under_way}: {disabled}"
        );
        before = disabled;
    }
}

/// Switches off and on; what was answered last, and what was asked last.
async fn switch_until_it_is_gone(request: reqwest::RequestBuilder) -> (Option<bool>, bool) {
    let (mut answered, mut disabled) = (None, true);
    while let Ok(response) = request.try_clone().unwrap().json(&switched(disabled)).send().await {
        assert_eq!(response.status(), 204);
        answered = Some(disabled);
        disabled = !disabled;
    }
    (answered, disabled)
}

/// Waits until the auth server refuses exactly what the application says; whether it is disabled.
async fn agreement(stack: &Stack, crm: &str) -> bool {
    let start = Instant::now();
    loop {
        let read = stack.call_application(crm, Method::GET, DESK_APPLICATION).await.expect(200).json();
        let disabled = read["disabled"].as_bool().unwrap();
        let refused = stack.own_token(&stack.declared.desk).await.status == 400;
        if refused == disabled {
            return disabled;
        }
        assert!(start.elapsed() < REPAIR, "refused: {refused}, disabled: {disabled}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
