//! A power cut leaves accounts that are whole, or none.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Makers, Person, Plan, Stack, Topology, acknowledged};

const CONNECTIONS: usize = 6;
/// Acknowledged when the power goes.
const KILL_AFTER: usize = 18;

/// Accounts are being made when the service is killed: every one that was answered 200 is there afterwards, and whichever is
/// there has its group, its details and its password.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_account_is_half_made(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let mut stack = Plan::new(topology).everywhere("TESSERA_LOG__LEVEL", "info").start().await;
    let password = stack.newcomer("somebody").password;
    let request = stack.ocs_request(&stack.declared.root, Method::POST, "/cloud/users");
    let secret = password.clone();
    let makers = Makers::start(CONNECTIONS, &request, move |request, number| {
        let login = format!("hire-{number}");
        let body = json!({
            "userid": login, "password": secret, "email": format!("{login}@agency.example"),
            "displayName": format!("The {login}"), "groups": ["crew"], "subadmin": ["crew"],
            "quota": "12 MB", "language": "fr",
        });
        async move { acknowledged(request.json(&body), 200).await.map(|_| login) }
    });
    makers.reach(KILL_AFTER).await;
    stack.provisioning().kill();
    let made = makers.made().await;

    stack.provisioning().start().await;
    let found = stack.as_root(Method::GET, "/cloud/users?search=hire-", &json!({})).await;
    let found: Vec<String> = serde_json::from_value(found["users"].clone()).unwrap();
    let lost: Vec<_> = made.iter().filter(|login| !found.contains(login)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged accounts are lost: {lost:?}", lost.len(), made.len());
    assert!(found.len() <= made.len() + CONNECTIONS, "{} accounts of {}", found.len(), made.len());
    println!("{} acknowledged, {} found", made.len(), found.len());
    for login in &found {
        whole(&stack, login, &password).await;
    }
    let crew = stack.as_root(Method::GET, "/cloud/groups/crew/users", &json!({})).await;
    assert_eq!(crew["users"].as_array().map(Vec::len), Some(found.len() + 2), "{crew}");
}

/// Asserts that an account has everything that was asked for.
async fn whole(stack: &Stack, login: &str, password: &str) {
    let shown = stack.as_root(Method::GET, &format!("/cloud/users/{login}"), &json!({})).await;
    for (member, expected) in [
        ("email", json!(format!("{login}@agency.example"))),
        ("displayname", json!(format!("The {login}"))),
        ("groups", json!(["crew"])),
        ("language", json!("fr")),
        ("subadmin", json!(["crew"])),
    ] {
        assert_eq!(shown[member], expected, "{login}: {shown}");
    }
    assert_eq!(shown["quota"]["quota"], 12_582_912, "{login}: {shown}");
    let email = format!("{login}@agency.example");
    let person = Person { login: "", email, password: password.to_owned() };
    stack.account_token(&person).await;
}
