//! Threat 10: what too many wrong passwords lock, at every door and at every process that issues tokens, and how it ends.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Person, Plan, Stack, Topology};

/// Wrong passwords in a row that lock.
const FAILURES: &str = "8";
const SCOPE: &str = "lasuite_visio";

/// Ada by her e-mail address, which every dialect takes for a name, with this password.
fn ada(stack: &Stack, password: &str) -> Person {
    Person { login: "ada@agency.example", password: password.to_owned(), ..stack.declared.ada.clone() }
}

async fn exchange(stack: &Stack, server: &str, person: &Person) -> Answer {
    let basic = format!("{}:{}", person.login, person.password);
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, basic);
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", "urn:tessera:token-type:basic"),
        ("subject_token", &basic),
        ("scope", SCOPE),
    ];
    let client = &stack.declared.gateway;
    let request = stack.http.post(format!("{server}/oauth/token"));
    stack.send(request.basic_auth(&client.id, Some(&client.secret)).form(&form)).await
}

fn listed(stack: &Stack) -> Value {
    let list = stack.tessera(&["user", "list", "--json"]).expect(0).json();
    list.as_array().unwrap().iter().find(|user| user["login"] == "ada").unwrap().clone()
}

/// Guesses that are spread over two processes and every dialect count together; each dialect refuses in its own words; a
/// restart forgets nothing; an operator ends it for both processes at once.
#[rstest]
#[tokio::test]
async fn threat_10_a_lock_holds_at_every_door_until_an_operator_ends_it(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let plan = Plan::new(topology).auth("TESSERA_AUTH__LIMITS__PASSWORD_ACCOUNT_FAILURES", FAILURES);
    let mut stack = plan.auth("TESSERA_AUTH__LIMITS__PASSWORD_LOCKOUT", "1h").start().await;
    let servers = [stack.auth_url(""), stack.another_auth_server().await];
    let (wrong, right) = (ada(&stack, "wrong"), ada(&stack, &stack.declared.ada.password));
    assert_eq!(
        (&listed(&stack)["failed_attempts"], &listed(&stack)["locked_until"]),
        (&json!(0), &json!(null))
    );
    for _ in 0..2 {
        for server in &servers {
            exchange(&stack, server, &wrong).await.expect_error(400, "invalid_grant");
        }
        stack.try_agent_sign_in(&wrong.email, &wrong.password).await.expect(401);
        stack.try_seatable_sign_in(&wrong).await.expect(400);
    }

    refused_everywhere(&stack, &servers, &right).await;
    let state = listed(&stack);
    assert_eq!(state["failed_attempts"], 8);
    assert!(state["locked_until"].is_string(), "{state}");
    let text = stack.tessera(&["user", "list"]).expect(0).stdout;
    assert!(text.lines().any(|line| line.contains("ada") && line.contains("locked")), "{text}");

    stack.auth().kill();
    stack.auth().start().await;
    refused_everywhere(&stack, &servers, &right).await;

    let unlocked = stack.tessera(&["user", "unlock", "ada", "--json"]).expect(0).json();
    assert_eq!(unlocked, json!({ "login": "ada", "forgotten": 1 }));
    for server in &servers {
        exchange(&stack, server, &right).await.expect(200);
    }
    stack.try_seatable_sign_in(&right).await.expect(200);
    assert_eq!(listed(&stack)["locked_until"], json!(null));
    stack.tessera(&["user", "unlock", "carol"]).expect(3);
}

/// The right password does not help: otherwise the lock would tell which one is right.
async fn refused_everywhere(stack: &Stack, servers: &[String; 2], right: &Person) {
    let wait = |answer: &Answer| answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
    for server in servers {
        let refused = exchange(stack, server, right).await;
        refused.expect_error(429, "temporarily_unavailable");
        assert!((3000..=3600).contains(&wait(&refused)), "{refused:?}");
    }
    let agent = stack.try_agent_sign_in(&right.email, &right.password).await.expect(429);
    assert_eq!(agent.json(), json!({ "errors": ["Limite d'appels API atteinte. Merci de patienter.\n"] }));
    let seatable = stack.try_seatable_sign_in(right).await.expect(429);
    let detail = format!("Request was throttled. Expected available in {} seconds.", wait(&seatable));
    assert_eq!(seatable.json(), json!({ "detail": detail }));
    let ocs = stack.send(stack.ocs_request(right, Method::GET, "/cloud/user")).await.expect(429);
    assert_eq!(ocs.json()["ocs"]["meta"]["statuscode"], 429);
    assert!(wait(&ocs) > 0 && wait(&agent) > 0);
}

/// Behind a proxy that every service trusts, wrong passwords count for the address that the proxy has seen, at whatever
/// service they arrive; from a peer that nobody trusts the header changes nothing (threat 16). No link follows a forged host
/// (threat 11).
#[rstest]
#[tokio::test]
async fn threat_16_addresses_come_from_trusted_proxies_alone(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
    #[values(true, false)] is_trusted: bool,
) {
    let mut plan = Plan::new(topology).auth("TESSERA_AUTH__LIMITS__PASSWORD_FAILURES", "3");
    if is_trusted {
        plan = plan.everywhere("TESSERA_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    }
    let stack = plan.start().await;
    let (wrong, right) = (ada(&stack, "wrong"), ada(&stack, &stack.declared.ada.password));
    let from = async |person: &Person, address: &str| {
        let request =
            stack.ocs_request(person, Method::GET, "/cloud/user").header("X-Forwarded-For", address);
        let request = request.header("Forwarded", "for=192.0.2.99").header("X-Real-IP", "192.0.2.99");
        stack.send(request.header("X-Forwarded-Host", "evil.example")).await.status
    };
    // A guesser may write what they like in front of what the proxy adds.
    for number in 0..3 {
        assert_eq!(from(&wrong, &format!("198.51.100.{number}, 203.0.113.9")).await, 401);
    }
    assert_eq!(from(&right, "203.0.113.9").await, 429);
    assert_eq!(from(&right, "nonsense, 203.0.113.9").await, 429);
    assert_eq!(from(&right, "203.0.113.10").await, if is_trusted { 200 } else { 429 });

    let metadata = stack.http.get(stack.auth_url("/.well-known/oauth-authorization-server"));
    let told =
        stack.send(metadata.header("X-Forwarded-Host", "evil.example").header("X-Forwarded-Proto", "https"));
    let told = told.await.expect(200).json();
    assert!(!told.to_string().contains("evil.example"), "{told}");
}
