//! What an agent was told has happened is there after a power cut.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Plan, Stack, Topology, Triple};

const ABSENCES: usize = 400;
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
    let (asked, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let makers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = stack.new_absence(&triple, &stack.declared.bob, "Formation");
            tokio::spawn(make(request, Arc::clone(&asked), Arc::clone(&acknowledged)))
        })
        .collect();
    while acknowledged.load(Ordering::Acquire) < KILL_AFTER {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let late = stack.agent_sign_in(&stack.declared.bob).await;
    for unit in stack.units() {
        unit.kill();
    }
    let mut made = BTreeSet::new();
    for maker in makers {
        made.extend(maker.await.unwrap());
    }
    assert!(made.len() < ABSENCES, "the power went only after everything was done");

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

/// Makes absences until there are enough or the server is gone; the ids of those that were acknowledged.
async fn make(
    request: reqwest::RequestBuilder,
    asked: Arc<AtomicUsize>,
    acknowledged: Arc<AtomicUsize>,
) -> Vec<i64> {
    let mut made = Vec::new();
    while asked.fetch_add(1, Ordering::AcqRel) < ABSENCES {
        let Ok(response) = request.try_clone().unwrap().send().await else { break };
        let status = response.status();
        // The status alone is an acknowledgement, but without the body nobody knows of what.
        let Ok(body) = response.json::<Value>().await else { break };
        assert_eq!(status, 200, "{body}");
        made.push(body["absence"]["id"].as_i64().unwrap());
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
    made
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
