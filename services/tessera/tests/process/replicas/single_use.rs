//! Threat 7: what counts once counts once, whichever replica it is shown to, and after a restart.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use totp_rs::Totp;

use crate::stack::{Facing, Person, Plan, Stack};

/// So often one code is shown at the same time, half of them to each replica.
const AT_ONCE: usize = 6;

/// A code of a second factor: once at one replica it is refused by the other, also by one that has just been started.
#[tokio::test]
async fn threat_07_a_code_counts_once_at_all_replicas_together() {
    let mut stack = Plan::in_two().await.start().await;
    let bob = stack.declared.bob.clone();
    let (first, next) = enrol(&stack, &bob);
    for side in [Facing::Second, Facing::First] {
        stack.face(side);
        // What confirmed it is used up.
        stack.send(with_code(&stack, &bob, &first)).await.expect(400);
    }
    stack.send(with_code(&stack, &bob, &next)).await.expect(200);
    stack.face(Facing::Second);
    stack.send(with_code(&stack, &bob, &next)).await.expect(400);
    for side in [Facing::First, Facing::Second] {
        stack.face(side);
        for unit in stack.half(side).into_iter().take(1) {
            unit.kill();
            unit.start().await;
        }
        stack.send(with_code(&stack, &bob, &next)).await.expect(400);
    }
}

/// The same code at the same time at both: one of them lets the person in.
#[tokio::test]
async fn threat_07_of_one_code_shown_to_both_at_once_one_counts() {
    let mut stack = Plan::in_two().await.start().await;
    let ada = stack.declared.ada.clone();
    let (_, code) = enrol(&stack, &ada);
    let mut requests = Vec::new();
    for number in 0..AT_ONCE {
        stack.face(if number % 2 == 0 { Facing::First } else { Facing::Second });
        requests.push(with_code(&stack, &ada, &code));
    }
    let answers = join_all(requests.into_iter().map(|request| stack.send(request))).await;
    let mut statuses = BTreeMap::new();
    for answer in &answers {
        *statuses.entry(answer.status).or_insert(0) += 1;
        if answer.status == 200 {
            stack.watch.note(&answer.text_of("token"));
        }
    }
    assert_eq!(statuses.get(&200), Some(&1), "{answers:?}");
    assert!(statuses.keys().all(|status| [200, 400, 429].contains(status)), "{answers:?}");
}

/// Gives somebody a second factor: the code that has confirmed it, and the one after it, which is good already.
fn enrol(stack: &Stack, person: &Person) -> (String, String) {
    let enrolled = stack.tessera(&["user", "otp", "enrol", person.login, "--json"]).expect(0).json();
    stack.watch.note(enrolled["secret"].as_str().unwrap());
    let totp = Totp::from_url(enrolled["uri"].as_str().unwrap()).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let code = totp.generate(now).to_string();
    stack.tessera(&["user", "otp", "confirm", person.login, &code, "--json"]).expect(0);
    (code, totp.generate(now + 30).to_string())
}

fn with_code(stack: &Stack, person: &Person, code: &str) -> RequestBuilder {
    let form = [("username", person.email.as_str()), ("password", &person.password)];
    stack.http.post(stack.auth_url("/api2/auth-token/")).form(&form).header("X-SEAFILE-OTP", code)
}
