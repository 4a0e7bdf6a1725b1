//! `contracts/oauth2.md` §3 "Refresh tokens", and threats 1 to 3.

use std::time::Duration;

use auth_claims::roles::Role;
use chrono::TimeDelta;
use identity::accounts::{Account, AccountProfile};
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType};
use rstest::rstest;

use crate::harness::{
    ACCESS_TOKEN, Answer, BASIC, Backend, Credentials, FORM, ISSUER, Spawned, basic, claims, scopes, send,
};

async fn world(backend: Backend) -> (Spawned, Credentials, Account, String, String) {
    let app = Spawned::on(backend).await;
    let client = app.exchanger("gate").await;
    let account = app.account("nadia").await;
    let (access, refresh) = app.session(&client, &account).await;
    (app, client, account, access, refresh)
}

#[rstest]
#[actix_web::test]
async fn a_refresh_gives_a_new_pair_in_the_same_session(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client, account, access, refresh) = world(backend).await;
    let first = claims(&access);
    app.clock.advance(TimeDelta::seconds(10));
    let answer = app.refresh(&client, &refresh).await;
    let second = answer.claims();
    assert_eq!(answer.json()["scope"], "a b offline_access");
    assert_ne!(answer.refresh_token(), refresh);
    assert_ne!(second.jti, first.jti);
    assert_eq!((second.iat, second.exp), (first.iat + 10, first.exp + 10));
    assert_eq!((second.sub.as_str(), &second.sid), (account.id.to_string().as_str(), &first.sid));
    assert_eq!((second.iss.as_str(), second.aud, second.client_id.as_str()), (ISSUER, "api".into(), "gate"));
    assert_eq!((second.auth_time, second.amr), (first.auth_time, vec!["pwd".to_owned()]));
    assert_eq!(second.act.map(|actor| actor.sub).as_deref(), Some("gate"));
    assert!(answer.json().get("issued_token_type").is_none());
}

#[rstest]
#[actix_web::test]
async fn claims_are_read_afresh(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (app, client, account, _, refresh) = world(backend).await;
    let profile = AccountProfile {
        email: Some("renamed@agency.example".to_owned()),
        roles: vec![Role::Agent],
        ..AccountProfile::new("nadia")
    };
    app.identity.update_account(account.id, profile, &Origin::default()).await.expect("a change");
    let claims = app.refresh(&client, &refresh).await.claims();
    assert_eq!(claims.email.as_deref(), Some("renamed@agency.example"));
    assert_eq!(claims.roles, [Role::Agent]);
}

#[rstest]
#[case::nothing_keeps_all(None, Some("a b offline_access"))]
#[case::narrower(Some("b"), Some("b"))]
#[case::in_registration_order(Some("offline_access b a"), Some("a b offline_access"))]
#[case::not_granted_then(Some("a c"), None)]
#[case::not_registered(Some("z"), None)]
#[actix_web::test]
async fn scope_may_be_narrowed_and_never_widened(#[case] asked: Option<&str>, #[case] granted: Option<&str>) {
    let (app, client, _, _, refresh) = world(Backend::Sqlite).await;
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    form.extend(asked.map(|scope| ("scope", scope)));
    let answer = app.token(&client, &form).await;
    if let Some(granted) = granted {
        assert_eq!(answer.claims().scope, scopes(granted));
        // The family keeps what was granted: the next refresh may have all of it again.
        let next = app.refresh(&client, &answer.refresh_token()).await;
        assert_eq!(next.claims().scope, scopes("a b offline_access"));
    } else {
        answer.assert_refused(400, "invalid_scope");
        // A refused wish has not used the token up.
        assert_eq!(app.refresh(&client, &refresh).await.status, 200);
    }
}

#[actix_web::test]
async fn a_target_outside_the_family_does_not_use_the_token_up() {
    let (app, client, _, _, refresh) = world(Backend::Sqlite).await;
    app.reregister("gate", |r| r.audiences.push("payroll".to_owned())).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("resource", "payroll")];
    app.token(&client, &form).await.assert_refused(400, "invalid_target");
    assert_eq!(app.refresh(&client, &refresh).await.claims().aud, "api".into());
}

#[actix_web::test]
async fn a_foreign_application_does_not_use_the_token_up() {
    let (app, client, _, _, refresh) = world(Backend::Sqlite).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("application_id", "other")];
    app.token(&client, &form).await.assert_refused(400, "invalid_grant");
    assert_eq!(app.refresh(&client, &refresh).await.status, 200);
}

#[rstest]
#[case::unknown("trt_AAAA")]
#[case::garbage("garbage")]
#[case::long(&"x".repeat(10_000))]
#[actix_web::test]
async fn what_is_no_refresh_token_is_an_invalid_grant(#[case] token: &str) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.exchanger("gate").await;
    app.refresh(&client, token).await.assert_refused(400, "invalid_grant");
}

#[actix_web::test]
async fn a_missing_refresh_token_is_an_invalid_request() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.exchanger("gate").await;
    app.token(&client, &[("grant_type", "refresh_token")]).await.assert_refused(400, "invalid_request");
    app.refresh(&client, "").await.assert_refused(400, "invalid_request");
}

