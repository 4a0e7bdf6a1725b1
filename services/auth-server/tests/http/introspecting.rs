//! `contracts/oauth2.md` §5: who may ask about which token, and what is said.

use auth_claims::roles::Role;
use chrono::TimeDelta;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use identity::clients::{ClientKind, GrantType};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{BASIC, Backend, CLIENT, Credentials, ISSUER, Spawned, basic, claims};

/// The whole answer about a token of which nothing may be said.
fn inactive() -> Value {
    json!({ "active": false })
}

#[rstest]
#[actix_web::test]
async fn an_access_token_of_a_user(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (access, _) = app.session(&gate, &account).await;
    let (said, claims) = (app.introspect(&gate, &access).await, claims(&access));
    let expected = json!({
        "active": true, "token_type": "Bearer", "username": "nadia", "scope": "a b offline_access",
        "client_id": "gate", "sub": account.id.to_string(), "aud": "api", "iss": ISSUER, "exp": claims.exp,
        "iat": claims.iat, "nbf": claims.iat, "jti": claims.jti, "sid": claims.sid, "kind": "user",
        "email": "nadia@agency.example", "name": "The nadia", "auth_time": claims.iat, "amr": ["pwd"],
        "act": { "sub": "gate", "client_id": "gate" },
    });
    assert_eq!(said, expected);
}

#[rstest]
#[actix_web::test]
async fn an_access_token_of_a_client(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let client = app.client("booking", ClientKind::Service, |r| r.roles = vec![Role::ClientService]).await;
    let said = app.introspect(&client, &app.own_token(&client).await).await;
    assert_eq!((&said["active"], &said["username"]), (&true.into(), &"booking".into()));
    assert_eq!((&said["kind"], &said["roles"]), (&"client".into(), &json!(["CLIENT_SERVICE"])));
    assert!(said.get("sid").is_none());
}

#[rstest]
#[actix_web::test]
async fn a_refresh_token(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (access, refresh) = app.session(&gate, &account).await;
    let (said, claims) = (app.introspect(&gate, &refresh).await, claims(&access));
    let thirty_days = claims.iat + 30 * 86_400;
    let expected = json!({
        "active": true, "token_type": "refresh_token", "username": "nadia", "scope": "a b offline_access",
        "client_id": "gate", "sub": account.id.to_string(), "aud": "api", "iss": ISSUER, "exp": thirty_days,
        "iat": claims.iat, "sid": claims.sid, "kind": "user", "auth_time": claims.iat,
    });
    assert_eq!(said, expected);
}

/// What is remembered of a name ends with it, at every replica, before whoever renames is told that it is done.
#[rstest]
#[actix_web::test]
async fn a_renamed_account_has_its_new_name(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let replica = app.replica().await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (access, refresh) = app.session(&gate, &account).await;
    for server in [&app, &replica] {
        assert_eq!(server.introspect(&gate, &access).await["username"], "nadia");
    }
    let profile = AccountProfile { email: account.email.clone(), ..AccountProfile::new("nadia.b") };
    app.identity.update_account(account.id, profile, &Origin::default()).await.expect("a change");
    for server in [&app, &replica] {
        for token in [&access, &refresh] {
            let said = server.introspect(&gate, token).await;
            assert_eq!((&said["active"], &said["username"]), (&true.into(), &"nadia.b".into()));
        }
    }
}

#[actix_web::test]
async fn the_headers_forbid_keeping_the_answer() {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    for hint in ["", "access_token", "refresh_token", "nonsense"] {
        let form = [("token", "x"), ("token_type_hint", hint)];
        let answer = app.post_as(&client, "/oauth/introspect", &form).await;
        assert_eq!((answer.status, answer.json()), (200, inactive()));
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    }
}

#[rstest]
#[case::missing(&[])]
#[case::empty(&[("token", "")])]
#[actix_web::test]
async fn a_missing_token_is_an_invalid_request(#[case] form: &[(&str, &str)]) {
    let app = Spawned::on(Backend::Sqlite).await;
    let client = app.service("booking").await;
    app.post_as(&client, "/oauth/introspect", form).await.assert_refused(400, "invalid_request");
}

/// Threat 15: each kind of client × each kind of token × own and foreign.
#[rstest]
#[case::issued_to_it("gate", true, true)]
#[case::named_in_aud("api", true, true)]
#[case::neither("stranger", false, false)]
#[case::role_service("monitor", true, true)]
#[case::kind_service_is_not_the_role("booking", false, false)]
#[actix_web::test]
async fn threat_15_a_client_may_introspect_what_concerns_it(
    #[case] who: &str,
    #[case] access_seen: bool,
    #[case] refresh_seen: bool,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = Spawned::on(backend).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let mut clients = vec![gate.clone(), app.service("booking").await, app.application("stranger").await];
    clients.push(app.service("api").await);
    clients.push(app.client("monitor", ClientKind::Service, |r| r.roles = vec![Role::Service]).await);
    let (access, refresh) = app.session(&gate, &account).await;
    let client = clients.iter().find(|client| client.id == who).expect("one of them");
    assert_eq!(app.introspect(client, &access).await["active"], access_seen);
    assert_eq!(app.introspect(client, &refresh).await["active"], refresh_seen);
    if !access_seen {
        assert_eq!(app.introspect(client, &access).await, inactive());
    }
}

