//! What is left behind: audit events and the metric, and never a secret.

use chrono::TimeDelta;
use identity::audit::Outcome;
use rstest::rstest;
use serde_json::json;

use crate::harness::{ACCESS_TOKEN, BASIC, Backend, Credentials, EXCHANGE, Spawned, basic};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[rstest]
#[actix_web::test]
async fn every_issued_token_is_an_event(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let (gate, meet) = (app.exchanger("gate").await, app.application("meet").await);
    let account = app.account("nadia").await;
    let own = app.token(&gate, &[GRANT]).await;
    let (access, refresh) = app.session(&gate, &account).await;
    app.clock.advance(TimeDelta::seconds(1));
    app.refresh(&gate, &refresh).await;
    app.exchange(&gate, ACCESS_TOKEN, &access, &[]).await;
    app.meet(&meet, "nadia@agency.example").await;
    let events = app.audit("token.issue").await;
    let said: Vec<_> = events
        .iter()
        .rev()
        .map(|event| {
            let detail = event.detail.as_ref().expect("a detail");
            let dialect = event.origin.dialect.clone().unwrap_or_default();
            assert_eq!(event.outcome, Outcome::Success);
            assert!(event.origin.address.is_some() && event.origin.request_id.is_some());
            (dialect, event.origin.client_id.clone().unwrap_or_default(), detail["grant_type"].clone())
        })
        .collect();
    let line =
        |dialect: &str, client: &str, grant: &str| (dialect.to_owned(), client.to_owned(), json!(grant));
    let expected = [
        line("oauth2", "gate", "client_credentials"),
        line("oauth2", "gate", EXCHANGE),
        line("oauth2", "gate", "refresh_token"),
        line("oauth2", "gate", EXCHANGE),
        line("meet", "meet", "client_credentials"),
    ];
    assert_eq!(said, expected);
    let first = events.last().expect("an event");
    assert_eq!(
        (first.target.as_deref(), first.origin.actor.as_deref()),
        (own.json()["jti"].as_str(), Some("gate"))
    );
    let by_user = events.iter().filter(|event| event.origin.actor == Some(account.id.to_string()));
    assert_eq!(by_user.count(), 4);
}

#[rstest]
#[actix_web::test]
async fn every_refusal_is_an_event(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let client = app.service("booking").await;
    let wrong = Credentials { secret: "y".repeat(40), ..client.clone() };
    app.token(&wrong, &[GRANT]).await;
    app.token(&client, &[GRANT, ("scope", "admin")]).await;
    app.meet(&wrong, "a@b.example").await;
    app.post_as(&wrong, "/oauth/introspect", &[("token", "x")]).await;
    app.post_as(&wrong, "/oauth/revoke", &[("token", "x")]).await;
    let mut errors = Vec::new();
    for action in ["token.issue", "token.introspect", "token.revoke"] {
        for event in app.audit(action).await.iter().rev() {
            assert_eq!(
                (event.outcome, event.origin.client_id.as_deref()),
                (Outcome::Failure, Some("booking"))
            );
            errors.push(
                event.detail.as_ref().expect("a detail")["error"].as_str().expect("an error").to_owned(),
            );
        }
    }
    let expected = ["invalid_client", "invalid_scope", "invalid_client", "invalid_client", "invalid_client"];
    assert_eq!(errors, expected);
}

#[rstest]
#[actix_web::test]
async fn no_event_holds_a_secret(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let (gate, meet) = (app.exchanger("gate").await, app.application("meet").await);
    let account = app.account("nadia").await;
    let (access, refresh) = app.session(&gate, &account).await;
    let newest = app.refresh(&gate, &refresh).await.refresh_token();
    app.refresh(&gate, &newest).await;
    app.refresh(&gate, &refresh).await;
    app.exchange(&gate, BASIC, &basic(&account), &[("scope", "z")]).await;
    app.meet(&meet, "nadia@agency.example").await;
    app.post_as(&gate, "/oauth/revoke", &[("token", &access)]).await;
    let secrets = [
        gate.secret.as_str(),
        &meet.secret,
        crate::harness::PASSWORD,
        &access,
        &refresh,
        &newest,
        &basic(&account),
    ];
    for action in ["token.issue", "token.revoke", "refresh_token.reuse", "client.create", "account.create"] {
        for event in app.audit(action).await {
            let text = format!("{event:?}");
            for secret in secrets {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}

/// The recorder is the process's, so only what this test alone does is looked at: its own counts go up.
#[actix_web::test]
async fn tokens_are_counted_by_dialect_grant_and_outcome() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    app.token(&client, &[GRANT]).await;
    app.token(&client, &[GRANT, ("scope", "admin")]).await;
    app.token(&client, &[("grant_type", "x\"} evil 1\n")]).await;
    let page = service_kit::metrics::render();
    for labels in [
        r#"dialect="oauth2",grant_type="client_credentials",outcome="success""#,
        r#"dialect="oauth2",grant_type="client_credentials",outcome="invalid_scope""#,
        r#"dialect="oauth2",grant_type="none",outcome="unsupported_grant_type""#,
    ] {
        assert!(page.contains(&format!("tessera_tokens_issued_total{{{labels}}}")), "{labels}: {page}");
    }
    assert!(!page.contains("evil"), "labels are bounded");
}
