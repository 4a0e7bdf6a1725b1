//! Tokens that are issued in quick succession share rows, and nothing that a row of their own would say of one is lost.

use std::collections::HashMap;
use std::sync::mpsc;

use auth_claims::claims::AccessClaims;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::RunQueryDsl as _;
use identity::audit::listing::{Order, StoredEvent};
use identity::audit::{AuditEvent, AuditFilter, AuditTrail, Origin, Outcome, TokenIssue};
use rstest::rstest;
use serde_json::{Value, json};
use store::StoreError;
use test_kit::Backend;

use crate::fixture::Fixture;

/// Bytes of the longest detail that there may be.
const LONGEST: usize = 4096 + 2 * 8192;

fn claims(sub: &str, jti: &str) -> AccessClaims {
    serde_json::from_value(json!({
        "iss": "https://auth.example", "sub": sub, "aud": "rooms", "exp": 1_800_003_600, "iat": 1_800_000_000,
        "jti": jti, "client_id": "web", "scope": "rooms:list", "kind": "client",
    }))
    .unwrap()
}

fn origin(request_id: &str) -> Origin {
    Origin {
        actor: None,
        client_id: Some("web".to_owned()),
        dialect: Some("oauth2".to_owned()),
        address: Some("192.0.2.7".parse().unwrap()),
        request_id: Some(request_id.to_owned()),
    }
}

fn issued(trail: &AuditTrail, at: DateTime<Utc>, origin: &Origin, claims: &AccessClaims) {
    trail.issued(&TokenIssue { at, origin, grant_type: "client_credentials", claims });
}

/// What a row of its own says of a token.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    at: DateTime<Utc>,
    origin: Origin,
    detail: Value,
}

/// What a row says of its tokens, by their ids.
fn said(event: &AuditEvent) -> Vec<(String, Said)> {
    assert_eq!((event.action.as_ref(), event.outcome), ("token.issue", Outcome::Success));
    let mut detail = event.detail.clone().unwrap();
    assert!(detail.to_string().len() <= LONGEST);
    let (at, origin) = (event.at, event.origin.clone());
    let Some(jti) = &event.target else {
        let count = detail.as_object_mut().unwrap().remove("count").unwrap();
        let tokens = detail.as_object_mut().unwrap().remove("tokens").unwrap();
        let tokens: Vec<(String, Option<String>, i64)> = serde_json::from_value(tokens).unwrap();
        assert!(tokens.len() > 1 && count == tokens.len() && origin.request_id.is_none());
        let said = |(jti, request_id, micros)| {
            let (at, origin) =
                (at + TimeDelta::microseconds(micros), Origin { request_id, ..origin.clone() });
            (jti, Said { at, origin, detail: detail.clone() })
        };
        return tokens.into_iter().map(said).collect();
    };
    vec![(jti.clone(), Said { at, origin, detail })]
}

/// What all of these say; each token is there once.
fn all(events: &[StoredEvent]) -> HashMap<String, Said> {
    let mut tokens = HashMap::new();
    for (jti, said) in events.iter().flat_map(|stored| said(&stored.event)) {
        assert_eq!(tokens.insert(jti.clone(), said), None, "{jti} is there twice");
    }
    tokens
}

impl Fixture {
    async fn issues(&self) -> Vec<StoredEvent> {
        let filter = AuditFilter {
            action: Some("token.issue".into()),
            outcome: Some(Outcome::Success),
            limit: 1_000_000,
            ..AuditFilter::default()
        };
        self.page(filter, Order::OldestFirst).await
    }
}

#[rstest]
#[tokio::test]
async fn as_long_as_there_are_few_each_token_has_a_row(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (trail, at) = (AuditTrail::start(fixture.db()), fixture.clock.now());
    for number in 0..64 {
        issued(&trail, at, &origin(&format!("r-{number}")), &claims("ada", &format!("jti-{number}")));
    }
    trail.flush().await.unwrap();
    let events = fixture.issues().await;
    assert_eq!(events.len(), 64);
    for (number, stored) in events.iter().enumerate() {
        let origin = Origin { actor: Some("ada".into()), ..origin(&format!("r-{number}")) };
        let event =
            AuditEvent::new(at, "token.issue", &origin).target(format!("jti-{number}")).detail(json!({
                "grant_type": "client_credentials", "scope": "rooms:list", "aud": "rooms", "sid": null,
                "exp": 1_800_003_600, "act": null, "application_id": null,
            }));
        assert_eq!(stored.event, event);
    }
}

