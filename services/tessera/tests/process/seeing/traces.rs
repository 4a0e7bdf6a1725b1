//! One trace follows one piece of work through every process that takes part in it (W3C Trace Context).

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::collector::{Collector, Span};
use crate::stack::{DESK_APPLICATION, Plan, Stack, Topology};

/// The caller's own trace and span, as its `traceparent` says.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

async fn traced(topology: Topology) -> (Stack, Collector) {
    let collector = Collector::start().await;
    let plan = Plan::new(topology)
        .everywhere("OTEL_EXPORTER_OTLP_ENDPOINT", collector.origin())
        // What has ended is sent this often, in milliseconds.
        .everywhere("OTEL_BSP_SCHEDULE_DELAY", "100");
    (plan.start().await, collector)
}

fn within(request: RequestBuilder) -> RequestBuilder {
    request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
}

/// The spans between this one and the caller, this one first. Empty while one of them has not arrived.
fn ancestors<'a>(spans: &'a [Span], span: &'a Span) -> Vec<&'a Span> {
    let mut line = vec![span];
    while let Some(last) = line.last().filter(|last| last.parent != CALLER) {
        match spans.iter().find(|span| span.trace == TRACE && span.id == last.parent) {
            Some(parent) => line.push(parent),
            None => return Vec::new(),
        }
    }
    line
}

/// What lies between the caller and the first span of this name, from the caller on: process and name of each.
fn way(spans: &[Span], service: &str, name: &str) -> Option<Vec<String>> {
    let ways = spans
        .iter()
        .filter(|span| span.trace == TRACE && span.service == service && span.name == name)
        .map(|span| ancestors(spans, span))
        .filter(|line| !line.is_empty());
    ways.map(|line| line.iter().rev().map(|span| format!("{}: {}", span.service, span.name)).collect()).next()
}

/// The test is the caller. It asks the rooms service and that of applications, and both ask the auth server.
#[tokio::test]
async fn a_request_is_one_trace_through_three_processes() {
    let (stack, collector) = traced(Topology::Separate).await;
    let agent = stack.agent_sign_in(&stack.declared.ada).await;
    let crm = stack.client_token(&stack.declared.crm).await;
    stack.send(within(agent.on(stack.http.get(stack.rooms_url("/rooms"))))).await.expect(200);
    let url = stack.applications_url(DESK_APPLICATION);
    let put = stack.http.put(url).bearer_auth(&crm).json(&crate::applications::switched(true));
    stack.send(within(put)).await.expect(204);

    let exchange =
        collector.until("the exchange", |spans| way(spans, "auth-server", "POST /oauth/token")).await;
    let expected = [
        "rooms: GET /external-api/v1.0/rooms",
        "rooms: token.exchange",
        "rooms: authority.call",
        "auth-server: POST /oauth/token",
    ];
    assert_eq!(exchange, expected);
    let told = collector
        .until("the status", |spans| way(spans, "auth-server", "PUT /internal/applications/{id}"))
        .await;
    assert_eq!(told.first().map(String::as_str), Some("applications: PUT /api/applications/{id:[^/]+}"));
    assert_eq!(
        told[told.len() - 2..],
        ["applications: authority.call", "auth-server: PUT /internal/applications/{id}"]
    );
    let spans = collector.spans();
    let processes: BTreeSet<_> =
        spans.iter().filter(|span| span.trace == TRACE).map(|span| span.service.as_str()).collect();
    assert_eq!(processes, BTreeSet::from(["applications", "auth-server", "rooms"]));
    assert!(
        spans.iter().any(|span| span.service == "auth-server" && span.attributes.contains_key("dialect"))
    );
}

/// Whatever asks the auth server, for a request or for itself.
#[tokio::test]
async fn every_internal_call_carries_its_trace() {
    let (stack, collector) = traced(Topology::Separate).await;
    let account_token = stack.account_token(&stack.declared.ada).await;
    stack.crew(&account_token).await;
    let crm = stack.client_token(&stack.declared.crm).await;
    stack.put_application(&crm, DESK_APPLICATION, &crate::applications::switched(true)).await.expect(204);
    for (call, answered) in [
        ("token", "/oauth/token"),
        ("keys", "/.well-known/jwks.json"),
        ("revocations", "/internal/revocations"),
        ("applications", "/internal/applications/{id}"),
        ("directory", "/internal/directory/"),
    ] {
        let matching = |spans: &[Span]| {
            let asks = |span: &&Span| span.name == "authority.call" && span.attributes["call"] == call;
            spans.iter().filter(asks).find_map(|asked| {
                let answers = |span: &&Span| span.parent == asked.id && span.trace == asked.trace;
                let answer = spans.iter().find(answers).filter(|span| span.service == "auth-server")?;
                Some((asked.service.clone(), answer.name.clone()))
            })
        };
        let (service, name) = collector.until(call, matching).await;
        assert!(service != "auth-server" && name.contains(answered), "{service}: {name}");
    }
    let spans = collector.spans();
    let leaked = spans.iter().find(|span| stack.watch.find_in(&format!("{span:?}")).is_some());
    assert!(leaked.is_none(), "a span holds a secret: {leaked:?}");
}

/// Nothing is sent from process to process here, so the spans have to hang together by themselves.
#[tokio::test]
async fn in_one_process_the_spans_of_a_request_nest() {
    let (stack, collector) = traced(Topology::Single).await;
    let agent = stack.agent_sign_in(&stack.declared.ada).await;
    let account_token = stack.account_token(&stack.declared.ada).await;
    stack.send(within(agent.on(stack.http.get(stack.rooms_url("/rooms"))))).await.expect(200);
    stack.send(within(stack.bases_request(&account_token, Method::GET, "/groups/"))).await.expect(200);
    let crm = stack.client_token(&stack.declared.crm).await;
    let url = stack.applications_url("");
    let body = json!({ "applicationId": "x" });
    stack.send(within(stack.http.post(url).bearer_auth(&crm).json(&body))).await;
    let way = collector.until("the exchange", |spans| way(spans, "tessera", "token.exchange")).await;
    assert_eq!(way.len(), 2, "{way:?}");
    // A span arrives before the one around it has ended; in the end none is left without.
    collector
        .until("what is around each span", |spans| {
            let mine: Vec<_> = spans.iter().filter(|span| span.trace == TRACE).collect();
            let all = mine.iter().all(|span| !ancestors(spans, span).is_empty());
            let requests = mine.iter().filter(|span| span.parent == CALLER).count();
            (all && requests == 3).then_some(())
        })
        .await;
    let databases =
        collector.spans().iter().filter(|span| span.trace == TRACE && span.name == "db.read").count();
    assert!(databases > 0, "what the requests asked of databases is part of their trace");
}