/// Threat 4 through HTTP: an access token is no refresh token.
#[actix_web::test]
async fn threat_04_an_access_token_is_no_refresh_token() {
    let (app, client, _, access, refresh) = world(Backend::Sqlite).await;
    app.refresh(&client, &access).await.assert_refused(400, "invalid_grant");
    app.exchange(&client, ACCESS_TOKEN, &refresh, &[]).await.assert_refused(400, "invalid_grant");
}

#[rstest]
#[actix_web::test]
async fn an_unused_refresh_token_ends_after_14_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client, _, _, refresh) = world(backend).await;
    app.advance(TimeDelta::days(14) - TimeDelta::seconds(1)).await;
    let next = app.refresh(&client, &refresh).await.refresh_token();
    app.advance(TimeDelta::days(14)).await;
    app.refresh(&client, &next).await.assert_refused(400, "invalid_grant");
    assert_eq!(app.introspect(&client, &next).await, serde_json::json!({"active": false}));
}

#[rstest]
#[actix_web::test]
async fn use_does_not_prolong_a_session_beyond_30_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client, _, _, mut refresh) = world(backend).await;
    for _ in 0..2 {
        app.advance(TimeDelta::days(10)).await;
        refresh = app.refresh(&client, &refresh).await.refresh_token();
    }
    app.advance(TimeDelta::days(10)).await;
    app.refresh(&client, &refresh).await.assert_refused(400, "invalid_grant");
}

#[actix_web::test]
async fn lifetimes_are_settings() {
    let app = Spawned::with(Backend::Sqlite, |settings| {
        settings.refresh.absolute = Duration::from_secs(100);
        settings.refresh.idle = Duration::from_secs(50);
    })
    .await;
    let client = app.exchanger("gate").await;
    let account = app.account("nadia").await;
    let (_, refresh) = app.session(&client, &account).await;
    app.clock.advance(TimeDelta::seconds(51));
    app.refresh(&client, &refresh).await.assert_refused(400, "invalid_grant");
}

/// Every way in which client B can present what was issued to client A: refused alike, and A can go on.
#[rstest]
#[actix_web::test]
async fn threat_01_a_refresh_token_is_worthless_to_another_client(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, owner, _, access, refresh) = world(backend).await;
    let thief = app.exchanger("thief").await;
    app.client("mobile", ClientKind::Public, |r| r.grants = vec![GrantType::RefreshToken]).await;
    let by_basic = app.refresh(&thief, &refresh).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let post = [("client_id", thief.id.as_str()), ("client_secret", thief.secret.as_str())];
    let by_post = app.post("/oauth/token", &[&form[..], &post].concat()).await;
    let by_name = app.post("/oauth/token", &[&form[..], &[("client_id", "mobile")]].concat()).await;
    let too_wide = app.token(&thief, &[&form[..], &[("scope", "z")]].concat()).await;
    for answer in [&by_basic, &by_post, &by_name, &too_wide] {
        answer.assert_refused(400, "invalid_grant");
        assert_eq!(answer.text, by_basic.text);
    }
    // Not revoked by another client either.
    for token in [&refresh, &access] {
        assert_eq!(app.post_as(&thief, "/oauth/revoke", &[("token", token)]).await.status, 200);
    }
    assert_eq!(app.introspect(&owner, &access).await["active"], true);
    assert_eq!(app.refresh(&owner, &refresh).await.status, 200);
}

/// Threat 2: many refreshes of one token at once, through two servers on one database. One lineage survives.
#[rstest]
#[actix_web::test]
async fn threat_02_parallel_refreshes_have_one_successor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client, _, _, mut refresh) = world(backend).await;
    let replica = app.replica().await;
    for _ in 0..3 {
        let presented = refresh.clone();
        let all = (0..64).map(|number| {
            let server = if number % 2 == 0 { &app } else { &replica };
            server.refresh(&client, &presented)
        });
        let answers: Vec<Answer> = futures_util::future::join_all(all).await;
        let mut successors: Vec<String> = answers.iter().map(Answer::refresh_token).collect();
        successors.sort();
        successors.dedup();
        assert_eq!(successors.len(), 1, "{successors:?}");
        refresh = successors.remove(0);
    }
    assert_eq!(replica.refresh(&client, &refresh).await.status, 200);
}

/// Threat 2, the other half: whoever is told that the session is revoked finds no token of it alive, whatever was
/// being signed at that moment.
#[rstest]
#[actix_web::test]
async fn threat_02_a_revocation_that_races_a_refresh_leaves_no_live_token(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let replica = app.replica().await;
    let client = app.exchanger("gate").await;
    let account = app.account("nadia").await;
    for _ in 0..8 {
        let (access, refresh) = app.session(&client, &account).await;
        let refreshes = (0..8).map(|_| replica.refresh(&client, &refresh));
        let form = [("token", refresh.as_str())];
        let revocation = app.post_as(&client, "/oauth/revoke", &form);
        let (revoked, refreshed) = tokio::join!(revocation, futures_util::future::join_all(refreshes));
        assert_eq!(revoked.status, 200);
        let mut tokens = vec![access, refresh];
        for answer in refreshed.iter().filter(|answer| answer.status == 200) {
            tokens.extend([answer.access_token(), answer.refresh_token()]);
        }
        for token in tokens {
            for server in [&app, &replica] {
                assert_eq!(server.introspect(&client, &token).await, serde_json::json!({"active": false}));
            }
        }
    }
}

