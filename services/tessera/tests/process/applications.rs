//! Applications of organisations: whoever calls is known by any credential, and what is disabled lets nobody in.

mod crash;
mod switch;

use std::time::Instant;

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Answer, DESK_APPLICATION, Stack, Topology, settled};

/// The parts of a configuration that only some callers see.
const SECTIONS: [&str; 3] = ["serviceParameters", "agentParameters", "customerParameters"];

/// A client's own token, a person's through a front end, and a device session: the same application, to each its section.
#[rstest]
#[tokio::test]
async fn every_credential_opens_the_section_of_its_role(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let declared = &stack.declared;
    let triple = stack.agent_sign_in(&declared.ada).await;
    let by_session = triple.on(stack.http.get(stack.applications_url(DESK_APPLICATION)));
    let by_session = stack.send(by_session).await.expect(200);
    let person = stack.desk_sign_in(&declared.bob).await.expect(200).access_token();
    let mut answers = vec![by_session];
    for token in
        [person, stack.client_token(&declared.integration).await, stack.client_token(&declared.crm).await]
    {
        answers.push(stack.call_application(&token, Method::GET, DESK_APPLICATION).await.expect(200));
    }
    let seen: Vec<[bool; 3]> = answers.iter().map(sections).collect();
    let (agent, service, everything) = ([false, true, false], [true, false, false], [true; 3]);
    assert_eq!(seen, [agent, agent, service, everything]);
    let list = triple.on(stack.http.get(stack.applications_url("")));
    assert_eq!(stack.send(list).await.expect(200).json()["totalElements"], 1);
    // What the session opens closes with it.
    stack.as_agent(&triple, Method::DELETE, "/auth/sign_out").await.expect(200);
    let ask = || stack.send(triple.on(stack.http.get(stack.applications_url(DESK_APPLICATION))));
    settled("the session", Instant::now(), 401, ask).await;
}

fn sections(answer: &Answer) -> [bool; 3] {
    let config = answer.json()["config"].clone();
    SECTIONS.map(|section| !config[section].is_null())
}

/// A change of nothing but the switch.
pub(crate) fn switched(disabled: bool) -> Value {
    serde_json::json!({
        "type": "GENESYS", "disabled": disabled,
        "config": { "organizationId": "7d3f2a90", "pcEnvironment": "mypurecloud.ie" },
    })
}
