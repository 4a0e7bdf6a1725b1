//! §13, threat 10: guessing passwords at sign-in and at the exchange of Basic credentials, counted together.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, BASIC, Backend, Credentials, EXCHANGE, Spawned, basic_of, send};
use crate::rdv::{BAD, EMAIL, PASSWORD, SIGN_IN, SIX, Session, UID, World, assert_said, sign_in};

/// A sign-in from an address that the proxy in front tells.
async fn from(app: &Spawned, address: &str, email: &str, password: &str) -> Answer {
    let request = app.request(Method::POST, SIGN_IN).header("x-forwarded-for", address);
    send(request.json(&json!({ "email": email, "password": password }))).await
}

/// The same guess as an exchange.
async fn exchange_from(app: &Spawned, client: &Credentials, address: &str, guess: (&str, &str)) -> Answer {
    let token = basic_of(guess.0, guess.1);
    let form = [("grant_type", EXCHANGE), ("subject_token_type", BASIC), ("subject_token", token.as_str())];
    let request = app.request(Method::POST, "/oauth/token").header("x-forwarded-for", address);
    send(request.basic_auth(&client.id, Some(&client.secret)).form(&form)).await
}

#[track_caller]
fn assert_throttled(answer: &Answer, limit: &str) {
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (429, r#"{"errors":["Limite d'appels API atteinte. Merci de patienter.\n"]}"#),
        "{answer:?}"
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("ratelimit-limit"), answer.header("ratelimit-remaining")), (limit, "0"));
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{answer:?}");
    assert!(SIX.iter().all(|name| answer.headers.get(*name).is_none()));
}

/// §13: the format, and room for ordinary retries, well above ten failures a minute.
#[rstest]
#[actix_web::test]
async fn too_many_failures_are_a_429(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    for _ in 0..30 {
        assert_said(&sign_in(&world.app, UID, "wrong").await, 401, BAD);
    }
    let refused = sign_in(&world.app, EMAIL, "wrong").await;
    assert_throttled(&refused, "30");
    // The right password does not help: otherwise the limit would tell which one is right.
    assert_throttled(&sign_in(&world.app, UID, PASSWORD).await, "30");
    assert_said(&sign_in(&world.app, "nobody@cd26.example", PASSWORD).await, 401, BAD);
    let wait: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((55..=65).contains(&wait), "{wait}");
    world.app.clock.advance(TimeDelta::seconds(wait));
    Session::of(&sign_in(&world.app, UID, PASSWORD).await);
}

/// Threat 10: one limit for all dialects, whichever name of the account a guess uses, and however many at once.
#[rstest]
#[actix_web::test]
async fn threat_10_guesses_of_all_dialects_count_together(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| settings.limits.password_failures = 8).await;
    let gate = world.app.exchanger("gate").await;
    let guesses = (0..40).map(|number| {
        let (world, gate) = (&world, &gate);
        async move {
            let guess = format!("guess-{number}");
            if number % 2 == 0 {
                sign_in(&world.app, UID, &guess).await.status
            } else {
                world.app.exchange(gate, BASIC, &basic_of(EMAIL, &guess), &[]).await.status
            }
        }
    });
    let answers = join_all(guesses).await;
    let looked_at = answers.iter().filter(|status| [400, 401].contains(*status)).count();
    assert_eq!((looked_at, answers.iter().filter(|status| **status == 429).count()), (8, 32), "{answers:?}");
    let exchange = world.app.exchange(&gate, BASIC, &basic_of(UID, PASSWORD), &[]).await;
    exchange.assert_refused(429, "temporarily_unavailable");
    assert!(!exchange.header("retry-after").is_empty());
    assert_throttled(&sign_in(&world.app, UID, PASSWORD).await, "8");
}

