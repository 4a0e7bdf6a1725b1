//! What was acknowledged is there after a power cut, and what waits in memory is written before an orderly end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Plan, Stack, Topology};

const TOKENS: usize = 500;
const CONNECTIONS: usize = 8;
/// Acknowledged when the power goes.
const KILL_AFTER: usize = 150;
/// Of the acknowledged ones, so many are exchanged.
const EXCHANGED: usize = 20;
/// API-Tokens that are used before an orderly end.
const USED: usize = 5;

/// Five hundred API-Tokens are being made when the service is killed: every one that was answered 201 is there afterwards,
/// and works.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_api_token_survives_a_kill(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Plan::new(topology).everywhere("TESSERA_LOG__LEVEL", "info").start().await;
    let account = stack.account_token(&stack.declared.ada).await;
    let base = stack.make_base(&account, "Stock Room").await;
    let (asked, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let makers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = stack.bases_request(&account, Method::POST, &base.path("api-tokens/"));
            tokio::spawn(make(request, Arc::clone(&asked), Arc::clone(&acknowledged)))
        })
        .collect();
    while acknowledged.load(Ordering::Acquire) < KILL_AFTER {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stack.bases().kill();
    let mut made = BTreeMap::new();
    for maker in makers {
        made.extend(maker.await.unwrap());
    }
    assert!(made.len() < TOKENS, "the power went only after everything was done");

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

/// Makes API-Tokens until there are enough or the server is gone; those that were acknowledged, by their names.
async fn make(
    request: reqwest::RequestBuilder,
    asked: Arc<AtomicUsize>,
    acknowledged: Arc<AtomicUsize>,
) -> Vec<(String, String)> {
    let mut made = Vec::new();
    loop {
        let number = asked.fetch_add(1, Ordering::AcqRel);
        if number >= TOKENS {
            return made;
        }
        let app = format!("app-{number}");
        let request = request.try_clone().unwrap().form(&[("app_name", app.as_str()), ("permission", "r")]);
        let Ok(response) = request.send().await else { return made };
        let status = response.status();
        // The status alone is an acknowledgement, but without the body nobody knows of what.
        let Ok(body) = response.json::<Value>().await else { return made };
        assert_eq!(status, 201, "{body}");
        made.push((app, body["api_token"].as_str().unwrap().to_owned()));
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
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
