//! `tessera user otp`

use std::time::{SystemTime, UNIX_EPOCH};

use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::Totp;

use super::{NOT_FOUND, REFUSED, both, line, refused};
use crate::stack::{Person, Plan, Stack, Topology};

const SCOPE: &str = "lasuite_visio lasuite_visio:rooms:list";

/// What the app shows now.
fn code(totp: &Totp) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    totp.generate(now.as_secs()).to_string()
}

fn enrol(stack: &Stack, account: &str) -> Totp {
    let enrolled = stack.tessera(&["user", "otp", "enrol", account, "--json"]).expect(0).json();
    stack.watch.note(enrolled["secret"].as_str().unwrap());
    let totp = Totp::from_url(enrolled["uri"].as_str().unwrap()).unwrap();
    assert_eq!(totp.secret().to_base32(), enrolled["secret"], "{}", enrolled["login"]);
    totp
}

fn codes(answer: &Value) -> Vec<String> {
    let codes = answer["recovery_codes"].as_array().unwrap();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

fn state(stack: &Stack, account: &str) -> Value {
    both(stack, &["user", "otp", "status", account]).1["state"].clone()
}

/// Nobody who asks for a password only lets the person in, on any dialect, from one command to the other.
async fn needs_a_code(stack: &Stack, person: &Person) {
    let exchanged = stack.sign_in(person, SCOPE).await.expect(400);
    assert_eq!(exchanged.text_of("reason"), "otp_required");
    stack.try_agent_sign_in(&person.email, &person.password).await.expect(401);
}

/// The life of a second factor: handed out, confirmed, asked for everywhere, given up with a recovery code.
#[rstest]
#[tokio::test]
async fn a_second_factor_counts_at_once_and_can_be_recovered_from(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Stack::start(topology).await;
    let bob = stack.declared.bob.clone();
    assert_eq!(state(&stack, "bob"), "off");
    let totp = enrol(&stack, "bob");
    assert_eq!((totp.issuer(), totp.account_name()), (Some("Tessera"), "bob"));
    assert_eq!(state(&stack, "bob"), "enrolled");
    stack.sign_in(&bob, SCOPE).await.expect(200);
    refused(&stack, &["user", "otp", "confirm", "bob", "12345"], REFUSED, &["the code is not valid"]);

    let confirm = ["user", "otp", "confirm", bob.email.as_str(), &code(&totp), "--json"];
    let first = codes(&stack.tessera(&confirm).expect(0).json());
    let (text, standing) = both(&stack, &["user", "otp", "status", "bob"]);
    assert_eq!(
        (&standing["state"], &standing["recovery_codes"], &standing["trusted_devices"]),
        (&json!("on"), &json!(10), &json!(0))
    );
    assert!(text.lines().any(|line| line.split_whitespace().eq(["state", "on"])), "{text}");
    needs_a_code(&stack, &bob).await;
    refused(&stack, &["user", "otp", "enrol", "bob"], REFUSED, &["on already"]);

    let renewed = stack.tessera(&["user", "otp", "recovery-codes", "bob"]).expect(0);
    assert_eq!(line(&renewed, "login"), "bob");
    let second = line(&renewed, "recovery code").to_owned();
    assert_eq!(renewed.stdout.lines().count(), 11, "{renewed:?}");
    let old = stack.tessera_reading(&["user", "otp", "recover", "bob"], &first[0]);
    old.expect_sentence(REFUSED, &["the code is not valid"]);
    needs_a_code(&stack, &bob).await;
    let recovered =
        stack.tessera_reading(&["user", "otp", "recover", "bob", "--json"], &format!("{second}\n"));
    assert_eq!(recovered.expect(0).json()["state"], "off");
    stack.sign_in(&bob, SCOPE).await.expect(200);
    stack.agent_sign_in(&bob).await;
    let trail = stack.tessera(&["audit", "list", "--action", "otp.recover", "--json"]).expect(0).json();
    let outcomes: Vec<_> = trail.as_array().unwrap().iter().map(|event| event["outcome"].clone()).collect();
    assert_eq!(outcomes, ["success", "failure"], "{trail}");

    let totp = enrol(&stack, "bob");
    stack.tessera(&["user", "otp", "confirm", "bob", &code(&totp)]).expect(0);
    needs_a_code(&stack, &bob).await;
    let (_, off) = both(&stack, &["user", "otp", "disable", "bob"]);
    assert_eq!((&off["state"], &off["recovery_codes"]), (&json!("off"), &json!(0)));
    stack.sign_in(&bob, SCOPE).await.expect(200);
}

#[rstest]
fn what_cannot_be_done_to_second_factors_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.apply_declared();
    for command in ["enrol", "disable", "status", "recovery-codes", "recover"] {
        refused(&stack, &["user", "otp", command, "carol"], NOT_FOUND, &["there is no account carol"]);
    }
    refused(
        &stack,
        &["user", "otp", "confirm", "carol", "123456"],
        NOT_FOUND,
        &["there is no account carol"],
    );
    refused(
        &stack,
        &["user", "otp", "confirm", "ada", "123456"],
        REFUSED,
        &["no second factor was enrolled"],
    );
    refused(&stack, &["user", "otp", "recovery-codes", "ada"], REFUSED, &["the second factor is not on"]);
    refused(&stack, &["user", "otp", "recover", "ada"], 2, &["no recovery code was given"]);
    let recover = stack.tessera_reading(&["user", "otp", "recover", "ada"], "0000-0000-0000-0000\n");
    recover.expect_sentence(REFUSED, &["the second factor is not on"]);
    assert_eq!(both(&stack, &["user", "otp", "disable", "ada"]).1["state"], "off", "there was none");
}
