//! Threat 2, across a power cut: no session is lost, and none becomes two.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rstest::rstest;
use serde_json::Value;

use crate::stack::{Plan, Stack, Topology};

const SESSIONS: usize = 8;
/// Rotations that were acknowledged when the power goes.
const KILL_AFTER: usize = 60;
const SCOPE: &str = "lasuite_visio offline_access";

/// What a client holds when its server is gone.
struct Held {
    /// The last refresh token it was given.
    current: String,
    /// The one it gave for that.
    spent: Option<String>,
}

/// Sessions are being refreshed, over and over, when the auth server is killed. Afterwards the last acknowledged token
/// of each works, two requests with it get the same successor, and once that is used the token is a replay.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threat_02_no_session_is_lost_or_doubled_by_a_kill(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Plan::new(topology).start().await;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..SESSIONS {
        let session = stack.sign_in(&stack.declared.ada, SCOPE).await.expect(200);
        let gateway = &stack.declared.gateway;
        let request = stack.http.post(stack.auth_url("/oauth/token"));
        let request = request.basic_auth(&gateway.id, Some(&gateway.secret));
        let first = session.refresh_token();
        clients.push(tokio::spawn(keep_refreshing(request, first, Arc::clone(&acknowledged))));
    }
    while acknowledged.load(Ordering::Acquire) < KILL_AFTER {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    stack.auth().kill();
    let mut sessions = Vec::new();
    for client in clients {
        let held = client.await.unwrap();
        stack.watch.note_token(&held.current);
        sessions.push(held);
    }

    stack.auth().start().await;
    for session in sessions {
        lives_once(&stack, session).await;
    }
}

/// Refreshes until the server is gone.
async fn keep_refreshing(
    request: reqwest::RequestBuilder,
    first: String,
    acknowledged: Arc<AtomicUsize>,
) -> Held {
    let mut held = Held { current: first, spent: None };
    loop {
        let form = [("grant_type", "refresh_token"), ("refresh_token", held.current.as_str())];
        let Ok(response) = request.try_clone().unwrap().form(&form).send().await else { return held };
        let status = response.status();
        let Ok(body) = response.json::<Value>().await else { return held };
        assert_eq!(status, 200, "{body}");
        let successor = body["refresh_token"].as_str().unwrap().to_owned();
        held = Held { spent: Some(std::mem::replace(&mut held.current, successor)), ..held };
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
}

async fn lives_once(stack: &Stack, session: Held) {
    // The answer that broke off may have carried a successor: then it is the one everybody gets now.
    let mut successors = HashSet::new();
    for _ in 0..3 {
        successors.insert(stack.refresh(&session.current).await.expect(200).refresh_token());
    }
    assert_eq!(successors.len(), 1, "two lineages: {successors:?}");
    let successor = successors.into_iter().next().unwrap();
    let latest = stack.refresh(&successor).await.expect(200).refresh_token();
    // From here on the old tokens are replays, which end the session.
    stack.refresh(&session.spent.unwrap_or(session.current)).await.expect_error(400, "invalid_grant");
    for token in [successor, latest] {
        stack.refresh(&token).await.expect_error(400, "invalid_grant");
    }
}
