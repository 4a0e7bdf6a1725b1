//! `contracts/oauth2.md` §6: the revocation feed.

use std::time::{Duration, Instant};

use auth_claims::claims::AccessClaims;
use identity::clients::{ClientKind, Registration};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Credentials, MEET, Spawned, claims, scopes, send};

const FEED: &str = "/internal/revocations";

fn follower(registration: &mut Registration) {
    registration.scopes = scopes("internal:revocations other");
    registration.default_scopes = scopes("internal:revocations");
    registration.audiences = vec!["auth-server".to_owned(), "rooms".to_owned()];
}

async fn world(backend: Backend) -> (Spawned, String) {
    let app = Spawned::on(backend).await;
    let rooms = app.client("rooms", ClientKind::Service, follower).await;
    let token = app.own_token(&rooms).await;
    (app, token)
}

async fn follow(app: &Spawned, token: &str, query: &str) -> Answer {
    send(app.request(Method::GET, &format!("{FEED}{query}")).bearer_auth(token)).await
}

fn entries(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["entries"].as_array().expect("entries").clone()
}

#[rstest]
#[actix_web::test]
async fn an_empty_feed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, token) = world(backend).await;
    let answer = follow(&app, &token, "").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "next": 0, "entries": [] })));
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Every kind of entry, in the order in which things were revoked.
#[rstest]
#[actix_web::test]
async fn entries_say_what_was_revoked_and_why(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, token) = world(backend).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (access, refresh) = app.session(&gate, &account).await;
    let AccessClaims { jti, sid, sub, exp, iat, .. } = claims(&access);
    app.post_as(&gate, "/oauth/revoke", &[("token", &access)]).await;
    app.post_as(&gate, "/oauth/revoke", &[("token", &refresh)]).await;
    app.enable_account(&account, false).await;
    app.enable_account(&account, true).await;
    app.delete_client("gate").await;
    let answer = follow(&app, &token, "?after=0").await;
    let said: Vec<_> = entries(&answer)
        .into_iter()
        .map(|entry| {
            (entry["kind"].clone(), entry["value"].clone(), entry["reason"].clone(), entry["lifted"].clone())
        })
        .collect();
    let line = |kind: &str, value: &str, reason: &str, lifted: Value| {
        (kind.into(), value.into(), reason.into(), lifted)
    };
    let sid = sid.expect("a session");
    let expected: Vec<(Value, Value, Value, Value)> = vec![
        line("jti", &jti, "revoked", Value::Null),
        line("sid", &sid, "revoked", Value::Null),
        line("sub", &sub, "account_disabled", true.into()),
        line("client", "gate", "client_deleted", Value::Null),
    ];
    assert_eq!(said, expected);
    let first = &entries(&answer)[0];
    assert!(
        first["expires_at"].as_i64() >= Some(exp) && first["issued_before"].as_i64() >= Some(iat),
        "{first}"
    );
    let seqs: Vec<_> = entries(&answer).iter().map(|entry| entry["seq"].as_i64()).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    assert_eq!(answer.json()["next"], json!(seqs.last()));
    let rest = follow(&app, &token, &format!("?after={}", answer.json()["next"])).await;
    assert_eq!(entries(&rest), [] as [Value; 0]);
}

#[rstest]
#[actix_web::test]
async fn a_waiting_follower_is_answered_when_something_is_revoked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] on_another_replica: bool,
) {
    let (app, token) = world(backend).await;
    let replica = app.replica().await;
    let account = app.account("nadia").await;
    let revoking = async {
        // Whichever comes first, the answer is the same; most of the time the follower waits by then.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let server = if on_another_replica { &replica } else { &app };
        server.enable_account(&account, false).await;
    };
    let (answer, ()) = tokio::join!(follow(&app, &token, "?after=0&wait=20"), revoking);
    assert_eq!(entries(&answer)[0]["reason"], "account_disabled");
}

#[actix_web::test]
async fn a_wait_that_brings_nothing_ends_with_an_empty_page() {
    let (app, token) = world(Backend::Sqlite).await;
    let answer = follow(&app, &token, "?after=0&wait=1").await;
    assert_eq!(answer.json(), json!({ "next": 0, "entries": [] }));
}

/// A server that gives its requests less time than a follower asks for answers within that time.
#[rstest]
#[case::shorter_than_the_wait(2)]
#[case::shorter_than_the_margin(1)]
#[actix_web::test]
async fn a_wait_ends_before_the_request_is_dropped(#[case] seconds: u64) {
    let (app, token) = world(Backend::Sqlite).await;
    let hasty = app.replica_answering_within(Duration::from_secs(seconds)).await;
    let answer = follow(&hasty, &token, "?after=0&wait=20").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"next":0,"entries":[]}"#));
}

