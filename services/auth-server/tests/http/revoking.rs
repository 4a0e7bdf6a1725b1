//! `contracts/oauth2.md` §5: revocation, and threat 26: what is revoked or expired is refused, everywhere, at once.

use chrono::TimeDelta;
use identity::accounts::Account;
use identity::clients::{ClientKind, GrantType};
use rstest::rstest;
use serde_json::json;

use crate::harness::{ACCESS_TOKEN, Answer, Backend, Credentials, Spawned};

async fn revoke(app: &Spawned, client: &Credentials, token: &str) -> Answer {
    let answer = app.post_as(client, "/oauth/revoke", &[("token", token)]).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{answer:?}");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    answer
}

async fn world(backend: Backend) -> (Spawned, Credentials, Account) {
    let app = Spawned::on(backend).await;
    let gate = app.exchanger("gate").await;
    let account = app.account("nadia").await;
    (app, gate, account)
}

async fn is_active(app: &Spawned, client: &Credentials, token: &str) -> bool {
    let said = app.introspect(client, token).await;
    assert!(said["active"] == true || said == json!({"active": false}), "{said}");
    said["active"] == true
}

#[rstest]
#[actix_web::test]
async fn a_refresh_token_takes_its_session_along(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, gate, account) = world(backend).await;
    let (first, refresh) = app.session(&gate, &account).await;
    let answer = app.refresh(&gate, &refresh).await;
    let (second, newest) = (answer.access_token(), answer.refresh_token());
    let exchanged = app.exchange(&gate, ACCESS_TOKEN, &second, &[]).await.access_token();
    let (other, _) = app.session(&gate, &account).await;
    revoke(&app, &gate, &newest).await;
    for token in [&first, &second, &exchanged, &refresh, &newest] {
        assert!(!is_active(&app, &gate, token).await);
    }
    app.refresh(&gate, &newest).await.assert_refused(400, "invalid_grant");
    assert!(is_active(&app, &gate, &other).await, "another session of the same account lives on");
    assert_eq!(app.audit("refresh_token.revoke").await.len(), 1);
}

#[rstest]
#[actix_web::test]
async fn an_old_refresh_token_of_the_family_will_do(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, gate, account) = world(backend).await;
    let (_, refresh) = app.session(&gate, &account).await;
    let newest = app.refresh(&gate, &refresh).await.refresh_token();
    revoke(&app, &gate, &refresh).await;
    app.refresh(&gate, &newest).await.assert_refused(400, "invalid_grant");
}

#[rstest]
#[actix_web::test]
async fn an_access_token_goes_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, gate, account) = world(backend).await;
    let (access, refresh) = app.session(&gate, &account).await;
    let own = app.own_token(&gate).await;
    revoke(&app, &gate, &access).await;
    assert!(!is_active(&app, &gate, &access).await);
    assert!(is_active(&app, &gate, &own).await);
    assert_eq!(app.refresh(&gate, &refresh).await.status, 200);
    let events = app.audit("token.revoke").await;
    assert_eq!((events.len(), events[0].origin.client_id.as_deref()), (1, Some("gate")));
    assert_eq!(events[0].target.as_deref(), Some(crate::harness::claims(&access).jti.as_str()));
}

#[rstest]
#[case("x")]
#[case("a.b.c")]
#[case("trt_AAAA")]
#[case(&"y".repeat(20_000))]
#[actix_web::test]
async fn an_unknown_token_is_a_success(#[case] token: &str) {
    let (app, gate, _) = world(Backend::Sqlite).await;
    revoke(&app, &gate, token).await;
}

#[actix_web::test]
async fn revoking_twice_and_revoking_the_expired_are_successes() {
    let (app, gate, account) = world(Backend::Sqlite).await;
    let (access, refresh) = app.session(&gate, &account).await;
    for token in [&access, &access, &refresh, &refresh] {
        revoke(&app, &gate, token).await;
    }
    let own = app.own_token(&gate).await;
    app.clock.advance(TimeDelta::hours(2));
    revoke(&app, &gate, &own).await;
}

