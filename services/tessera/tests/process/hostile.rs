//! Threat 18: whatever is sent to the running processes, none panics, fails, hangs or grows without bound.
//!
//! `shapes` makes requests that resemble real ones, each wrong in a few places; `raw` sends bytes that no HTTP client
//! would. What a single service makes of a single wrong value is tested beside it.

mod raw;
mod shapes;
mod targets;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use rstest::rstest;

use self::raw::{Outcome, send};
use self::targets::Target;
use crate::stack::{Plan, Stack, Topology, Triple, Unit};

/// Requests to each process.
const CASES: u32 = 1_500;
/// How much more memory a process may have afterwards, in KiB: its caches are bounded by less.
const GROWTH: u64 = 128 * 1024;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_18_hostile_requests_harm_no_process(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    // Millions of lines about every connection say nothing more than thousands.
    let plan = Plan::new(topology).everywhere("TESSERA_LOG__LEVEL", "info");
    let mut stack = with_sessions(plan).start().await;
    let targets = targets::of(&stack, topology).await;
    let triple = stack.agent_sign_in(&stack.declared.bob).await;
    let before: Vec<_> = stack.units().map(Unit::memory).collect();
    for target in targets {
        tokio::task::spawn_blocking(move || attack(&target)).await.unwrap();
    }
    still_works(&mut stack, &triple).await;
    // Where the contract has an answer 500, only the log tells it from a failure.
    for unit in stack.units() {
        let written = unit.running().output();
        let mut errors = written.lines().filter(|line| line.contains(r#""level":"ERROR""#));
        // What is no HTTP is an error to the library that reads it.
        let failure = errors.find(|line| !line.contains(r#""target":"actix_http"#));
        assert!(failure.is_none(), "{}: {}", unit.name(), failure.unwrap_or_default());
    }
    for (unit, before) in stack.units().zip(before) {
        let after = unit.memory();
        println!("{}: {before} KiB before, {after} KiB after", unit.name());
        assert!(after < before + GROWTH, "{}: {before} KiB before, {after} KiB after", unit.name());
    }
}

/// Sends made-up requests; the first that does harm is made as small as possible and told.
fn attack(target: &Target) {
    let config =
        Config { cases: CASES, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let statuses = RefCell::new(BTreeMap::<u16, u32>::new());
    let outcome = TestRunner::new(config).run(&shapes::request(target), |request| {
        match send(target.address, &request) {
            Outcome::Answered(status) if status < 500 || (status == 500 && target.says_500) => {
                *statuses.borrow_mut().entry(status).or_default() += 1;
                Ok(())
            }
            // RFC 9112 §9.6 lets a server close on what it cannot read.
            Outcome::Closed if !request.is_wellformed() => Ok(()),
            outcome => Err(TestCaseError::fail(format!("{outcome:?}"))),
        }
    });
    if let Err(failure) = outcome {
        panic!("{}: {failure}", target.address);
    }
    // If all were refused at the door, nothing behind it was tested.
    let statuses = statuses.into_inner();
    println!("{}: {statuses:?}", target.address);
    for status in target.expected {
        assert!(statuses.contains_key(status), "nothing was answered {status}: {statuses:?}");
    }
}

/// A body or a head that never comes to an end holds nobody else up, and is given up.
#[rstest]
#[tokio::test]
async fn threat_18_half_open_connections_are_given_up(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let plan = Plan::new(topology);
    let timeouts = [("TESSERA_SERVER__HEADER_TIMEOUT", "2s"), ("TESSERA_SERVER__REQUEST_TIMEOUT", "3s")];
    let plan = timeouts.into_iter().fold(plan, |plan, (name, value)| plan.everywhere(name, value));
    let mut stack = with_sessions(plan).start().await;
    let targets = targets::of(&stack, topology).await;
    let triple = stack.agent_sign_in(&stack.declared.bob).await;
    for target in &targets {
        let heads: Vec<_> =
            (0..150).map(|_| raw::begin(target.address, "GET /x HTTP/1.1\r\nHost: x\r\nA: ")).collect();
        let post = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\
             Authorization: Bearer {}\r\n\r\n{{",
            target.post, target.token
        );
        let bodies: Vec<_> = (0..50).map(|_| raw::begin(target.address, &post)).collect();
        still_works(&mut stack, &triple).await;
        let given_up = tokio::task::spawn_blocking(move || {
            heads
                .into_iter()
                .chain(bodies)
                .map(|open| raw::end_of(open, Duration::from_secs(15)))
                .collect::<Vec<_>>()
        });
        for outcome in given_up.await.unwrap() {
            assert!(matches!(outcome, Outcome::Closed | Outcome::Answered(400..500)), "{outcome:?}");
        }
    }
    still_works(&mut stack, &triple).await;
}

/// What is too large is refused before it is read to the end.
#[rstest]
#[tokio::test]
async fn threat_18_what_is_too_large_is_refused(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = with_sessions(Plan::new(topology)).start().await;
    let triple = stack.agent_sign_in(&stack.declared.bob).await;
    for target in targets::of(&stack, topology).await {
        let before = stack.units().map(Unit::memory).max().unwrap();
        let outcomes = tokio::task::spawn_blocking(move || {
            let body = "a".repeat(8 * 1024 * 1024);
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n",
                target.post, target.token
            );
            let announced = format!(
                "{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let chunked = format!(
                "{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                body.len()
            );
            let header = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Large: {body}\r\n\r\n");
            let line = format!("GET /{body} HTTP/1.1\r\nHost: x\r\n\r\n");
            let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(20_000));
            [announced, chunked, header, line, many]
                .map(|bytes| raw::send_bytes(target.address, bytes.as_bytes()))
        });
        for outcome in outcomes.await.unwrap() {
            assert!(matches!(outcome, Outcome::Closed | Outcome::Answered(400..500)), "{outcome:?}");
        }
        let after = stack.units().map(Unit::memory).max().unwrap();
        assert!(after < before + GROWTH, "{before} KiB before, {after} KiB after");
    }
    still_works(&mut stack, &triple).await;
}

/// Lets people have as many device sessions as a test opens, and change accounts as often as they like.
fn with_sessions(plan: Plan) -> Plan {
    let plan = plan.provisioning("TESSERA_PROVISIONING__LIMITS__EDITS", "0");
    plan.auth("TESSERA_AUTH__RDV__SESSIONS__MAX_CLIENTS", "100")
}

/// Everything still runs, and serves whoever is in order.
async fn still_works(stack: &mut Stack, triple: &Triple) {
    for unit in stack.units() {
        assert!(unit.running().is_running(), "{} has ended", unit.name());
    }
    let token = stack.application_token(&stack.declared.kiosk, &stack.declared.bob).await;
    stack.call(&token, reqwest::Method::GET, "/rooms").await.expect(200);
    stack.as_agent(triple, reqwest::Method::GET, "/absences").await.expect(200);
    stack.exchange_link("none").await.expect(404);
    let capabilities = stack.bare_ocs_request(reqwest::Method::GET, "/cloud/capabilities");
    stack.send(capabilities).await.expect(200);
}