/// A server that stops does not keep anybody waiting.
#[actix_web::test]
async fn a_long_poll_ends_at_shutdown() {
    let (app, token) = world(Backend::Sqlite).await;
    let replica = app.replica().await;
    let started = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        replica.shutdown.request();
    };
    let request = replica.request(Method::GET, &format!("{FEED}?after=0&wait=30")).bearer_auth(&token).send();
    let (answer, ()) = tokio::join!(request, stopping);
    assert!(started.elapsed() < Duration::from_secs(20), "{answer:?}");
}

#[rstest]
#[case::letters("?after=x")]
#[case::negative("?after=-1")]
#[case::fraction("?after=1.5")]
#[case::negative_wait("?wait=-1")]
#[case::too_large("?after=99999999999999999999")]
#[case::twice("?after=1&after=2")]
#[actix_web::test]
async fn a_malformed_position_is_refused(#[case] query: &str) {
    let (app, token) = world(Backend::Sqlite).await;
    let answer = follow(&app, &token, query).await;
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"));
}

/// A follower that has seen more than there is follows another database by now, and gets everything.
#[actix_web::test]
async fn a_position_from_the_future_starts_anew() {
    let (app, token) = world(Backend::Sqlite).await;
    let account = app.account("nadia").await;
    app.enable_account(&account, false).await;
    assert_eq!(entries(&follow(&app, &token, "?after=1000").await).len(), 1);
}

#[actix_web::test]
async fn without_a_token_the_scheme_is_named() {
    let app = Spawned::on(Backend::Sqlite).await;
    for request in [app.request(Method::GET, FEED), app.request(Method::GET, FEED).basic_auth("a", Some("b"))]
    {
        let answer = send(request).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    }
}

#[actix_web::test]
async fn a_malformed_header_is_an_invalid_request() {
    let app = Spawned::on(Backend::Sqlite).await;
    let answer = send(app.request(Method::GET, FEED).header("authorization", "Bearer a b")).await;
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"));
}

/// Threat 15: who may follow the feed, and who may not.
#[rstest]
#[case::the_scope_and_the_audience("internal:revocations", "auth-server", 200, "")]
#[case::another_scope(
    "other",
    "auth-server",
    403,
    "Bearer error=\"insufficient_scope\", scope=\"internal:revocations\""
)]
#[case::another_audience(
    "internal:revocations",
    "rooms",
    401,
    "Bearer error=\"invalid_token\", error_description=\"the access token is not valid\""
)]
#[actix_web::test]
async fn threat_15_the_feed_is_for_services_with_its_scope(
    #[case] scope: &str,
    #[case] audience: &str,
    #[case] status: u16,
    #[case] challenge: &str,
) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.client("rooms", ClientKind::Service, follower).await;
    let form = [("grant_type", "client_credentials"), ("scope", scope), ("audience", audience)];
    let token = app.token(&client, &form).await.access_token();
    let answer = follow(&app, &token, "").await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (status, challenge), "{answer:?}");
}

/// Threat 15: a user's token is no service's, whatever scope it holds; nor is one for somebody's e-mail address.
#[actix_web::test]
async fn threat_15_a_users_token_does_not_open_the_feed() {
    let app = Spawned::on(Backend::Sqlite).await;
    let gate = app.exchanger("gate").await;
    app.reregister("gate", |r| {
        follower(r);
        r.scopes = scopes("internal:revocations other offline_access");
    })
    .await;
    let account = app.account("nadia").await;
    let form = [("scope", "internal:revocations"), ("audience", "auth-server")];
    let basic = crate::harness::basic(&account);
    let token = app.exchange(&gate, crate::harness::BASIC, &basic, &form).await.access_token();
    assert_eq!(follow(&app, &token, "").await.status, 403);
    let meet: Credentials = app.application("meet").await;
    let delegated = app.meet(&meet, "nadia@agency.example").await.access_token();
    assert_eq!(follow(&app, &delegated, "").await.status, 401, "{MEET}");
}

#[rstest]
#[actix_web::test]
async fn threat_26_a_revoked_service_loses_the_feed_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, token) = world(backend).await;
    let replica = app.replica().await;
    assert_eq!(follow(&replica, &token, "").await.status, 200);
    app.enable_client("rooms", false).await;
    for server in [&app, &replica] {
        assert_eq!(follow(server, &token, "").await.status, 401);
    }
}

#[actix_web::test]
async fn other_methods_are_told_to_get() {
    let app = Spawned::on(Backend::Sqlite).await;
    let answer = send(app.request(Method::POST, FEED)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET"));
}
