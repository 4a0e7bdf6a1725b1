//! The signing key is replaced while clients are at work at both replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;

use super::calls;
use super::load::Load;
use super::rounds::Rounds;
use crate::keys::key_of;
use crate::stack::{Facing, MEET, Plan, Stack};

/// How long it may take until a running server signs with a key that the command line made: it looks every two seconds.
const TAKES_OVER: Duration = Duration::from_secs(15);

/// A key that signs at once signs at one replica before another has heard of it; its tokens are good everywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_under_load_without_a_failed_request() {
    let mut stack = Plan::in_two().await.start().await;
    let mut servers = Vec::new();
    let mut services = Vec::new();
    for side in [Facing::First, Facing::Second] {
        stack.face(side);
        servers.push(stack.auth_url(""));
        services.push(stack.rooms_url("/rooms"));
    }
    stack.face(Facing::Front);
    let stack = Arc::new(stack);
    let mut rounds = Rounds::begin();
    while rounds.more() {
        let load = Load::through_fronts(calls::everything(&stack).await);
        let over = Arc::new(AtomicBool::new(false));
        let crossing: Vec<_> = [[0, 1], [1, 0]]
            .map(|[here, there]| {
                let (issuer, other) = (servers[here].clone(), servers[there].clone());
                tokio::spawn(cross(Arc::clone(&stack), issuer, other, services.clone(), Arc::clone(&over)))
            })
            .into();
        for _ in 0..3 {
            let before = key_of(&token_of(&stack, &servers[0]).await);
            stack.tessera(&["keys", "rotate", "--now"]).expect(0);
            let since = Instant::now();
            for server in &servers {
                while key_of(&token_of(&stack, server).await) == before {
                    assert!(since.elapsed() < TAKES_OVER, "{server} still signs with {before}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            load.goes_on(2).await;
        }
        over.store(true, Ordering::Release);
        for client in crossing {
            assert!(client.await.unwrap() > 3);
        }
        load.end().await.expect_flawless();
    }
}

/// Has tokens signed by one auth server and shows each of them, at once, to the other one and to both processes of a
/// service; how many.
async fn cross(
    stack: Arc<Stack>,
    issuer: String,
    other: String,
    services: Vec<String>,
    over: Arc<AtomicBool>,
) -> usize {
    let gateway = &stack.declared.gateway;
    let mut tokens = 0;
    while !over.load(Ordering::Acquire) {
        let token = token_of(&stack, &issuer).await;
        for service in &services {
            let request = stack.http.request(Method::GET, service).bearer_auth(&token);
            stack.send(request).await.expect(200);
        }
        let introspect = stack.http.post(format!("{other}/oauth/introspect"));
        let introspect = introspect.basic_auth(&gateway.id, Some(&gateway.secret)).form(&[("token", &token)]);
        let told = stack.send(introspect).await.expect(200).json();
        assert_eq!(told["active"], true, "{told}");
        tokens += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokens
}

/// A token of this auth server for an application.
async fn token_of(stack: &Stack, server: &str) -> String {
    let booking = &stack.declared.booking;
    let form = [
        ("client_id", booking.id.as_str()),
        ("client_secret", &booking.secret),
        ("grant_type", "client_credentials"),
        ("scope", &stack.declared.ada.email),
    ];
    let request = stack.http.post(format!("{server}{MEET}/application/token")).form(&form);
    stack.send(request).await.expect(200).access_token()
}
