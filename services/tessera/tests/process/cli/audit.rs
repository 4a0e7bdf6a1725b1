//! `tessera audit`: each call of an agent can be laid at that agent's door. contracts/rdv-sign-in.md §13.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{NOT_FOUND, TAMPERED, both, refused};
use crate::stack::{Plan, Stack, Topology, absence};

/// Events wait in memory for a moment before they are written.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lists until there are so many events.
async fn listed(stack: &Stack, arguments: &[&str], count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let list = stack.tessera(&[&["audit", "list", "--json"], arguments].concat()).expect(0).json();
        let Value::Array(events) = list else { panic!("no list: {list}") };
        if events.len() >= count {
            return events;
        }
        assert!(start.elapsed() < PATIENCE, "{} of {count}: {events:?}", events.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Calls that were done and calls that were refused, in their order, without what opens anything.
#[rstest]
#[tokio::test]
async fn what_an_agent_did_is_listed(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let (ada, bob) = (&stack.declared.ada, &stack.declared.bob);
    let triple = stack.agent_sign_in(ada).await;
    let made = stack.send(stack.new_absence(&triple, bob, "Formation")).await.expect(200);
    let path = format!("/absences/{}", made.json()["absence"]["id"]);
    stack.as_agent(&triple, Method::GET, "/agents?page=2&access-token=hidden").await.expect(200);
    let wrong = stack.agent_request(&triple, Method::PATCH, &path).json(&json!({ "title": "" }));
    stack.send(wrong).await.expect(422);
    let organisations = stack.as_agent(&triple, Method::GET, "/organisations").await.expect(200).json();
    let organisation = format!("/organisations/{}", organisations["organisations"][0]["id"]);
    let rename = stack.agent_request(&triple, Method::PATCH, &organisation).json(&json!({ "name": "x" }));
    stack.send(rename).await.expect(403);
    let query = stack.http.delete(stack.agents_url(&path)).query(&triple.pairs());
    stack.send(query).await.expect(204);
    stack.as_agent(&triple, Method::GET, &path).await.expect(404);
    // Whoever is nobody has done nothing.
    stack.send(stack.http.get(stack.agents_url("/agents"))).await.expect(401);
    stack.agent_sign_in(bob).await;

    let calls = ["--agent", &ada.email, "--action", "api.call", "--since", "1h"];
    let events = listed(&stack, &calls, 7).await;
    let told: Vec<_> = events.iter().rev().map(|event| event["target"].as_str().unwrap()).collect();
    let expected = [
        "absences#create",
        "agents#index",
        "absences#update",
        "organisations#index",
        "organisations#update",
        "absences#destroy",
        "absences#show",
    ];
    assert_eq!(told, expected, "{events:?}");
    for event in &events {
        assert_eq!((&event["dialect"], &event["actor"]), (&json!("rdv"), &events[0]["actor"]), "{event}");
        assert!(event["detail"]["headers"].is_object() && event["detail"]["host"].is_string(), "{event}");
    }
    let agents = events[5]["detail"].clone();
    let shown = agents["path"].as_str().unwrap();
    assert!(shown.starts_with("/api/v1/agents?page=2&") && !shown.contains("hidden"), "{agents}");
    assert_eq!(agents["method"], "GET", "{agents}");
    assert_eq!(stack.watch.find_in(&json!(events).to_string()), None);

    // By every name of the agent; nothing of anybody else's; for people in lines.
    let id = events[0]["actor"].as_str().unwrap();
    for name in [id, "ada", "ADA@agency.example"] {
        assert_eq!(listed(&stack, &["--agent", name, "--action", "api.call"], 7).await, events);
    }
    assert!(listed(&stack, &["--agent", "bob", "--action", "api.call"], 0).await.is_empty());
    let text = stack.tessera(&["audit", "list", "--agent", "ada", "--action", "api.call"]).expect(0).stdout;
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(text.contains("GET /api/v1/agents?page=2") && text.lines().nth(1).unwrap().contains("ada"));
    assert_eq!(listed(&stack, &[&calls[..], &["--limit", "2"]].concat(), 2).await, events[..2]);
}

/// Changes by the command line are the operator's. The filters are what they say.
#[rstest]
#[tokio::test]
async fn a_list_is_narrowed(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    let (text, all) = both(&stack, &["audit", "list", "--action", "client.create"]);
    assert_eq!(all.as_array().map(Vec::len), Some(12), "{all}");
    assert!(text.lines().skip(1).all(|line| line.contains("client.create") && line.contains("operator")));
    assert_eq!(both(&stack, &["audit", "list", "--since", "2999-01-01T00:00:00Z"]).1, json!([]));
    let before = both(&stack, &["audit", "list", "--since", "1970-01-01T00:00:00+01:00"]).1;
    assert_eq!(before, both(&stack, &["audit", "list", "--limit", "1000"]).1);
    refused(&stack, &["audit", "list", "--agent", "carol"], NOT_FOUND, &["there is no account carol"]);
    for wrong in [["--since", "yesterday"], ["--limit", "0"], ["--limit", "x"]] {
        let ran = stack.tessera(&[&["audit", "list"], &wrong[..]].concat()).expect(2);
        assert!(ran.stderr.contains(wrong[0]), "{ran:?}");
    }
}

/// An account that is gone is known by its id.
#[rstest]
#[tokio::test]
async fn what_somebody_did_outlives_the_account(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let triple = stack.agent_sign_in(&stack.declared.bob).await;
    let made = stack.agent_request(&triple, Method::POST, "/absences");
    stack.send(made.json(&absence(&stack.declared.bob, "Congé"))).await.expect(200);
    let events = listed(&stack, &["--agent", "bob", "--action", "api.call"], 1).await;
    let id = events[0]["actor"].as_str().unwrap();
    let file = stack.home().join("without-bob.yaml");
    let document = "organizations:\n  - { id: agency, name: Agency }\n";
    std::fs::write(&file, document).unwrap();
    stack.tessera(&["apply", "--prune", file.to_str().unwrap()]).expect(0);
    refused(&stack, &["audit", "list", "--agent", "bob"], NOT_FOUND, &["bob"]);
    assert_eq!(listed(&stack, &["--agent", id, "--action", "api.call"], 1).await, events);
}

/// Verifies until everything is sealed.
async fn sealed(stack: &Stack) -> Value {
    let start = Instant::now();
    loop {
        let report = stack.tessera(&["audit", "verify", "--json"]).expect(0).json();
        if report["unsealed"] == 0 && report["partitions"][0]["verified"].as_u64() > Some(0) {
            return report;
        }
        assert!(start.elapsed() < 3 * PATIENCE, "{report}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn exported(stack: &Stack, arguments: &[&str]) -> Vec<Value> {
    let ran = stack.tessera(&[&["audit", "export"], arguments].concat()).expect(0);
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// What services without the master key write is sealed by whoever has it, and what is changed in the database shows.
#[rstest]
#[tokio::test]
async fn what_is_changed_behind_the_trail_shows(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let triple = stack.agent_sign_in(&stack.declared.ada).await;
    for _ in 0..3 {
        stack.as_agent(&triple, Method::GET, "/agents").await.expect(200);
    }
    listed(&stack, &["--action", "api.call"], 3).await;
    let report = sealed(&stack).await;
    assert_eq!((&report["fault_count"], &report["pruned"]), (&json!(0), &json!([])));
    let head = report["partitions"][0]["head"].as_str().unwrap().to_owned();

    let calls = exported(&stack, &["--action", "api.call", "--dialect", "rdv", "--outcome", "received"]);
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call["seal"]["seq"].is_u64() && call["id"].is_string()), "{calls:?}");
    assert!(calls.is_sorted_by_key(|call| call["at"].as_str().map(str::to_owned)), "{calls:?}");
    let all = exported(&stack, &[]);
    let last = all.iter().filter_map(|event| event["seal"]["seq"].as_i64()).max().unwrap();
    let partition = &report["partitions"][0];
    assert!(last >= partition["last_seq"].as_i64().unwrap(), "{partition}");
    assert_eq!(exported(&stack, &["--target", "nothing"]), Vec::<Value>::new());

    let text = stack.tessera(&["audit", "verify", "--expect", &head]).expect(0).stdout;
    assert!(text.starts_with("partition") && text.contains(&head[..head.rfind(':').unwrap()]), "{text}");
    let (place, _) = head.rsplit_once(':').unwrap();
    let other = format!("{place}:{}", "0".repeat(64));
    let ran =
        stack.tessera(&["audit", "verify", "--json", "--expect", &head, "--expect", &other]).expect(TAMPERED);
    assert!(ran.json()["faults"][0].as_str().unwrap().starts_with(&other), "{ran:?}");

    stack.execute("UPDATE audit_events SET actor = 'nobody' WHERE action = 'api.call'");
    let ran = stack.tessera(&["audit", "verify"]).expect(TAMPERED);
    assert_eq!(ran.stdout.matches("changed, inserted or moved").count(), 3, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    stack.tessera(&["audit", "verify", "--expect", "1:2"]).expect(2);
    stack.tessera(&["audit", "list", "--outcome", "maybe"]).expect(2);
    stack.tessera(&["audit", "list", "--agent", "ada", "--actor", "x"]).expect(2);
}

/// The same events over HTTP.
#[rstest]
#[tokio::test]
async fn collectors_read_over_http(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Stack::start(topology).await;
    let client = ["client", "create", "--json", "--id", "siem", "--name", "SIEM", "--kind", "service"];
    let rights = [
        "--grant",
        "client_credentials",
        "--scope",
        "audit:read",
        "--default-scope",
        "audit:read",
        "--audience",
        "auth-server",
        "--role",
        "SERVICE",
    ];
    let made = stack.tessera(&[&client[..], &rights].concat()).expect(0).json();
    let secret = made["client_secret"].as_str().unwrap();
    let form = [("grant_type", "client_credentials")];
    let request = stack.http.post(stack.auth_url("/oauth/token")).basic_auth("siem", Some(secret));
    let token = stack.send(request.form(&form)).await.expect(200).json();
    let token = token["access_token"].as_str().unwrap();
    let url = stack.auth_url("/admin/audit/events?action=client.create&target=siem");
    let page = stack.send(stack.http.get(url).bearer_auth(token)).await.expect(200).json();
    assert_eq!((page["events"].as_array().map(Vec::len), &page["next"]), (Some(1), &Value::Null), "{page}");
    assert_eq!(page["events"][0]["actor"], "operator", "{page}");
    let anonymous = stack.http.get(stack.auth_url("/admin/audit/events"));
    stack.send(anonymous).await.expect(401);
}