/// Threat 3: the answer is lost, the client asks again and gets the same successor, on any replica.
#[rstest]
#[actix_web::test]
async fn threat_03_a_repeated_refresh_gets_the_same_successor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client, _, _, refresh) = world(backend).await;
    let replica = app.replica().await;
    let first = app.refresh(&client, &refresh).await;
    app.clock.advance(TimeDelta::seconds(59));
    let again = replica.refresh(&client, &refresh).await;
    assert_eq!(again.refresh_token(), first.refresh_token());
    assert_ne!(again.claims().jti, first.claims().jti);
    assert_eq!(app.refresh(&client, &first.refresh_token()).await.status, 200);
}

/// Threat 3: a replay after the successor was used, or after the window, ends the family and is an audit event.
#[rstest]
#[actix_web::test]
async fn threat_03_a_replay_ends_the_family(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] successor_used: bool,
) {
    let (app, client, _, access, refresh) = world(backend).await;
    let first = app.refresh(&client, &refresh).await;
    let mut newest = first.refresh_token();
    if successor_used {
        newest = app.refresh(&client, &newest).await.refresh_token();
    } else {
        app.clock.advance(TimeDelta::seconds(60));
    }
    app.refresh(&client, &refresh).await.assert_refused(400, "invalid_grant");
    app.refresh(&client, &newest).await.assert_refused(400, "invalid_grant");
    for token in [&access, &first.access_token(), &newest] {
        assert_eq!(app.introspect(&client, token).await, serde_json::json!({"active": false}));
    }
    let events = app.audit("refresh_token.reuse").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].origin.client_id.as_deref(), Some("gate"));
}

/// A wish that would be refused does not hide a replay.
#[actix_web::test]
async fn threat_03_a_replay_with_a_bad_scope_ends_the_family_too() {
    let (app, client, _, _, refresh) = world(Backend::Sqlite).await;
    let first = app.refresh(&client, &refresh).await.refresh_token();
    let second = app.refresh(&client, &first).await.refresh_token();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "z")];
    app.token(&client, &form).await.assert_refused(400, "invalid_grant");
    app.refresh(&client, &second).await.assert_refused(400, "invalid_grant");
}

/// Threat 14: a refresh ("update") gives nothing that the client could not get today by signing in ("create").
#[rstest]
#[actix_web::test]
async fn threat_14_a_refresh_follows_the_registration_of_today(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, client, account, _, refresh) = world(backend).await;
    app.reregister("gate", |r| {
        r.scopes = scopes("b c offline_access");
        r.default_scopes = scopes("b");
    })
    .await;
    let fresh = app.exchange(&client, BASIC, &basic(&account), &[("scope", "a")]).await;
    fresh.assert_refused(400, "invalid_scope");
    let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", "a")];
    app.token(&client, &form).await.assert_refused(400, "invalid_scope");
    let answer = app.refresh(&client, &refresh).await;
    assert_eq!(answer.claims().scope, scopes("b offline_access"));
    app.reregister("gate", |r| r.audiences = vec!["other".to_owned()]).await;
    let newest = answer.refresh_token();
    app.refresh(&client, &newest).await.assert_refused(400, "invalid_target");
    app.reregister("gate", |r| r.grants = vec![GrantType::TokenExchange]).await;
    app.refresh(&client, &newest).await.assert_refused(400, "unauthorized_client");
}

/// One spelling: a token that was changed anywhere is not a token.
#[actix_web::test]
async fn threat_13_a_changed_refresh_token_is_refused_and_the_family_lives() {
    let (app, client, _, _, refresh) = world(Backend::Sqlite).await;
    for position in (0..refresh.len()).step_by(5) {
        let mut bytes = refresh.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        app.refresh(&client, &changed).await.assert_refused(400, "invalid_grant");
    }
    for changed in
        [format!("{refresh}A"), format!("{refresh}="), format!(" {refresh}"), refresh.to_uppercase()]
    {
        app.refresh(&client, &changed).await.assert_refused(400, "invalid_grant");
    }
    assert_eq!(app.refresh(&client, &refresh).await.status, 200);
}

#[actix_web::test]
async fn nothing_presented_is_ever_echoed() {
    let (app, client, _, _, refresh) = world(Backend::Sqlite).await;
    let body =
        format!("grant_type=refresh_token&refresh_token={refresh}x&client_id={}&scope=sec%22ret", client.id);
    let request =
        app.request(reqwest::Method::POST, "/oauth/token").basic_auth(&client.id, Some(&client.secret));
    let answer = send(request.header("content-type", FORM).body(body)).await;
    for secret in [refresh.as_str(), &client.secret, "sec"] {
        assert!(!answer.text.contains(secret), "{answer:?}");
    }
}