#[rstest]
#[tokio::test]
async fn many_share_rows_with_those_on_the_same_terms(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (trail, start) = (AuditTrail::start(fixture.db()), fixture.clock.now());
    let mut expected = HashMap::new();
    for number in 0..1000_u32 {
        let (jti, request_id) = (uuid::Uuid::new_v4().to_string(), format!("r-{number}"));
        let mut claims = claims(["ada", "bob"][number as usize % 2], &jti);
        let mut origin = origin(&request_id);
        // Each of these is another row's.
        match number % 16 {
            3 => claims.scope = "rooms:create".parse().unwrap(),
            5 => claims.aud = "bases".into(),
            7 => claims.exp += 1,
            8 => claims.sid = Some("session".to_owned()),
            9 => claims.application_id = Some("application".to_owned()),
            11 => origin.address = Some("2001:db8::1".parse().unwrap()),
            12 => origin.client_id = Some("other".to_owned()),
            13 => origin.dialect = Some("meet".to_owned()),
            14 => claims.act = serde_json::from_value(json!({ "sub": "gate", "client_id": "gate" })).unwrap(),
            15 => origin.request_id = None,
            _ => {}
        }
        if number == 500 {
            claims.sub = "once".to_owned();
        }
        let at = start + TimeDelta::microseconds((number * 1000).into());
        issued(&trail, at, &origin, &claims);
        trail.record(AuditEvent::new(at, "token.issue", &origin).outcome(Outcome::Failure).target(&jti));
        let said = Said {
            at,
            detail: json!({
                "grant_type": "client_credentials", "scope": claims.scope, "aud": claims.aud, "sid": claims.sid,
                "exp": claims.exp, "act": claims.act, "application_id": claims.application_id,
            }),
            origin: Origin { actor: Some(claims.sub), ..origin },
        };
        expected.insert(jti, said);
    }
    trail.flush().await.unwrap();
    let events = fixture.issues().await;
    assert!(events.len() < 40, "{}", events.len());
    assert_eq!(all(&events), expected);
    let once = events.iter().find(|stored| stored.event.origin.actor.as_deref() == Some("once")).unwrap();
    assert!(once.event.target.is_some(), "one that shares its terms with nobody has a row as ever");
    let refused = AuditFilter { outcome: Some(Outcome::Failure), limit: 10_000, ..AuditFilter::default() };
    // So many of one kind are recorded in a minute, of four kinds.
    assert_eq!(fixture.page(refused, Order::OldestFirst).await.len(), 4 * 60);
    fixture.seal().await;
    assert_eq!(fixture.faults().await, []);
}

#[rstest]
#[tokio::test]
async fn a_changed_list_shows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (trail, at) = (AuditTrail::start(fixture.db()), fixture.clock.now());
    for number in 0..100 {
        issued(&trail, at, &origin("r"), &claims("ada", &format!("jti-{number:02}")));
    }
    trail.flush().await.unwrap();
    fixture.seal().await;
    assert_eq!(fixture.faults().await, []);
    fixture.tamper("UPDATE audit_events SET detail = replace(detail, 'jti-42', 'jti-00')").await;
    assert_eq!(fixture.faults().await.len(), 1);
}

/// Whatever a token brings along, its row is bounded, and no list is cut off.
#[rstest]
#[tokio::test]
async fn long_names_make_no_long_rows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let (trail, at) = (AuditTrail::start(fixture.db()), fixture.clock.now());
    for number in 0..200 {
        let jti = format!("{number:03}\"\0{}", "ä".repeat(1000));
        issued(&trail, at, &origin(&jti), &claims("ada", &jti));
        let mut long = claims("bob", &format!("{number:03}"));
        long.aud = "x".repeat(10_000).into();
        issued(&trail, at, &origin("r"), &long);
    }
    trail.flush().await.unwrap();
    let events = fixture.issues().await;
    let (shared, own): (Vec<_>, Vec<_>) =
        events.iter().partition(|stored| stored.event.origin.actor.as_deref() == Some("ada"));
    let tokens: Vec<_> = shared.iter().flat_map(|stored| said(&stored.event)).collect();
    assert_eq!((tokens.len(), own.len()), (200, 200));
    assert!(
        tokens.iter().all(|(jti, said)| jti.len() <= 256 && said.origin.request_id.as_ref() == Some(jti))
    );
    assert!(own.iter().all(|stored| stored.event.detail.as_ref().unwrap().is_string()));
    assert_eq!(trail.dropped(), 0);
}

/// A row tells of about a second, whatever the linger: who looks for a token by its instant finds it.
#[rstest]
#[tokio::test]
async fn tokens_of_different_seconds_share_no_row(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (trail, start) = (AuditTrail::start(fixture.db()), fixture.clock.now());
    for number in 0..100 {
        let at = start + TimeDelta::milliseconds(number * 100);
        issued(&trail, at, &origin("r"), &claims("ada", &number.to_string()));
    }
    trail.flush().await.unwrap();
    let events = fixture.issues().await;
    assert_eq!((events.len(), all(&events).len()), (10, 100));
}

/// What is lost in an outage is counted by tokens, not by rows.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_loses_only_what_it_counts(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const ISSUED: u64 = 100_000;
    let fixture = Fixture::on(backend).await;
    let trail = AuditTrail::start(fixture.db());
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let (db, mut locked, released) = (fixture.db(), Some(locked), std::sync::Mutex::new(released));
    let outage = tokio::spawn(async move {
        db.write(move |conn| {
            if let store::DbConn::Pg(conn) = conn {
                diesel::sql_query("LOCK TABLE audit_events IN EXCLUSIVE MODE").execute(conn)?;
            }
            locked.take().unwrap().send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok::<_, StoreError>(())
        })
        .await
    });
    is_locked.await.unwrap();
    let at = fixture.clock.now();
    for _ in 0..ISSUED {
        issued(&trail, at, &origin("r"), &claims("ada", &uuid::Uuid::new_v4().to_string()));
    }
    let dropped = trail.dropped();
    assert!((1..ISSUED / 2).contains(&dropped), "{dropped}");
    release.send(()).unwrap();
    outage.await.unwrap().unwrap();
    while trail.flush().await.is_err() {}
    assert_eq!(all(&fixture.issues().await).len() as u64, ISSUED - dropped);
    assert_eq!(trail.dropped(), dropped);
}
