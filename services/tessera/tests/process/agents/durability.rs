//! What an agent was told has happened is there after a power cut.

use std::collections::BTreeSet;

use reqwest::Method;
use rstest::rstest;

use crate::stack::{Makers, Plan, Stack, Topology, Triple, acknowledged};

const CONNECTIONS: usize = 8;
/// Acknowledged when the power goes.
const KILL_AFTER: usize = 80;

/// Somebody has just signed in, and absences are being made, when everything is killed.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_sign_in_and_absence_survives_a_kill(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let plan = Plan::new(topology).auth("TESSERA_LOG__LEVEL", "info").agenda("TESSERA_LOG__LEVEL", "info");
    let mut stack = plan.start().await;
    let triple = stack.agent_sign_in(&stack.declared.ada).await;
    let request = stack.new_absence(&triple, &stack.declared.bob, "Formation");
    let makers = Makers::start(CONNECTIONS, &request, |request, _| async {
        let made = acknowledged(request, 200).await?;
        Some(made["absence"]["id"].as_i64().unwrap())
    });
    makers.reach(KILL_AFTER).await;
    let late = stack.agent_sign_in(&stack.declared.bob).await;
    // Whoever acknowledges goes before the auth server, without which it would refuse in good order.
    for unit in stack.units().collect::<Vec<_>>().into_iter().rev() {
        unit.kill();
    }
    let made: BTreeSet<_> = makers.made().await.into_iter().collect();

    for unit in stack.units() {
        unit.start().await;
    }
    for triple in [&triple, &late] {
        let valid = stack.as_agent(triple, Method::GET, "/auth/validate_token").await.expect(200);
        assert_eq!(Triple::of(&valid).as_ref(), Some(triple), "{valid:?}");
    }
    let found = list_all(&stack, &late).await;
    let lost: Vec<_> = made.difference(&found).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged absences are lost: {lost:?}", lost.len(), made.len());
    assert!(found.len() <= made.len() + CONNECTIONS, "{} absences of {}", found.len(), made.len());
    println!("{} acknowledged, {} found", made.len(), found.len());
    stack.send(stack.new_absence(&triple, &stack.declared.ada, "Et puis")).await.expect(200);
}

/// The ids of every absence, page by page.
async fn list_all(stack: &Stack, triple: &Triple) -> BTreeSet<i64> {
    let (mut found, mut page) = (BTreeSet::new(), Some(1));
    while let Some(number) = page {
        let path = format!("/absences?page={number}");
        let answer = stack.as_agent(triple, Method::GET, &path).await.expect(200).json();
        for absence in answer["absences"].as_array().unwrap() {
            assert!(found.insert(absence["id"].as_i64().unwrap()), "{absence} is on two pages");
        }
        page = answer["meta"]["next_page"].as_i64();
    }
    found
}
