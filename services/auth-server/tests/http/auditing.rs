//! `GET /admin/audit/events`: who may read the trail, what they get, and that reading leaves a trace.

use std::collections::HashSet;
use std::time::Duration;

use auth_claims::roles::Role;
use chrono::TimeDelta;
use identity::accounts::{Account, AccountProfile};
use identity::audit::{AuditEvent, Origin, Outcome};
use identity::clients::{ClientKind, GrantType, Registration};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, BASIC, Backend, Credentials, Spawned, basic, scopes, send};

const EVENTS: &str = "/admin/audit/events";

/// May read, as far as registrations go.
fn reader(registration: &mut Registration) {
    registration.scopes = scopes("audit:read other");
    registration.default_scopes = scopes("audit:read");
    registration.audiences = vec!["auth-server".to_owned()];
    registration.grants = vec![GrantType::ClientCredentials, GrantType::TokenExchange];
}

/// Which numbers a filter leaves.
type Expected = fn(u32) -> bool;

impl Spawned {
    async fn collector(&self) -> Credentials {
        self.client("siem", ClientKind::Service, |registration| {
            reader(registration);
            registration.roles = vec![Role::Service];
        })
        .await
    }

    async fn events(&self, token: &str, query: &str) -> Answer {
        send(self.request(Method::GET, &format!("{EVENTS}{query}")).bearer_auth(token)).await
    }

    /// Records numbered events, a second apart.
    async fn happen(&self, count: usize) {
        for number in 0..count {
            let origin = Origin {
                actor: Some(format!("actor-{}", number % 3)),
                client_id: Some(format!("client-{}", number % 2)),
                dialect: Some("meet".to_owned()),
                address: Some("2001:db8::7".parse().expect("an address")),
                request_id: Some(format!("r-{number}")),
            };
            let outcome = if number % 4 == 0 { Outcome::Failure } else { Outcome::Success };
            let event = AuditEvent::new(self.clock.now(), "test.happen", &origin).outcome(outcome);
            let event = event.target(number.to_string()).detail(json!({ "number": number }));
            self.identity.audit().record(event);
            self.clock.advance(TimeDelta::seconds(1));
        }
        self.identity.audit().flush().await.expect("a flushed trail");
    }

    /// The same account with these roles.
    async fn give(&self, account: &Account, roles: Vec<Role>) {
        let profile =
            AccountProfile { email: account.email.clone(), roles, ..AccountProfile::new(&account.login) };
        self.identity.update_account(account.id, profile, &Origin::default()).await.expect("a change");
    }
}

fn targets(page: &Value) -> Vec<u32> {
    let events = page["events"].as_array().expect("events");
    let target = |event: &Value| event["target"].as_str().expect("a target").parse().expect("a number");
    events.iter().map(target).collect()
}

