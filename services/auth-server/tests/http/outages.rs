//! 503: the database is down (`contracts/oauth2.md` §3), and what comes after.

use auth_claims::device::DEVICE_SESSION;
use reqwest::Method;
use serde_json::json;
use test_kit::PostgresServer;

use crate::harness::{BASIC, MEET, PASSWORD, Spawned, basic, send};
use crate::rdv::{self, Session};

/// Every endpoint that needs the database says so in its own words, and works again by itself.
#[actix_web::test]
async fn a_database_that_is_away_is_a_503_and_comes_back() {
    let mut postgres = PostgresServer::start();
    let app = Spawned::on_server(&postgres.url()).await;
    let (gate, meet) = (app.exchanger("gate").await, app.application("meet").await);
    app.organization("helios").await;
    app.known_application("app", "helios").await;
    app.reregister("gate", |r| r.organization_id = Some("helios".to_owned())).await;
    let account = app.account("nadia").await;
    let (access, refresh) = app.session(&gate, &account).await;
    let rooms = app
        .client("rooms", identity::clients::ClientKind::Service, |r| {
            r.scopes = crate::harness::scopes("internal:revocations internal:applications");
            r.default_scopes = r.scopes.clone();
            r.audiences = vec!["auth-server".to_owned()];
        })
        .await;
    let feed = app.own_token(&rooms).await;
    let session = Session::of(&rdv::sign_in(&app, "nadia@agency.example", PASSWORD).await);
    postgres.crash();
    // Beyond the second for which a client that has just proved itself is remembered.
    app.clock.advance(chrono::TimeDelta::seconds(2));

    let answers = [
        app.token(&gate, &[("grant_type", "client_credentials")]).await,
        app.token(&gate, &[("grant_type", "client_credentials"), ("application_id", "app")]).await,
        app.refresh(&gate, &refresh).await,
        app.exchange(&gate, BASIC, &basic(&account), &[]).await,
        app.exchange(&gate, DEVICE_SESSION, &session.subject_token(), &[]).await,
        app.post_as(&gate, "/oauth/introspect", &[("token", &access)]).await,
        app.post_as(&gate, "/oauth/revoke", &[("token", &access)]).await,
    ];
    for answer in &answers {
        answer.assert_refused(503, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), "2");
    }
    let follow = || send(app.request(Method::GET, "/internal/revocations").bearer_auth(&feed));
    let forget = app.request(Method::DELETE, "/internal/applications/app").bearer_auth(&feed);
    let forgotten = send(forget).await;
    assert_eq!((forgotten.status, forgotten.header("retry-after")), (503, "2"), "{forgotten:?}");
    let (following, delegated) = (follow().await, app.meet(&meet, "nadia@agency.example").await);
    for answer in [&following, &delegated] {
        assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "{answer:?}");
    }
    assert_eq!(
        delegated.json(),
        json!({ "detail": "Service temporarily unavailable, try again later." }),
        "{MEET}"
    );
    let change = session.on(app.request(Method::PUT, rdv::CHANGE)).json(&json!({ "password": "x" }));
    for answer in [
        rdv::sign_in(&app, "nadia@agency.example", PASSWORD).await,
        rdv::validate(&app, &session).await,
        rdv::sign_out(&app, &session).await,
        send(change).await,
    ] {
        rdv::assert_said(&answer, 503, r#"{"success":false,"errors":["Service Unavailable"]}"#);
        assert!(!answer.header("retry-after").is_empty());
    }
    // Keys and metadata are in memory.
    assert_eq!(app.get("/.well-known/jwks.json").await.status, 200);

    postgres.resume();
    assert!(rdv::is_valid(&app, &session).await);
    assert_eq!(app.refresh(&gate, &refresh).await.status, 200);
    assert_eq!(app.introspect(&gate, &access).await["active"], true);
    assert_eq!(follow().await.status, 200);
    assert_eq!(app.meet(&meet, "nadia@agency.example").await.status, 200);
}

/// Without the database a client that has proved itself within the last second still gets tokens: nothing is written.
#[actix_web::test]
async fn client_credentials_need_no_write() {
    let mut postgres = PostgresServer::start();
    let app = Spawned::on_server(&postgres.url()).await;
    let client = app.service("booking").await;
    app.own_token(&client).await;
    postgres.crash();
    assert_eq!(app.token(&client, &[("grant_type", "client_credentials")]).await.status, 200);
}