#[rstest]
#[case::missing(&[])]
#[case::empty(&[("token", "")])]
#[actix_web::test]
async fn a_missing_token_is_an_invalid_request(#[case] form: &[(&str, &str)]) {
    let (app, gate, _) = world(Backend::Sqlite).await;
    app.post_as(&gate, "/oauth/revoke", form).await.assert_refused(400, "invalid_request");
}

#[actix_web::test]
async fn a_public_client_revokes_what_was_issued_to_it() {
    let (app, gate, account) = world(Backend::Sqlite).await;
    app.client("mobile", ClientKind::Public, |r| r.grants = vec![GrantType::RefreshToken]).await;
    let (_, refresh) = app.session(&gate, &account).await;
    let form = [("token", refresh.as_str()), ("client_id", "mobile")];
    assert_eq!(app.post("/oauth/revoke", &form).await.status, 200);
    assert!(is_active(&app, &gate, &refresh).await, "it was not issued to it");
}

/// Threat 15: no client can end what is another's, whatever its role.
#[rstest]
#[actix_web::test]
async fn threat_15_foreign_tokens_stay_as_they_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("api", "other", "monitor")] who: &str,
) {
    let (app, gate, account) = world(backend).await;
    let (access, refresh) = app.session(&gate, &account).await;
    let foreign =
        app.client(who, ClientKind::Service, |r| r.roles = vec![auth_claims::roles::Role::Service]).await;
    revoke(&app, &foreign, &access).await;
    revoke(&app, &foreign, &refresh).await;
    assert!(is_active(&app, &gate, &access).await);
    assert!(is_active(&app, &gate, &refresh).await);
}

/// Threat 26: a revocation counts on every replica as soon as it is answered, and after a restart.
#[rstest]
#[actix_web::test]
async fn threat_26_a_revocation_counts_on_every_replica_and_after_a_restart(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, gate, account) = world(backend).await;
    let replica = app.replica().await;
    let (access, refresh) = app.session(&gate, &account).await;
    let own = app.own_token(&gate).await;
    for token in [&access, &refresh, &own] {
        assert!(is_active(&replica, &gate, token).await);
    }
    revoke(&app, &gate, &own).await;
    revoke(&app, &gate, &refresh).await;
    let restarted = app.replica().await;
    for server in [&replica, &restarted] {
        for token in [&access, &refresh, &own] {
            assert!(!is_active(server, &gate, token).await);
        }
        server.refresh(&gate, &refresh).await.assert_refused(400, "invalid_grant");
        server.exchange(&gate, ACCESS_TOKEN, &access, &[]).await.assert_refused(400, "invalid_grant");
    }
}

/// Threat 26: what was issued before a restart is good after it, until the very second it expires.
#[rstest]
#[actix_web::test]
async fn threat_26_a_token_expires_to_the_second_on_every_replica(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, gate, _) = world(backend).await;
    let token = app.own_token(&gate).await;
    let restarted = app.replica().await;
    app.clock.advance(TimeDelta::seconds(3600) - TimeDelta::microseconds(1));
    assert!(is_active(&restarted, &gate, &token).await);
    app.clock.advance(TimeDelta::microseconds(1));
    for server in [&app, &restarted] {
        assert!(!is_active(server, &gate, &token).await);
        server.exchange(&gate, ACCESS_TOKEN, &token, &[]).await.assert_refused(400, "invalid_grant");
    }
}

/// Threat 26: a token from the future is none, beyond the five seconds two clocks may differ.
#[actix_web::test]
async fn threat_26_a_token_from_the_future_is_refused() {
    let (app, gate, _) = world(Backend::Sqlite).await;
    app.clock.advance(TimeDelta::seconds(6));
    let token = app.own_token(&gate).await;
    app.clock.advance(TimeDelta::seconds(-6));
    assert!(!is_active(&app, &gate, &token).await);
    app.clock.advance(TimeDelta::seconds(1));
    assert!(is_active(&app, &gate, &token).await);
}