#[rstest]
#[actix_web::test]
async fn a_service_reads_what_happened(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let token = app.own_token(&app.collector().await).await;
    app.happen(3).await;
    let answer = app.events(&token, "?action=test.happen").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    let page = answer.json();
    assert_eq!((targets(&page), &page["next"]), (vec![2, 1, 0], &Value::Null));
    let mut event = page["events"][0].clone();
    let id = event["id"].take();
    assert!(id.as_str().is_some_and(|id| id.len() == 36), "{id}");
    event["seal"].take();
    let expected = json!({
        "id": null, "at": "2027-01-15T08:00:02.000000Z", "action": "test.happen", "actor": "actor-2",
        "client_id": "client-0", "dialect": "meet", "target": "2", "outcome": "success",
        "address": "2001:db8::7", "request_id": "r-2", "detail": { "number": 2 }, "seal": null,
    });
    assert_eq!(event, expected);
    // The auth server seals by itself.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let seal = loop {
        let page = app.events(&token, "?target=2&action=test.happen").await.json();
        let seal = page["events"][0]["seal"].clone();
        if !seal.is_null() || std::time::Instant::now() > deadline {
            break seal;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let anchor = seal.as_str().and_then(|seal| seal.parse::<identity::audit::chain::Anchor>().ok());
    assert!(anchor.is_some_and(|anchor| anchor.part == 1 && anchor.seq > 0), "{seal}");
}

/// Pages visit every event once, with every filter, while others are written.
#[rstest]
#[actix_web::test]
async fn pages_follow_one_another(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let token = app.own_token(&app.collector().await).await;
    app.happen(24).await;
    let cases: [(&str, Expected); 8] = [
        ("", |_| true),
        ("&actor=actor-1", |n| n % 3 == 1),
        ("&client=client-1", |n| n % 2 == 1),
        ("&dialect=meet&outcome=failure", |n| n % 4 == 0),
        ("&dialect=rdv", |_| false),
        ("&target=7", |n| n == 7),
        ("&since=2027-01-15T08:00:20Z", |n| n >= 20),
        ("&until=2027-01-15T09:00:03%2B01:00&actor=actor-0", |n| n < 3 && n % 3 == 0),
    ];
    for (filter, expected) in cases {
        for limit in [1, 5, 24] {
            let (mut found, mut cursor, mut ids) = (Vec::new(), String::new(), HashSet::new());
            loop {
                let query = format!("?action=test.happen{filter}&limit={limit}{cursor}");
                let page = app.events(&token, &query).await.json();
                found.extend(targets(&page));
                for event in page["events"].as_array().expect("events") {
                    assert!(ids.insert(event["id"].clone()), "{event}");
                }
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let all: Vec<u32> = (0..24).rev().filter(|number| expected(*number)).collect();
            assert_eq!(found, all, "{filter} by {limit}");
        }
    }
}

#[rstest]
#[actix_web::test]
async fn what_is_not_understood_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let token = app.own_token(&app.collector().await).await;
    app.happen(3).await;
    let page = app.events(&token, "?action=test.happen&limit=1").await.json();
    let cursor = page["next"].as_str().expect("a cursor").to_owned();
    let changed = format!("{}A", &cursor[..cursor.len() - 2]);
    for query in [
        "?actors=x".to_owned(),
        "?limit=0".to_owned(),
        "?limit=1001".to_owned(),
        "?outcome=maybe".to_owned(),
        "?since=yesterday".to_owned(),
        "?actor=a&actor=b".to_owned(),
        "?actor=%00".repeat(200),
        "?cursor=x".to_owned(),
        format!("?action=test.happen&limit=1&cursor={changed}"),
        // Of other filters.
        format!("?limit=1&cursor={cursor}"),
        format!("?action=test.happen&actor=actor-1&cursor={cursor}"),
    ] {
        let answer = app.events(&token, &query).await;
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{query}: {answer:?}");
    }
    // Pages may differ in their size.
    let page = app.events(&token, &format!("?action=test.happen&limit=9&cursor={cursor}")).await.json();
    assert_eq!(targets(&page), [1, 0]);
    for (method, status) in [(Method::POST, 405), (Method::DELETE, 405)] {
        let answer = send(app.request(method, EVENTS).bearer_auth(&token)).await;
        assert_eq!(answer.status, status);
    }
}

/// Threat 15: neither a scope nor a role alone opens the trail, and a token for somebody else is none.
#[rstest]
#[actix_web::test]
async fn threat_15_scope_audience_and_role_are_all_needed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let client = async |id: &str, change: fn(&mut Registration)| {
        let credentials = app.client(id, ClientKind::Service, |registration| {
            reader(registration);
            registration.roles = vec![Role::Service];
            change(registration);
        });
        let credentials = credentials.await;
        app.own_token(&credentials).await
    };
    let cases = [
        (client("no-scope", |r| r.default_scopes = scopes("other")).await, 403, "insufficient_scope"),
        (client("no-role", |r| r.roles = Vec::new()).await, 403, "insufficient_scope"),
        (client("small-role", |r| r.roles = vec![Role::ClientService]).await, 403, "insufficient_scope"),
        (client("admin-role", |r| r.roles = vec![Role::Admin]).await, 403, "insufficient_scope"),
        (client("elsewhere", |r| r.audiences = vec!["rooms".to_owned()]).await, 401, "invalid_token"),
        ("garbage".to_owned(), 401, "invalid_token"),
    ];
    for (token, status, error) in &cases {
        let answer = app.events(token, "").await;
        assert_eq!((answer.status, answer.error().as_str()), (*status, *error), "{answer:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer error="), "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let answer = send(app.request(Method::GET, EVENTS)).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    // Whoever is known and refused is written down, with what was missing.
    let refused = app.audit("audit.read").await;
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|event| event.outcome == Outcome::Failure && event.origin.actor.is_some()));
    // What looks like a wish of the caller's is none.
    assert_eq!(app.events(&cases[1].0, "?actor=no-role").await.status, 403);
}

