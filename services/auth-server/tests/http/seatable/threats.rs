//! The threats of the list that touch the sign-in here.

use std::time::{Duration, Instant};

use auth_claims::account_token::ACCOUNT_TOKEN;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{
    ACCOUNT_INFO, AUTH_PING, AUTH_TOKEN, EMAIL, PASSWORD, PING, SERVER_INFO, World, assert_throttled,
    sign_in, sign_in_with, token,
};
use crate::harness::{BASIC, Backend, FORM, Spawned, basic_of, send};

/// Threat 9: what ends an account, or asks more of it, holds at every endpoint: at the sign-in, at those that take its
/// token, and where the token is exchanged.
#[rstest]
#[actix_web::test]
async fn threat_09_a_state_of_an_account_holds_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("disabled", "deleted", "revoked", "second factor")] state: &str,
) {
    let world = World::on(backend).await;
    let (gate, before) = (world.app.exchanger("gate").await, world.token().await);
    let header = format!("Token {before}");
    let good = async || {
        let sign_in = world.sign_in().await.status == 200;
        let shown = [AUTH_PING, ACCOUNT_INFO].map(|path| world.get(path, &header));
        let [ping, info] = join_all(shown).await.try_into().expect("two answers");
        let exchanged = world.app.exchange(&gate, ACCOUNT_TOKEN, &before, &[]).await.status == 200;
        [sign_in, ping.status == 200, info.status == 200, exchanged]
    };
    assert_eq!(good().await, [true; 4]);
    let origin = identity::audit::Origin::default();
    match state {
        "disabled" => world.disable(true).await,
        "deleted" => world.delete().await,
        "revoked" => {
            world.app.identity.revoke_account_token(world.mira.id, &origin).await.expect("a directory");
        }
        _ => drop(world.protect().await),
    }
    let expected = match state {
        "disabled" | "deleted" => [false; 4],
        // The next sign-in makes another token.
        "revoked" => [true, false, false, false],
        // The token is from before: it is not the password.
        _ => [false, true, true, true],
    };
    assert_eq!(good().await, expected);
    if state == "disabled" {
        world.disable(false).await;
        assert_eq!(good().await, [true; 4]);
    }
}

/// Threat 10: guesses here and elsewhere count together, by whichever name, and however many are tried at once.
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
                sign_in(&world.app, EMAIL, &guess).await.status
            } else {
                world.app.exchange(gate, BASIC, &basic_of(EMAIL, &guess), &[]).await.status
            }
        }
    });
    let answers = join_all(guesses).await;
    let of = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((of(400), of(429)), (8, 32), "{answers:?}");
    // The right password does not help: otherwise the limit would tell which one is right.
    assert_throttled(&world.sign_in().await);
}

/// Threat 10: strangers at many addresses neither get many guesses nor lock out whoever has signed in from elsewhere.
#[rstest]
#[actix_web::test]
async fn threat_10_guesses_from_many_addresses_lock_nobody_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::with(backend, |settings| {
        (settings.limits.password_failures, settings.limits.password_account_failures) = (5, 20);
    });
    let world = world.await;
    let app = world.app.replica_behind_a_proxy().await;
    let from = async |address: &str, password: &str| {
        let request = app.request(Method::POST, AUTH_TOKEN).header("x-forwarded-for", address);
        send(request.form(&[("username", EMAIL), ("password", password)])).await
    };
    token(&from("198.51.100.7", PASSWORD).await);
    let mut looked_at = 0;
    for number in 0..100 {
        let answer = from(&format!("203.0.113.{number}"), &format!("guess-{number}")).await;
        assert!([400, 429].contains(&answer.status), "{answer:?}");
        looked_at += usize::from(answer.status == 400);
    }
    assert_eq!(looked_at, 20, "of a hundred guesses");
    assert_throttled(&from("203.0.113.200", PASSWORD).await);
    token(&from("198.51.100.7", PASSWORD).await);
}

/// Threat 10: whoever has the password and guesses codes gets no further than the limit, however many at once.
#[rstest]
#[actix_web::test]
async fn threat_10_guesses_of_codes_are_bounded(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let totp = world.protect().await;
    world.app.clock.advance(chrono::TimeDelta::seconds(90));
    let right: Vec<String> = [-1, 0, 1].map(|steps| world.code(&totp, steps)).to_vec();
    let guesses = (0..60_u32).map(|number| format!("{number:06}")).filter(|code| !right.contains(code));
    let answers = join_all(guesses.map(|code| {
        let app = &world.app;
        async move { sign_in_with(app, PASSWORD, &[("X-SEAFILE-OTP", &code)]).await }
    }))
    .await;
    let looked_at = answers.iter().filter(|answer| answer.status == 400).count();
    assert!((1..=10).contains(&looked_at), "{looked_at}");
    answers.iter().filter(|answer| answer.status != 400).for_each(|answer| {
        assert_throttled(answer);
    });
}

