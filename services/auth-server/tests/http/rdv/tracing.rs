//! What a sign-in leaves behind: audit events and the metric, and never a secret.

use identity::audit::Outcome;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Backend, send};
use crate::rdv::{CHANGE, PASSWORD, SIGN_IN, UID, World, sign_in, sign_out};

const ACTIONS: [&str; 4] =
    ["device_session.open", "device_session.sign_out", "account.set_password", "token.issue"];

#[rstest]
#[actix_web::test]
async fn what_is_done_is_an_event(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    sign_in(&world.app, UID, "wrong").await;
    // Refusals are written a little later than what changes something; this waits for them.
    world.app.audit("device_session.open").await;
    let session = world.session().await;
    sign_out(&world.app, &session).await;
    let opened = world.app.audit("device_session.open").await;
    let said: Vec<_> =
        opened.iter().rev().map(|event| (event.outcome, event.origin.dialect.as_deref())).collect();
    assert_eq!(said, [(Outcome::Failure, Some("rdv")), (Outcome::Success, Some("rdv"))]);
    assert_eq!(opened[1].detail.as_ref().expect("a detail")["error"], "bad_credentials");
    for event in opened.iter().chain(&world.app.audit("device_session.sign_out").await) {
        assert!(event.origin.address.is_some() && event.origin.request_id.is_some(), "{event:?}");
    }
    assert_eq!(world.app.audit("device_session.sign_out").await.len(), 1);
}

#[rstest]
#[actix_web::test]
async fn no_event_holds_a_secret(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let gate = world.app.exchanger("gate").await;
    let guess = "Guessed-Password-26";
    sign_in(&world.app, UID, guess).await;
    let session = world.session().await;
    world.exchange(&gate, &session).await;
    let new = "Mimosa-Jaune-2026";
    let change = session.on(world.app.request(Method::PUT, CHANGE));
    let answer = send(change.json(&json!({ "password": new, "password_confirmation": new }))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    sign_out(&world.app, &session).await;
    let subject = session.subject_token();
    let secrets = [guess, PASSWORD, new, &session.access_token, &session.authorization, &subject];
    let mut events = 0;
    for action in ACTIONS {
        for event in world.app.audit(action).await {
            let text = format!("{event:?}");
            assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
            events += 1;
        }
    }
    assert!(events >= 5, "{events} events");
}

/// The recorder is the process's, so only what this test alone does is looked at: its own counts go up.
#[actix_web::test]
async fn sign_ins_are_counted_by_outcome() {
    let world = World::on(Backend::Sqlite).await;
    world.session().await;
    sign_in(&world.app, UID, "wrong").await;
    let broken = world.app.request(Method::POST, SIGN_IN).header("content-type", "application/json");
    send(broken.body("{")).await;
    let page = service_kit::metrics::render();
    for outcome in ["success", "bad_credentials", "invalid_request"] {
        let line = format!(
            r#"tessera_tokens_issued_total{{dialect="rdv",grant_type="sign_in",outcome="{outcome}"}}"#
        );
        assert!(page.contains(&line), "{line}: {page}");
    }
}