/// An administrator reads by exchange. A role that is taken away opens nothing from then on, and neither does a disabled
/// account, however long the token lives.
#[rstest]
#[actix_web::test]
async fn a_role_counts_as_it_is_now(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let gate = app.client("console", ClientKind::Service, reader).await;
    let account = app.account("nadia").await;
    let sign_in = async || app.exchange(&gate, BASIC, &basic(&account), &[]).await.access_token();
    assert_eq!(app.events(&sign_in().await, "").await.status, 403);
    app.give(&account, vec![Role::Admin]).await;
    assert_eq!(app.events(&sign_in().await, "").await.status, 403, "of an organisation");
    app.give(&account, vec![Role::GlobalAdmin]).await;
    let token = sign_in().await;
    assert_eq!(app.events(&token, "?limit=1").await.status, 200);
    app.give(&account, vec![Role::Service]).await;
    assert_eq!(app.events(&token, "").await.status, 403);
    app.give(&account, vec![Role::GlobalAdmin]).await;
    app.advance(TimeDelta::seconds(2)).await;
    let token = sign_in().await;
    assert_eq!(app.events(&token, "").await.status, 200);
    app.enable_account(&account, false).await;
    assert_eq!(app.events(&token, "").await.status, 401);
    // A client's the same.
    let siem = app.collector().await;
    let token = app.own_token(&siem).await;
    assert_eq!(app.events(&token, "").await.status, 200);
    app.reregister(&siem.id, |registration| registration.roles = Vec::new()).await;
    assert_eq!(app.events(&token, "").await.status, 403);
    app.enable_client(&siem.id, false).await;
    assert_eq!(app.events(&token, "").await.status, 401);
}

/// A Meet application that names an administrator's address is no administrator.
#[rstest]
#[actix_web::test]
async fn delegated_tokens_open_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let account = app.account("nadia").await;
    app.give(&account, vec![Role::GlobalAdmin]).await;
    // An application cannot be registered for `audit:read`, and its tokens are for rooms alone.
    let meet = app.application("meet").await;
    let token = app.meet(&meet, "nadia@agency.example").await.access_token();
    let answer = app.events(&token, "").await;
    assert_eq!((answer.status, answer.error().as_str()), (401, "invalid_token"), "{answer:?}");
}

/// Who reads is part of what happened.
#[rstest]
#[actix_web::test]
async fn reading_leaves_a_trace(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let token = app.own_token(&app.collector().await).await;
    app.events(&token, "?actor=ada&since=2027-01-15T08:00:00Z&outcome=failure&limit=3").await;
    let event = app.audit("audit.read").await.remove(0);
    let origin = &event.origin;
    assert_eq!((origin.actor.as_deref(), origin.client_id.as_deref()), (Some("siem"), Some("siem")));
    assert_eq!((origin.dialect.as_deref(), event.outcome), (Some("oauth2"), Outcome::Success));
    let expected = json!({
        "actor": "ada", "since": "2027-01-15T08:00:00+00:00", "outcome": "failure", "limit": 3, "further": false
    });
    assert_eq!(event.detail, Some(expected));
}
