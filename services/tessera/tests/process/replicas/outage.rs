//! PostgreSQL goes away while clients are at work, and comes back.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;
use test_kit::PostgresServer;

use super::calls;
use super::load::{Failure, Load, Record};
use super::rounds::Rounds;
use crate::stack::{Facing, Plan, Stack, settled};

/// How long a refusal may take: what a request waits for a connection, and as much again for a machine that is busy.
const FAST: Duration = Duration::from_secs(10);
/// How long readiness may take to tell the truth, and a service to be back.
const PATIENCE: Duration = Duration::from_mins(1);
const SIDES: [Facing; 2] = [Facing::First, Facing::Second];

/// Requests are told at once to come back later, each in the words of its dialect; readiness says why; nobody has to be
/// restarted, and nothing that was acknowledged is lost.
#[rstest]
#[case::shut_down(PostgresServer::shut_down)]
#[case::crashed(PostgresServer::crash)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_postgresql_under_load_is_outlived(#[case] stop: fn(&mut PostgresServer)) {
    let mut server = tokio::task::block_in_place(PostgresServer::start);
    let mut stack = Plan::in_two().await.on_server(&server).start().await;
    let mut rounds = Rounds::begin();
    while rounds.more() {
        // At the processes themselves: fronts would find nobody who is ready.
        let mut requests = Vec::new();
        for side in SIDES {
            stack.face(side);
            requests.extend(calls::everything(&stack).await);
        }
        let load = Load::directly(requests);
        load.goes_on(2).await;
        println!("everybody is served");
        tokio::task::block_in_place(|| stop(&mut server));
        tells(&mut stack, 503).await;
        load.is_told(2).await;
        println!("everybody was told");
        tokio::task::block_in_place(|| server.resume());
        tells(&mut stack, 200).await;
        load.goes_on(2).await;
        println!("everybody is served again");
        let record = load.end().await;
        come_back_later(&record);
        calls::nothing_is_lost(&mut stack, &record).await;
        still_hears(&mut stack).await;
    }
}

/// Waits until the readiness of every process has this status; a failing one names the database, and the process lives.
async fn tells(stack: &mut Stack, status: u16) {
    let since = Instant::now();
    let places: Vec<_> = stack
        .units()
        .map(|unit| (unit.name(), unit.management_url("/readyz"), unit.management_url("/livez")))
        .collect();
    for (name, readiness, life) in places {
        let report = loop {
            let report = stack.send(stack.http.get(&readiness)).await;
            if report.status == status {
                break report.json();
            }
            assert!(since.elapsed() < PATIENCE, "{name}: still {report:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        stack.send(stack.http.get(&life)).await.expect(200);
        let failed: Vec<_> = report["checks"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, check)| check["state"] != "ok")
            .collect();
        let database = failed.iter().any(|(name, _)| name.ends_with("database"));
        assert_eq!(database, status == 503, "{name}: {report}");
    }
    println!("all say {status} after {} ms", since.elapsed().as_millis());
}

/// Asserts that whoever was not served was told to come back later, at once.
#[track_caller]
fn come_back_later(record: &Record) {
    for failure in &record.failures {
        let Ok(answer) = &failure.answer else { panic!("a connection broke: {failure:?}") };
        assert_eq!(answer.status, 503, "{failure:?}");
        let retry =
            answer.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        assert!(retry.is_some_and(|seconds| (1..=60).contains(&seconds)), "{failure:?}");
        assert!(failure.took < FAST, "{failure:?}");
        assert!(is_in_the_words_of_its_dialect(failure, &answer.json()), "{failure:?}");
    }
    assert!(!record.failures.is_empty(), "nobody has noticed anything");
    let longest = record.failures.iter().map(|failure| failure.took).max();
    println!("{:?}; {} told to come back later, within {longest:?}", record.answered, record.failures.len());
}

fn is_in_the_words_of_its_dialect(failure: &Failure, body: &Value) -> bool {
    match failure.call {
        "a client's token" | "introspection" => body["error"] == "temporarily_unavailable",
        "an application's token" | "rooms" | "rooms of an agent" | calls::ROOM => body["detail"].is_string(),
        "a session's state" | "organisations" | calls::ABSENCE => body["errors"].is_array(),
        "an application" => body["status"] == 503,
        "groups of a person" | "a script's token" | calls::BASE => body["error_msg"].is_string(),
        "oneself" | calls::GROUP => body["ocs"]["meta"]["statuscode"] == 503,
        other => panic!("what does {other} speak?"),
    }
}

/// What runs beside the requests has outlived it, too: news reach every process.
async fn still_hears(stack: &mut Stack) {
    stack.face(Facing::First);
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    for side in SIDES {
        stack.face(side);
        stack.call(&token, Method::GET, "/rooms").await.expect(200);
    }
    stack.oauth("/oauth/revoke", &stack.declared.booking, &[("token", &token)]).await.expect(200);
    let since = Instant::now();
    for side in SIDES {
        stack.face(side);
        settled("after the outage", since, 401, || stack.call(&token, Method::GET, "/rooms")).await;
    }
}