/// Threat 10: many addresses do not make many guesses, and whoever has signed in from an address before is not locked
/// out by them.
#[rstest]
#[actix_web::test]
async fn threat_10_guesses_from_many_addresses_lock_nobody_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| {
        (settings.limits.password_failures, settings.limits.password_account_failures) = (5, 20);
    });
    let world = world.await;
    let (app, gate) = (world.app.replica_behind_a_proxy().await, world.app.exchanger("gate").await);
    let session = Session::of(&from(&app, "198.51.100.7", UID, PASSWORD).await);
    let mut looked_at = 0;
    for number in 0..100 {
        let address = format!("203.0.113.{number}");
        let answer = if number % 2 == 0 {
            from(&app, &address, UID, &format!("guess-{number}")).await
        } else {
            exchange_from(&app, &gate, &address, (UID, &format!("guess-{number}"))).await
        };
        assert!([400, 401, 429].contains(&answer.status), "{answer:?}");
        looked_at += usize::from(answer.status != 429);
    }
    assert_eq!(looked_at, 20, "of a hundred guesses");
    assert_eq!(from(&app, "203.0.113.200", UID, PASSWORD).await.status, 429);
    assert_eq!(exchange_from(&app, &gate, "203.0.113.200", (UID, PASSWORD)).await.status, 429);
    // The session goes on, and its owner signs in as ever from where they always do.
    assert!(crate::rdv::is_valid(&app, &session).await);
    assert_eq!(from(&app, "198.51.100.7", UID, "a slip").await.status, 429, "what strangers hear, too");
    Session::of(&from(&app, "198.51.100.7", UID, PASSWORD).await);
    assert_eq!(exchange_from(&app, &gate, "198.51.100.7", (UID, PASSWORD)).await.status, 200);
}

/// Threat 10: guesses that are spread over two auth servers are counted together, in every dialect, and a lock is there after
/// a restart.
#[rstest]
#[actix_web::test]
async fn threat_10_two_auth_servers_count_wrong_passwords_together(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| settings.limits.password_account_failures = 20).await;
    let servers = [world.app.replica_behind_a_proxy().await, world.app.replica_behind_a_proxy().await];
    let gate = world.app.exchanger("gate").await;
    let mut statuses = Vec::new();
    for number in 0..30 {
        let (app, address) = (&servers[number % 2], format!("203.0.113.{number}"));
        let guess = format!("guess-{number}");
        let answer = if number % 3 == 0 {
            exchange_from(app, &gate, &address, (UID, &guess)).await
        } else {
            from(app, &address, UID, &guess).await
        };
        statuses.push(answer.status != 429);
    }
    assert_eq!(statuses, [vec![true; 20], vec![false; 10]].concat());
    let later = world.app.replica_behind_a_proxy().await;
    for app in servers.iter().chain([&later]) {
        assert_throttled(&from(app, "198.51.100.7", UID, PASSWORD).await, "30");
    }
    world.app.clock.advance(TimeDelta::minutes(1));
    Session::of(&from(&later, "198.51.100.7", UID, PASSWORD).await);
}

/// Sessions that there are not, from one address, are too many at some point, on every route that takes one; the one that
/// there is, is good all the same.
#[actix_web::test]
async fn unknown_sessions_of_one_address_are_limited() {
    let world = World::with(Backend::Sqlite, |settings| settings.limits.unknown_credentials = 3).await;
    let session = Session::of(&sign_in(&world.app, UID, PASSWORD).await);
    let unknown = async |method: Method, path: &str| {
        let request = world.app.request(method, path).header("access-token", "A".repeat(22));
        send(request.header("client", "B".repeat(22)).header("uid", UID)).await
    };
    let calls = [
        (Method::GET, "/api/v1/auth/validate_token", 401),
        (Method::DELETE, "/api/v1/auth/sign_out", 404),
        (Method::PUT, "/api/v1/auth/password", 401),
    ];
    for (method, path, status) in &calls {
        assert_eq!(unknown(method.clone(), path).await.status, *status);
    }
    for (method, path, _) in calls {
        assert_throttled(&unknown(method, path).await, "3");
    }
    assert!(crate::rdv::is_valid(&world.app, &session).await);
}

/// Threat 10: many names do not make many guesses from one address either.
#[actix_web::test]
async fn threat_10_guesses_at_many_names_stop() {
    let world = World::with(Backend::Sqlite, |settings| settings.limits.password_address_failures = 10).await;
    let app = world.app.replica_behind_a_proxy().await;
    let mut statuses = Vec::new();
    for number in 0..15 {
        let email = format!("agent-{number}@cd26.example");
        statuses.push(from(&app, "203.0.113.9", &email, "Printemps-2026!").await.status);
    }
    assert_eq!(statuses, [vec![401; 10], vec![429; 5]].concat());
    assert_said(&from(&app, "203.0.113.10", "agent-1@cd26.example", "x").await, 401, BAD);
}

#[actix_web::test]
async fn the_limits_can_be_switched_off() {
    let world = World::with(Backend::Sqlite, crate::rdv::unlimited).await;
    for _ in 0..60 {
        assert_said(&sign_in(&world.app, UID, "wrong").await, 401, BAD);
    }
    Session::of(&sign_in(&world.app, UID, PASSWORD).await);
}
