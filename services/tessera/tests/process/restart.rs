//! Threat 26: a restart forgets nothing, not even for a moment.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use rstest::rstest;
use serde_json::Value;

use crate::stack::{Gate, Plan, Stack, Topology};

/// Answers that are looked at after a restart.
const ANSWERS: usize = 30;

/// From the very first answer on, a restarted service refuses what was revoked before: by 401 or, as long as it does not
/// know, by 503.
#[rstest]
#[tokio::test]
async fn threat_26_a_restarted_service_refuses_what_was_revoked_before(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let (revoked, good) = tokens(&stack).await;
    for _ in 0..3 {
        stack.rooms().kill();
        stack.rooms().begin();
        let statuses = first_answers(&stack, &revoked).await;
        assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
        assert_eq!(statuses.last(), Some(&401), "{statuses:?}");
        stack.rooms().ready().await;
        stack.call(&good, Method::GET, "/rooms").await.expect(200);
    }
}

/// While the feed keeps a restarted service waiting, the service cannot know what was revoked, and lets nobody in.
#[tokio::test]
async fn threat_26_nobody_is_let_in_before_the_feed_has_spoken() {
    let plan = Plan::new(Topology::Separate);
    let gate = Gate::before(&plan.issuer()).await;
    let mut stack = plan.rooms("TESSERA_AUTHORITY__URL", gate.origin()).start().await;
    let (revoked, good) = tokens(&stack).await;
    stack.rooms().kill();
    gate.close();
    stack.rooms().begin();
    let alive = stack.rooms().management_url("/livez");
    stack.rooms().running().wait_until_ok(&alive).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        for token in [&revoked, &good] {
            let answer = stack.call(token, Method::GET, "/rooms").await;
            assert_eq!(answer.status, 503, "before the feed has spoken: {answer:?}");
        }
    }
    let readiness = stack.rooms().management_url("/readyz");
    let report = stack.send(stack.http.get(readiness)).await.expect(503);
    assert_eq!(report.json()["checks"]["revocation feed"]["state"], "failed", "{report:?}");
    gate.open();
    let answer = stack.lists_with(&good, 200).await.0;
    assert_eq!(answer.json()["count"], 0);
    stack.call(&revoked, Method::GET, "/rooms").await.expect_detail(401, "Invalid token.");
}

/// The auth server is away for a while: services go on with what they know, and hear afterwards what they have missed.
#[tokio::test]
async fn a_service_outlives_its_auth_server() {
    let mut stack = Stack::start(Topology::Separate).await;
    let (revoked, good) = tokens(&stack).await;
    stack.auth().kill();
    stack.call(&good, Method::GET, "/rooms").await.expect(200);
    stack.call(&revoked, Method::GET, "/rooms").await.expect_detail(401, "Invalid token.");
    // Nobody is there to tell the rooms service at once.
    stack.tessera(&["client", "disable", "booking"]).expect(0);
    stack.auth().start().await;
    // The follower pauses two seconds at most between its attempts.
    let (answer, lag) = stack.lists_with(&good, 401).await;
    answer.expect_detail(401, "Application is disabled.");
    assert!(lag < Duration::from_secs(10), "{lag:?}");
}

/// Threat 26: not even a second after its time.
#[rstest]
#[tokio::test]
async fn threat_26_an_expired_token_is_over(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).auth("TESSERA_AUTH__MEET__TOKEN_TTL", "4s").start().await;
    let before = SystemTime::now();
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    let (exp, after) = (end_of(&token), SystemTime::now());
    // In whole seconds, so it may be up to one earlier than it should.
    let [earliest, latest] = [before + Duration::from_secs(3), after + Duration::from_secs(4)];
    assert!(earliest <= exp && exp <= latest, "{exp:?}, asked for at {before:?}");
    stack.call(&token, Method::GET, "/rooms").await.expect(200);
    loop {
        let asked_at = SystemTime::now();
        let answer = stack.call(&token, Method::GET, "/rooms").await;
        if answer.status != 200 {
            answer.expect_detail(401, "Token expired.");
            assert!(SystemTime::now() >= exp, "over before {exp:?}");
            break;
        }
        assert!(asked_at < exp, "good at {asked_at:?}, after {exp:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!stack.is_active(&token).await);
}

/// `exp` of an access token.
fn end_of(token: &str) -> SystemTime {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    UNIX_EPOCH + Duration::from_secs(claims["exp"].as_u64().unwrap())
}

/// A token that the rooms service has seen revoked, and one that is good.
async fn tokens(stack: &Stack) -> (String, String) {
    let (booking, ada) = (&stack.declared.booking, &stack.declared.ada);
    let revoked = stack.application_token(booking, ada).await;
    let good = stack.application_token(booking, ada).await;
    for token in [&revoked, &good] {
        stack.call(token, Method::GET, "/rooms").await.expect(200);
    }
    stack.oauth("/oauth/revoke", booking, &[("token", &revoked)]).await.expect(200);
    stack.settles(&revoked, 401).await;
    (revoked, good)
}

/// The statuses of the first answers of a service that is about to listen; enough of them to have seen what follows 503.
async fn first_answers(stack: &Stack, token: &str) -> Vec<u16> {
    let (mut statuses, start) = (Vec::new(), Instant::now());
    while statuses.len() < ANSWERS || statuses.last() == Some(&503) {
        assert!(start.elapsed() < Duration::from_secs(30), "{statuses:?}");
        match stack.try_send(stack.request(token, Method::GET, "/rooms")).await {
            Ok(answer) => statuses.push(answer.status),
            Err(_) => tokio::time::sleep(Duration::from_micros(200)).await,
        }
    }
    statuses
}
