//! Signing keys: rotated without an outage, withdrawn for good, kept over a restart, sealed under the master key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Person, Stack, Topology};

mod traffic;

/// How long it may take until a running server signs with a key that the command line made: it looks every two seconds.
const TAKES_OVER: Duration = Duration::from_secs(15);

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_at_once_fails_no_request(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Arc::new(Stack::start(topology).await);
    let (booking, ada) = (&stack.declared.booking, stack.declared.ada.clone());
    let old = stack.application_token(booking, &ada).await;
    let over = Arc::new(AtomicBool::new(false));
    let traffic = [
        tokio::spawn(traffic::with_one_token(Arc::clone(&stack), old.clone(), Arc::clone(&over))),
        tokio::spawn(traffic::with_new_tokens(Arc::clone(&stack), Arc::clone(&over))),
        tokio::spawn(traffic::with_new_tokens(Arc::clone(&stack), Arc::clone(&over))),
    ];
    for _ in 0..2 {
        rotate(&stack, &["--now"], &ada).await;
    }
    over.store(true, Ordering::Release);
    for client in traffic {
        let calls = client.await.unwrap();
        assert!(calls > 5, "only {calls} calls");
    }
    stack.call(&old, Method::GET, "/rooms").await.expect(200);
    assert_eq!(published(&stack).await.len(), 3, "old keys stay published for old tokens");
}

/// Threat 18: somebody sends tokens of made-up keys all the time, each of which could be a new one. Those of the key that
/// really is new are accepted all the same.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_18_made_up_keys_do_not_keep_a_new_one_out(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Arc::new(Stack::start(topology).await);
    let ada = stack.declared.ada.clone();
    let over = Arc::new(AtomicBool::new(false));
    let garbage: Vec<_> = (0..20)
        .map(|sender| tokio::spawn(traffic::with_made_up_keys(Arc::clone(&stack), sender, Arc::clone(&over))))
        .collect();
    let honest = tokio::spawn(traffic::with_new_tokens(Arc::clone(&stack), Arc::clone(&over)));
    rotate(&stack, &["--now"], &ada).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    over.store(true, Ordering::Release);
    honest.await.unwrap();
    for sender in garbage {
        assert!(sender.await.unwrap() > 0);
    }
}

#[rstest]
#[tokio::test]
async fn withdrawn_keys_take_their_tokens_along(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (booking, ada) = (&stack.declared.booking, stack.declared.ada.clone());
    let old = stack.application_token(booking, &ada).await;
    stack.call(&old, Method::GET, "/rooms").await.expect(200);
    let before = published(&stack).await;

    let new = rotate(&stack, &["--withdraw"], &ada).await;
    let after = published(&stack).await;
    assert!(after.iter().all(|kid| !before.contains(kid)), "{before:?} {after:?}");
    assert!(!stack.is_active(&old).await);
    // The first new token makes a service fetch the keys anew.
    stack.call(&new, Method::GET, "/rooms").await.expect(200);
    stack.call(&old, Method::GET, "/rooms").await.expect_detail(401, "Invalid token.");
    stack.call(&new, Method::GET, "/rooms").await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_restart_keeps_the_keys_and_their_tokens(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let before = published(&stack).await;
    for unit in stack.units() {
        assert!(unit.terminate().success());
        unit.start().await;
    }
    assert_eq!(published(&stack).await, before);
    stack.call(&token, Method::GET, "/rooms").await.expect(200);
    assert!(stack.is_active(&token).await);
}

/// The command line shows the keys that are published, which of them signs, and never a private half.
#[rstest]
#[tokio::test]
async fn the_operator_sees_what_clients_see(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    stack.tessera(&["keys", "rotate"]).expect(0);
    let listed = stack.tessera(&["keys", "list", "--json"]).expect(0).json();
    let states: Vec<_> = listed.as_array().unwrap().iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, ["signing", "next"], "{listed}");
    let start = Instant::now();
    loop {
        let published = published(&stack).await;
        if listed
            .as_array()
            .unwrap()
            .iter()
            .all(|key| published.contains(&key["kid"].to_string().replace('"', "")))
        {
            break;
        }
        assert!(start.elapsed() < TAKES_OVER, "{published:?} {listed}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let jwks = stack.send(stack.http.get(stack.auth_url("/.well-known/jwks.json"))).await.expect(200);
    for key in jwks.json()["keys"].as_array().unwrap() {
        assert_eq!(key.get("d"), None, "a private key is published");
    }
}

/// Rotates, and waits until the server signs with another key than before; a token by that key.
async fn rotate(stack: &Stack, how: &[&str], person: &Person) -> String {
    let booking = &stack.declared.booking;
    let before = key_of(&stack.application_token(booking, person).await);
    stack.tessera(&[&["keys", "rotate"], how].concat()).expect(0);
    let start = Instant::now();
    loop {
        let token = stack.application_token(booking, person).await;
        if key_of(&token) != before {
            println!("a new key signs after {} ms", start.elapsed().as_millis());
            return token;
        }
        assert!(start.elapsed() < TAKES_OVER, "still {before}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The `kid` of a token.
pub(crate) fn key_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// The ids of the published keys.
async fn published(stack: &Stack) -> Vec<String> {
    let jwks = stack.send(stack.http.get(stack.auth_url("/.well-known/jwks.json"))).await.expect(200).json();
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}
