//! Threat 2: one lineage of refresh tokens, however many requests come at once to however many processes.

use std::collections::BTreeSet;
use std::time::Instant;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use rstest::rstest;

use super::rounds::Rounds;
use crate::stack::{Plan, Stack, Topology, settled};

/// Requests with one token at the same time, half of them to each process.
const AT_ONCE: usize = 64;
/// Tokens in a row.
const TOKENS: usize = 4;
/// Sessions that are revoked while they are refreshed.
const RACES: usize = 6;
const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";

/// Two processes that issue tokens, on one database; where they are.
async fn two(topology: Topology) -> (Stack, [String; 2]) {
    let mut plan = Plan::new(topology).everywhere("TESSERA_LOG__LEVEL", "info");
    // All of them wait for the same row, the last for all others.
    for setting in ["ACQUIRE_TIMEOUT", "BUSY_TIMEOUT"] {
        plan = plan.auth(&format!("TESSERA_IDENTITY__DATABASE__{setting}"), "30s");
    }
    let mut stack = plan.start().await;
    let other = stack.another_auth_server().await;
    let servers = [stack.auth_url(""), other];
    (stack, servers)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_02_parallel_refreshes_at_two_processes_make_one_lineage(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let (stack, servers) = two(topology).await;
    let mut rounds = Rounds::begin();
    while rounds.more() {
        let session = stack.sign_in(&stack.declared.ada, SCOPE).await.expect(200);
        let (first, mut token) = (session.refresh_token(), session.refresh_token());
        for _ in 0..TOKENS {
            let asked = (0..AT_ONCE).map(|number| stack.send(refresh(&stack, &servers[number % 2], &token)));
            let answers = join_all(asked).await;
            let successors: BTreeSet<_> =
                answers.into_iter().map(|answer| answer.expect(200).refresh_token()).collect();
            assert_eq!(successors.len(), 1, "one token has several successors");
            token = successors.into_iter().next().unwrap();
        }
        // The newest lives at both, and whoever shows the oldest ends it at both.
        for server in &servers {
            let answer = stack.send(refresh(&stack, server, &token)).await.expect(200);
            stack.call(&answer.access_token(), Method::GET, "/rooms").await.expect(200);
        }
        stack.send(refresh(&stack, &servers[0], &first)).await.expect_error(400, "invalid_grant");
        stack.send(refresh(&stack, &servers[1], &token)).await.expect_error(400, "invalid_grant");
    }
}

/// One process signs while the other revokes: whatever was signed is dead.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_02_a_revocation_that_races_a_signature_leaves_nothing_alive(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let (stack, servers) = two(topology).await;
    let mut rounds = Rounds::begin();
    while rounds.more() {
        for race in 0..RACES {
            let session = stack.sign_in(&stack.declared.ada, SCOPE).await.expect(200);
            let token = session.refresh_token();
            let refreshes = (0..8).map(|number| stack.send(refresh(&stack, &servers[number % 2], &token)));
            let gateway = &stack.declared.gateway;
            let revoke = stack.http.post(format!("{}/oauth/revoke", servers[race % 2]));
            let revoke = revoke.basic_auth(&gateway.id, Some(&gateway.secret)).form(&[("token", &token)]);
            let (answers, revoked) = tokio::join!(join_all(refreshes), stack.send(revoke));
            let since = Instant::now();
            revoked.expect(200);
            let mut tokens = vec![session.access_token()];
            for answer in answers {
                match answer.status {
                    200 => tokens.push(answer.access_token()),
                    _ => answer.expect_error(400, "invalid_grant"),
                }
            }
            println!("{} tokens before the revocation", tokens.len());
            for server in &servers {
                stack.send(refresh(&stack, server, &token)).await.expect_error(400, "invalid_grant");
                for token in &tokens {
                    let introspect = stack.http.post(format!("{server}/oauth/introspect"));
                    let introspect =
                        introspect.basic_auth(&gateway.id, Some(&gateway.secret)).form(&[("token", token)]);
                    assert_eq!(stack.send(introspect).await.expect(200).json()["active"], false);
                }
            }
            // All of them are of one session: what holds for one holds for all.
            let last = tokens.last().unwrap();
            settled("a raced token", since, 401, || stack.call(last, Method::GET, "/rooms")).await;
        }
    }
}

fn refresh(stack: &Stack, server: &str, token: &str) -> RequestBuilder {
    let gateway = &stack.declared.gateway;
    let request = stack.http.post(format!("{server}/oauth/token"));
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    request.basic_auth(&gateway.id, Some(&gateway.secret)).form(&form)
}
