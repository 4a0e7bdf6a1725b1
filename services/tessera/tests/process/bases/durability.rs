//! What was acknowledged is there after a power cut, and what waits in memory is written before an orderly end.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Makers, Plan, Stack, Topology, acknowledged};

const CONNECTIONS: usize = 8;
/// Acknowledged when the power goes.
const KILL_AFTER: usize = 150;
/// Of the acknowledged ones, so many are exchanged.
const EXCHANGED: usize = 20;
/// API-Tokens that are used before an orderly end.
const USED: usize = 5;

/// API-Tokens are being made when the service is killed: every one that was answered 201 is there afterwards,
/// and works.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_api_token_survives_a_kill(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Plan::new(topology).everywhere("TESSERA_LOG__LEVEL", "info").start().await;
    let account = stack.account_token(&stack.declared.ada).await;
    let base = stack.make_base(&account, "Stock Room").await;
    let request = stack.bases_request(&account, Method::POST, &base.path("api-tokens/"));
    let makers = Makers::start(CONNECTIONS, &request, |request, number| async move {
        let app = format!("app-{number}");
        let body =
            acknowledged(request.form(&[("app_name", app.as_str()), ("permission", "r")]), 201).await?;
        Some((app, body["api_token"].as_str().unwrap().to_owned()))
    });
    makers.reach(KILL_AFTER).await;
    stack.bases().kill();
    let made: BTreeMap<_, _> = makers.made().await.into_iter().collect();

    stack.bases().start().await;
    let list = stack.api_tokens(&account, &base).await;
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap().to_owned();
    let found: BTreeMap<_, _> =
        list.iter().map(|entry| (text(entry, "app_name"), text(entry, "api_token"))).collect();
    let lost: Vec<_> = made.iter().filter(|(app, token)| found.get(*app) != Some(token)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged tokens are lost: {lost:?}", lost.len(), made.len());
    assert!(found.len() <= made.len() + CONNECTIONS, "{} tokens of {}", found.len(), made.len());
    println!("{} acknowledged, {} found", made.len(), found.len());
    for token in made.values().take(EXCHANGED) {
        stack.exchange_api_token(token).await.expect(200);
    }
    stack.api_token(&account, &base, "afterwards", "r").await;
}

/// An exchange writes nothing by itself; the end of the process loses nothing for that.
#[rstest]
#[tokio::test]
async fn the_last_use_of_a_token_is_written_at_the_end(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let account = stack.account_token(&stack.declared.ada).await;
    let base = stack.make_base(&account, "Stock Room").await;
    let mut tokens = Vec::new();
    for app in 0..=USED {
        tokens.push(stack.api_token(&account, &base, &format!("app-{app}"), "r").await);
    }
    // Lists show whole seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(stack.used_api_tokens(), 0);
    // All but the last.
    for token in &tokens[..USED] {
        stack.exchange_api_token(token).await.expect(200);
    }
    assert_eq!(stack.bases().terminate().code(), Some(0));
    assert_eq!(stack.used_api_tokens(), i64::try_from(USED).unwrap());
    stack.bases().start().await;
    let list = stack.api_tokens(&account, &base).await;
    let used = list.iter().filter(|entry| entry["last_access"] != entry["generated_at"]).count();
    assert_eq!((used, list.len()), (USED, USED + 1), "{list:?}");
}
