//! The operator's switch: a disabled client or account is refused everywhere, in the dialect's words, until it is
//! enabled again. Threats 9 and 26.

use std::time::{Duration, Instant};

use reqwest::Method;
use rstest::rstest;

use crate::stack::{Answer, BOUND, Stack, Topology, settled};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list offline_access";
const APPLICATION: &str = "Application is disabled.";
const ACCOUNT: &str = "User account is disabled.";

#[rstest]
#[tokio::test]
async fn threat_26_a_disabled_application_is_refused_until_it_is_enabled(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (booking, kiosk, ada) = (&stack.declared.booking, &stack.declared.kiosk, &stack.declared.ada);
    let token = stack.application_token(booking, ada).await;
    let bystander = stack.application_token(kiosk, ada).await;
    stack.call(&token, Method::GET, "/rooms").await.expect(200);

    stack.tessera(&["client", "disable", "booking"]).expect(0);
    stack.settles(&token, 401).await.expect_detail(401, APPLICATION);
    assert!(!stack.is_active(&token).await);
    let refused = until(401, || stack.application(booking, &ada.email)).await;
    refused.expect_detail(401, "Application is inactive");
    // Whoever does not know the secret is not told.
    let guess = crate::stack::Credentials { secret: kiosk.secret.clone(), ..booking.clone() };
    stack.application(&guess, &ada.email).await.expect_detail(401, "Invalid credentials");
    stack.call(&bystander, Method::GET, "/rooms").await.expect(200);

    stack.tessera(&["client", "enable", "booking"]).expect(0);
    stack.settles(&token, 200).await;
    assert!(stack.is_active(&token).await);
    until(200, || stack.application(booking, &ada.email)).await;
}

#[rstest]
#[tokio::test]
async fn threat_26_a_disabled_account_is_refused_until_it_is_enabled(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let (booking, ada) = (&stack.declared.booking, &stack.declared.ada);
    let delegated = stack.application_token(booking, ada).await;
    let session = stack.sign_in(ada, SCOPE).await.expect(200);
    let own = session.access_token();
    let bystander = stack.application_token(booking, &stack.declared.bob).await;
    for token in [&delegated, &own] {
        stack.call(token, Method::GET, "/rooms").await.expect(200);
    }

    stack.tessera(&["user", "disable", "ada@agency.example"]).expect(0);
    for token in [&delegated, &own] {
        assert!(!stack.is_active(token).await);
        stack.settles(token, 401).await.expect_detail(401, ACCOUNT);
    }
    let refused = stack.sign_in(ada, SCOPE).await;
    refused.expect_error(400, "invalid_grant");
    assert_eq!(refused.text_of("reason"), "account_disabled");
    stack.refresh(&session.refresh_token()).await.expect_error(400, "invalid_grant");
    // contracts/meet.md §4.5: a token is issued all the same, and refused where it is used.
    let fresh = stack.application_token(booking, ada).await;
    stack.call(&fresh, Method::GET, "/rooms").await.expect_detail(401, ACCOUNT);
    stack.call(&bystander, Method::GET, "/rooms").await.expect(200);

    stack.tessera(&["user", "enable", "ada"]).expect(0);
    for token in [&delegated, &own, &fresh] {
        stack.settles(token, 200).await;
        assert!(stack.is_active(token).await);
    }
    stack.refresh(&session.refresh_token()).await.expect(200);
    stack.sign_in(ada, SCOPE).await.expect(200);
}

/// contracts/meet.md §14.8: application checks win over user checks.
#[rstest]
#[tokio::test]
async fn of_two_reasons_the_applications_is_told(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let token = stack.application_token(&stack.declared.booking, &stack.declared.ada).await;
    stack.tessera(&["user", "disable", "ada"]).expect(0);
    stack.settles(&token, 401).await.expect_detail(401, ACCOUNT);
    stack.tessera(&["client", "disable", "booking"]).expect(0);
    told(&stack, &token, APPLICATION).await;
    stack.tessera(&["client", "enable", "booking"]).expect(0);
    told(&stack, &token, ACCOUNT).await;
    stack.tessera(&["user", "enable", "ada"]).expect(0);
    stack.settles(&token, 200).await;
}

/// A back end that is switched off takes the sessions it holds along, and gets them back.
#[rstest]
#[tokio::test]
async fn threat_26_a_disabled_back_end_cannot_use_the_sessions_it_holds(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let session = stack.sign_in(&stack.declared.ada, SCOPE).await.expect(200);
    let token = session.access_token();
    stack.tessera(&["client", "disable", "gateway"]).expect(0);
    stack.settles(&token, 401).await.expect_detail(401, APPLICATION);
    let refused = until(401, || stack.refresh("trt_nothing")).await;
    refused.expect_error(401, "invalid_client");
    stack.refresh(&session.refresh_token()).await.expect_error(401, "invalid_client");
    stack.tessera(&["client", "enable", "gateway"]).expect(0);
    stack.settles(&token, 200).await;
    let kept = session.refresh_token();
    until(200, || stack.refresh(&kept)).await;
}

/// Waits until the rooms service refuses a token in these words.
async fn told(stack: &Stack, token: &str, detail: &str) {
    let start = Instant::now();
    loop {
        let lag = start.elapsed();
        let answer = stack.call(token, Method::GET, "/rooms").await.expect(401);
        if answer.text_of("detail") == detail {
            return;
        }
        assert!(lag <= BOUND, "asked after {lag:?}, and still {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Asks until the answer has this status: another process has made the change.
async fn until<F: Future<Output = Answer>>(status: u16, ask: impl Fn() -> F) -> Answer {
    settled("a change", Instant::now(), status, ask).await
}