/// Whatever is not active is not told apart.
#[rstest]
#[actix_web::test]
async fn everything_inactive_looks_alike(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = Spawned::on(backend).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (access, refresh) = app.session(&gate, &account).await;
    let mut tampered = access.clone();
    tampered.insert(tampered.len() - 20, 'A');
    let stranger = Spawned::with(Backend::Sqlite, |_| {}).await;
    let foreign = stranger.own_token(&stranger.service("gate").await).await;
    let unsigned = format!("{}.", access.rsplit_once('.').expect("a signature").0);
    let unknown = ["x", "a.b.c", "..", "trt_", &"y".repeat(20_000), &tampered, &foreign, &unsigned];
    for token in unknown {
        assert_eq!(app.introspect(&gate, token).await, inactive(), "{token}");
    }
    app.clock.advance(TimeDelta::seconds(3599));
    assert_eq!(app.introspect(&gate, &access).await["active"], true);
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.introspect(&gate, &access).await, inactive());
    app.post_as(&gate, "/oauth/revoke", &[("token", &refresh)]).await;
    assert_eq!(app.introspect(&gate, &refresh).await, inactive());
}

#[actix_web::test]
async fn a_used_refresh_token_is_active_as_long_as_it_works() {
    let app = Spawned::on(Backend::Sqlite).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (_, refresh) = app.session(&gate, &account).await;
    app.refresh(&gate, &refresh).await;
    assert_eq!(app.introspect(&gate, &refresh).await["active"], true);
    app.clock.advance(TimeDelta::seconds(60));
    assert_eq!(app.introspect(&gate, &refresh).await, inactive());
}

/// Looking at a token changes nothing, a stale one included.
#[actix_web::test]
async fn introspection_is_not_a_use() {
    let app = Spawned::on(Backend::Sqlite).await;
    let (gate, account) = (app.exchanger("gate").await, app.account("nadia").await);
    let (_, first) = app.session(&gate, &account).await;
    let second = app.refresh(&gate, &first).await.refresh_token();
    let third = app.refresh(&gate, &second).await.refresh_token();
    assert_eq!(app.introspect(&gate, &first).await, inactive());
    assert_eq!(app.refresh(&gate, &third).await.status, 200);
}

#[actix_web::test]
async fn a_meet_token_says_whom_it_acts_for() {
    let app = Spawned::on(Backend::Sqlite).await;
    let (meet, account) = (app.application("meet").await, app.account("nadia").await);
    let token = app.meet(&meet, "nadia@agency.example").await.access_token();
    let said = app.introspect(&meet, &token).await;
    assert_eq!((&said["user_id"], &said["delegated"]), (&account.id.to_string().into(), &true.into()));
    assert_eq!((&said["client_id"], &said["username"]), (&"meet".into(), &"nadia".into()));
}

/// A public client cannot prove who asks.
#[actix_web::test]
async fn a_public_client_may_not_introspect() {
    let app = Spawned::on(Backend::Sqlite).await;
    let public = app.client("mobile", ClientKind::Public, |r| r.grants = vec![GrantType::RefreshToken]).await;
    let form = [("token", "x"), ("client_id", public.id.as_str())];
    app.post("/oauth/introspect", &form).await.assert_refused(401, "invalid_client");
    let wrong = Credentials { id: public.id, secret: "x".to_owned() };
    app.post_as(&wrong, "/oauth/introspect", &[("token", "x")]).await.assert_refused(401, "invalid_client");
}

/// The token of an exchange by a service in the same process, whose client nobody registered, is looked at like any.
#[actix_web::test]
async fn a_token_of_the_in_process_exchange_is_active() {
    let app = Spawned::on(Backend::Sqlite).await;
    let account = app.account("nadia").await;
    let service = auth_server::InProcessClient {
        id: "rooms".parse().expect("a client id"),
        audience: "rooms".to_owned(),
        scopes: crate::harness::scopes("rooms:list"),
    };
    let exchange = app.auth.exchange(service);
    let token = exchange.exchange(BASIC, &basic(&account), CLIENT).await.expect("a token");
    let monitor = app.client("monitor", ClientKind::Service, |r| r.roles = vec![Role::Service]).await;
    let said = app.introspect(&monitor, &token).await;
    assert_eq!((&said["aud"], &said["scope"]), (&"rooms".into(), &"rooms:list".into()));
    assert_eq!(said["act"]["sub"], "rooms");
    app.enable_account(&account, false).await;
    assert_eq!(app.introspect(&monitor, &token).await, inactive());
    // As a service does whose verifier met the revocation.
    exchange.forget(BASIC, &basic(&account));
    let refusal = exchange.exchange(BASIC, &basic(&account), CLIENT).await;
    let disabled = auth_claims::caller::ExchangeRefusal::AccountDisabled;
    assert_eq!(refusal, Err(auth_claims::caller::ExchangeError::Refused(disabled)));
}
