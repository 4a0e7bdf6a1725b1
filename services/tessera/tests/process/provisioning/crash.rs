//! A power cut leaves accounts that are whole, or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::stack::{Person, Plan, Stack, Topology};

/// More than are made until the power goes.
const PEOPLE: usize = 400;
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
    let (asked, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let makers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = stack.ocs_request(&stack.declared.root, Method::POST, "/cloud/users");
            tokio::spawn(hire(request, password.clone(), Arc::clone(&asked), Arc::clone(&acknowledged)))
        })
        .collect();
    while acknowledged.load(Ordering::Acquire) < KILL_AFTER {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stack.provisioning().kill();
    let mut made = Vec::new();
    for maker in makers {
        made.extend(maker.await.unwrap());
    }
    assert!(made.len() < PEOPLE, "the power went only after everything was done");

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

/// Makes accounts until there are enough or the server is gone; those that were acknowledged.
async fn hire(
    request: reqwest::RequestBuilder,
    password: String,
    asked: Arc<AtomicUsize>,
    acknowledged: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut made = Vec::new();
    loop {
        let number = asked.fetch_add(1, Ordering::AcqRel);
        if number >= PEOPLE {
            return made;
        }
        let login = format!("hire-{number}");
        let body = json!({
            "userid": login, "password": password, "email": format!("{login}@agency.example"),
            "displayName": format!("The {login}"), "groups": ["crew"], "subadmin": ["crew"],
            "quota": "12 MB", "language": "fr",
        });
        let Ok(response) = request.try_clone().unwrap().json(&body).send().await else { return made };
        let status = response.status();
        let Ok(text) = response.text().await else { return made };
        assert_eq!(status, 200, "{text}");
        made.push(login);
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
}
