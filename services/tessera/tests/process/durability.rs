//! What was acknowledged is there after a power cut.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Plan, Stack, Topology};

const ROOMS: usize = 1000;
const CONNECTIONS: usize = 16;
/// Acknowledged when the power goes.
const KILL_AFTER: usize = 300;

/// A thousand rooms are being made when the service is killed: every one that was answered 201 is there afterwards, and
/// nothing that was not asked for.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_room_survives_a_kill(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let plan = Plan::new(topology).auth("TESSERA_LOG__LEVEL", "info").rooms("TESSERA_LOG__LEVEL", "info");
    let mut stack = plan.start().await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;

    let (asked, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let makers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            // One connection each.
            let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().unwrap();
            let request = http.post(stack.rooms_url("/rooms")).bearer_auth(&token);
            tokio::spawn(make_rooms(request, Arc::clone(&asked), Arc::clone(&acknowledged)))
        })
        .collect();
    while acknowledged.load(Ordering::Acquire) < KILL_AFTER {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    stack.rooms().kill();
    let mut made = HashSet::new();
    for maker in makers {
        made.extend(maker.await.unwrap());
    }
    assert!(made.len() < ROOMS, "the power went only after everything was done");

    stack.rooms().start().await;
    let found = list_all(&stack, &token).await;
    let lost: Vec<_> = made.difference(&found).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged rooms are lost: {lost:?}", lost.len(), made.len());
    assert!(found.len() <= made.len() + CONNECTIONS, "{} rooms of {}", found.len(), made.len());
    println!("{} acknowledged, {} found", made.len(), found.len());
    // And it goes on.
    stack.call(&token, Method::POST, "/rooms").await.expect(201);
}

/// Makes rooms until there are enough or the server is gone; the ids of those that were acknowledged.
async fn make_rooms(
    request: reqwest::RequestBuilder,
    asked: Arc<AtomicUsize>,
    acknowledged: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut made = Vec::new();
    while asked.fetch_add(1, Ordering::AcqRel) < ROOMS {
        let Ok(response) = request.try_clone().unwrap().send().await else { break };
        let status = response.status();
        // The status alone is an acknowledgement, but without the body nobody knows of what.
        let Ok(body) = response.json::<Value>().await else { break };
        assert_eq!(status, 201, "{body}");
        made.push(body["id"].as_str().unwrap().to_owned());
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
    made
}

/// The ids of every room, page by page as the links lead.
async fn list_all(stack: &Stack, token: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut url = Some(stack.rooms_url("/rooms?page_size=100"));
    while let Some(next) = url {
        let page = stack.send(stack.http.get(next).bearer_auth(token)).await.expect(200).json();
        for room in page["results"].as_array().unwrap() {
            assert!(found.insert(room["id"].as_str().unwrap().to_owned()), "{room} is on two pages");
        }
        url = page["next"].as_str().map(str::to_owned);
    }
    found
}
