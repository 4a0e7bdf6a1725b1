//! Agents of the RDV dialect: signed in once, at home on every service, gone from all of them at once.

mod durability;
mod ending;
mod forms;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Answer, Stack, Topology, Triple};

/// What the agenda says to whoever is not signed in. contracts/rdv-sign-in.md §4.4.
const NOBODY: &str = "Vous devez vous connecter ou vous inscrire pour continuer.";

/// The three headers open the agenda with every method, and the rooms; only the RDV dialect hands them back.
#[rstest]
#[tokio::test]
async fn one_sign_in_opens_every_service(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let (ada, bob) = (&stack.declared.ada, &stack.declared.bob);
    let triple = stack.agent_sign_in(ada).await;
    assert_eq!(triple.uid, ada.email);
    let valid = stack.as_agent(&triple, Method::GET, "/auth/validate_token").await.expect(200);
    assert_eq!(valid.json()["data"]["uid"], ada.email.as_str(), "{valid:?}");

    let agents = stack.as_agent(&triple, Method::GET, "/agents").await.expect(200);
    let emails: Vec<_> = agents.json()["agents"].as_array().unwrap().iter().map(email).collect();
    assert_eq!(emails, [ada.email.as_str(), &bob.email], "{agents:?}");
    let made = stack.send(stack.new_absence(&triple, bob, "Formation")).await.expect(200);
    let path = format!("/absences/{}", made.json()["absence"]["id"]);
    let change =
        stack.agent_request(&triple, Method::PATCH, &path).json(&json!({ "title": "Formation longue" }));
    let changed = stack.send(change).await.expect(200);
    let listed = stack.as_agent(&triple, Method::GET, "/absences").await.expect(200);
    assert_eq!(listed.json()["absences"], json!([changed.json()["absence"]]), "{listed:?}");
    for answer in [valid, agents, made, changed, listed] {
        assert_eq!(Triple::of(&answer), Some(triple.clone()), "{answer:?}");
    }
    stack.as_agent(&triple, Method::DELETE, &path).await.expect(204);
    let gone = stack.as_agent(&triple, Method::GET, &path).await.expect(404);
    assert_eq!(gone.json(), json!({ "not_found": "absence" }));

    let room = triple.on(stack.http.post(stack.rooms_url("/rooms")));
    let room = stack.send(room).await.expect(201);
    let rooms = stack.rooms_as_agent(&triple).await.expect(200);
    assert_eq!(rooms.json()["results"][0]["id"], room.json()["id"], "{rooms:?}");
    assert_eq!(Triple::of(&rooms), None, "{rooms:?}");
    // It is the same person as with a token.
    let token = stack.application_token(&stack.declared.booking, ada).await;
    assert_eq!(stack.call(&token, Method::GET, "/rooms").await.expect(200).json()["count"], 1);
}

/// Where the rights of the exchange end, the services say so in their own words.
#[rstest]
#[tokio::test]
async fn a_triple_reaches_as_far_as_its_agent_and_its_scopes(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (ada, bob) = (&stack.declared.ada, &stack.declared.bob);
    let triple = stack.agent_sign_in(ada).await;
    let room = triple.on(stack.http.post(stack.rooms_url("/rooms")));
    let path = format!("/rooms/{}", stack.send(room).await.expect(201).text_of("id"));
    let stranger = stack.agent_sign_in(bob).await;
    stack.send(stranger.on(stack.http.get(stack.rooms_url(&path)))).await.expect(403);
    let organisation = stack.as_agent(&triple, Method::GET, "/organisations").await.expect(200).json();
    let path = format!("/organisations/{}", organisation["organisations"][0]["id"]);
    stack.as_agent(&triple, Method::GET, &path).await.expect(200);
    let rename = stack.agent_request(&triple, Method::PATCH, &path).json(&json!({ "name": "Mine" }));
    let refused = stack.send(rename).await.expect(403);
    assert_eq!(refused.json()["errors"], json!([{ "base": "forbidden" }]), "{refused:?}");
}

fn email(agent: &serde_json::Value) -> String {
    agent["email"].as_str().unwrap().to_owned()
}

/// Asserts that the agenda does not know who calls.
#[track_caller]
fn expect_nobody(answer: &Answer) {
    assert_eq!((answer.status, answer.json()), (401, json!({ "errors": [NOBODY] })), "{answer:?}");
    assert_eq!(Triple::of(answer), None, "{answer:?}");
}