/// Threat 17: nobody learns by the time of an answer whether a name is somebody's, whichever kind of name it is.
#[actix_web::test]
async fn threat_17_unknown_and_known_people_take_the_same_time() {
    let world = World::with(Backend::Sqlite, crate::rdv::unlimited).await;
    let fallen = world.app.account("fallen").await;
    world.app.enable_account(&fallen, false).await;
    let internal_id = world.internal_id();
    let names = [
        EMAIL,
        "nobody@tables.example",
        "mira",
        "nobody",
        &internal_id,
        "019000000000700080000000000000ff@auth.local",
        "fallen",
    ];
    let mut times: [Vec<Duration>; 7] = Default::default();
    for round in 0..120 {
        for (times, name) in times.iter_mut().zip(names) {
            let started = Instant::now();
            let answer = sign_in(&world.app, name, "wrong").await;
            let passed = started.elapsed();
            assert_eq!((answer.status, answer.text.as_str()), (400, super::BAD));
            if round >= 20 {
                times.push(passed);
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    });
    for median in &medians[1..] {
        assert!((0.4..2.5).contains(&(median / medians[0])), "{medians:?}");
    }
}

const NASTY: [&str; 16] = [
    "",
    "\0",
    "%00",
    "%zz",
    "username=%ff&password=%ff",
    "username[]=a&password[x]=b",
    "{",
    "[[[[",
    "null",
    r#"{"username":"\ud800","password":"b"}"#,
    r#"{"username":1e999,"password":"b"}"#,
    r#"{"username":{"username":"a"},"password":[[]]}"#,
    "--x\r\n",
    "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\n",
    "${jndi:ldap://x}",
    "\u{202e}\u{ffff}",
];

/// Threat 18: whatever is sent, no 5xx, a JSON object where there is a body, and the server goes on.
#[rstest]
#[actix_web::test]
async fn threat_18_nasty_requests_are_refused_in_order(
    #[values(FORM, "application/json", "multipart/form-data; boundary=x", "", "text/plain; charset=\"")]
    content_type: &str,
) {
    let world = World::on(Backend::Sqlite).await;
    let paths = [
        AUTH_TOKEN,
        PING,
        AUTH_PING,
        ACCOUNT_INFO,
        SERVER_INFO,
        "/api2/%00/",
        "/api2/%ff%2F..%2f/",
        "//api2/a",
    ];
    for path in paths {
        for method in [Method::POST, Method::PUT, Method::GET, Method::DELETE] {
            for (index, body) in NASTY.into_iter().enumerate() {
                let request = world.app.request(method.clone(), path).header("content-type", content_type);
                let request =
                    request.header("authorization", ["Token", "Token x y", "Bearer ..", ""][index % 4]);
                let request = request.header("x-seafile-otp", "\u{e9}").header("x-seafile-s2fa", "%00");
                assert_orderly(&send(request.body(body)).await, &format!("{method} {path} {body:?}"));
            }
        }
    }
    world.token().await;
}

#[track_caller]
fn assert_orderly(answer: &crate::harness::Answer, what: &str) {
    assert!(answer.status < 500, "{what}: {answer:?}");
    if answer.status >= 400 {
        let body = answer.json();
        assert!(body.is_object(), "§2.3, {what}: {answer:?}");
    }
}

/// Threat 18: a form of a thousand parts and a deep list take no more than others, and are refused.
#[actix_web::test]
async fn threat_18_bodies_are_bounded() {
    let world = World::on(Backend::Sqlite).await;
    let refused = async |app: &Spawned, content_type: &str, body: String| {
        let request = app.request(Method::POST, AUTH_TOKEN).header("content-type", content_type);
        send(request.body(body)).await.status
    };
    let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n".repeat(1000);
    assert_eq!(refused(&world.app, "multipart/form-data; boundary=x", format!("{part}--x--\r\n")).await, 400);
    assert_eq!(refused(&world.app, "application/json", "[".repeat(60_000)).await, 400);
    let many = json!({ "username": vec!["a"; 1000], "password": "b" }).to_string();
    assert_eq!(refused(&world.app, "application/json", many).await, 400);
    assert_eq!(refused(&world.app, FORM, "a".repeat(2 * 1024 * 1024)).await, 413);
}
