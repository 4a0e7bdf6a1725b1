//! What was acknowledged is there after a power cut.

use std::collections::HashSet;

use reqwest::Method;
use rstest::rstest;

use crate::stack::{Makers, Plan, Stack, Topology, acknowledged};

const CONNECTIONS: usize = 16;
/// Acknowledged when the power goes.
const KILL_AFTER: usize = 300;

/// Rooms are being made when the service is killed: every one that was answered 201 is there afterwards, and
/// nothing that was not asked for.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_room_survives_a_kill(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let plan = Plan::new(topology).auth("TESSERA_LOG__LEVEL", "info").rooms("TESSERA_LOG__LEVEL", "info");
    let mut stack = plan.start().await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(stack.rooms_url("/rooms")).bearer_auth(&token);
    let makers = Makers::start(CONNECTIONS, &request, |request, _| async {
        let room = acknowledged(request, 201).await?;
        Some(room["id"].as_str().unwrap().to_owned())
    });
    makers.reach(KILL_AFTER).await;
    stack.rooms().kill();
    let made: HashSet<_> = makers.made().await.into_iter().collect();

    stack.rooms().start().await;
    let found = list_all(&stack, &token).await;
    let lost: Vec<_> = made.difference(&found).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged rooms are lost: {lost:?}", lost.len(), made.len());
    assert!(found.len() <= made.len() + CONNECTIONS, "{} rooms of {}", found.len(), made.len());
    println!("{} acknowledged, {} found", made.len(), found.len());
    // And it goes on.
    stack.call(&token, Method::POST, "/rooms").await.expect(201);
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
