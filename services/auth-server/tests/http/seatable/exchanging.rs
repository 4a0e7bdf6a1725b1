//! An Account-Token as a subject token (`contracts/oauth2.md` §4): how every other service of the dialect takes it.

use std::time::Duration;

use auth_claims::account_token::ACCOUNT_TOKEN;
use auth_claims::caller::{ExchangeError, ExchangeRefusal};
use auth_claims::roles::Role;
use auth_server::InProcessClient;
use chrono::TimeDelta;
use identity::audit::Origin;
use identity::clients::ClientKind;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;

use super::World;
use crate::harness::{Backend, CLIENT, ISSUER, scopes};

#[rstest]
#[actix_web::test]
async fn it_stands_for_its_account(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let signed_in_at = world.app.clock.unix();
    let (gate, token) = (world.app.exchanger("gate").await, world.token().await);
    world.app.advance(TimeDelta::days(100)).await;
    let answer = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[("scope", "a")]).await;
    let claims = answer.claims();
    assert_eq!((claims.sub, claims.scope.to_string()), (world.mira.id.to_string(), "a".to_owned()));
    assert_eq!((claims.amr, claims.auth_time), (vec!["pwd".to_owned()], Some(signed_in_at)));
    assert_eq!((claims.session_exp, claims.act.expect("an actor").sub.as_str()), (None, "gate"));
    let again = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[]).await.claims();
    assert!(claims.sid.is_some() && again.sid == claims.sid, "one session");
    let offline = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[("scope", "a offline_access")]).await;
    assert_eq!(world.app.refresh(&gate, &offline.refresh_token()).await.status, 200);
}

/// Reasons that its holder may know are told; whatever else is wrong with it is not.
#[rstest]
#[actix_web::test]
async fn refusals_say_what_may_be_known(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let (gate, token) = (world.app.exchanger("gate").await, world.token().await);
    let client = InProcessClient {
        id: "base-token".parse().expect("a client id"),
        audience: "bases".to_owned(),
        scopes: scopes("bases"),
    };
    let neighbour = world.app.auth.exchange(client);
    for other in
        ["0000000000000000000000000000000000000000", &token.to_uppercase(), &token[1..], "x", "a.b.c"]
    {
        let refused = world.app.exchange(&gate, ACCOUNT_TOKEN, other, &[]).await;
        refused.assert_refused(400, "invalid_grant");
        assert_eq!(refused.json().get("reason"), None);
        let refused = neighbour.exchange(ACCOUNT_TOKEN, other, CLIENT).await;
        assert_eq!(refused, Err(ExchangeError::Refused(ExchangeRefusal::Invalid)));
    }
    world.disable(true).await;
    let refused = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[]).await;
    refused.assert_refused(400, "invalid_grant");
    assert_eq!(refused.json()["reason"], "account_disabled");
    let refused = neighbour.exchange(ACCOUNT_TOKEN, &token, CLIENT).await;
    assert_eq!(refused, Err(ExchangeError::Refused(ExchangeRefusal::AccountDisabled)));
    world.delete().await;
    let refused = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[]).await;
    refused.assert_refused(400, "invalid_grant");
    assert_eq!(refused.json()["reason"], "account_deleted");
    let refused = neighbour.exchange(ACCOUNT_TOKEN, &token, CLIENT).await;
    assert_eq!(refused, Err(ExchangeError::Refused(ExchangeRefusal::AccountDeleted)));
}

/// A new password leaves the token alone, and what is exchanged for it afterwards is good; revoking it ends all of that.
#[rstest]
#[actix_web::test]
async fn what_is_exchanged_ends_with_the_token(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let (gate, token) = (world.app.exchanger("gate").await, world.token().await);
    let origin = Origin::default();
    let password = SecretString::from("another k3ttle");
    world.app.identity.set_password(world.mira.id, &password, &origin).await.expect("a password");
    world.app.clock.advance(TimeDelta::seconds(1));
    let offline = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[("scope", "a offline_access")]).await;
    let (access, refresh) = (offline.access_token(), offline.refresh_token());
    assert_eq!(world.app.introspect(&gate, &access).await["active"], true);
    tokio::time::timeout(
        Duration::from_secs(10),
        world.app.identity.revoke_account_token(world.mira.id, &origin),
    )
    .await
    .expect("in time")
    .expect("a directory");
    assert_eq!(world.app.introspect(&gate, &access).await, json!({ "active": false }));
    world.app.refresh(&gate, &refresh).await.assert_refused(400, "invalid_grant");
    world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[]).await.assert_refused(400, "invalid_grant");
}

/// Threat 26, §3: a client that ends what it has got, or whose refresh token is used twice, ends that, and not the
/// Account-Token, which is every program's.
#[rstest]
#[actix_web::test]
async fn threat_26_no_client_ends_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(false, true)] used_twice: bool,
) {
    let world = World::on(backend).await;
    let (gate, token) = (world.app.exchanger("gate").await, world.token().await);
    let offline = [("scope", "a b offline_access")];
    let offline = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &offline).await;
    let (access, refresh) = (offline.access_token(), offline.refresh_token());
    if used_twice {
        let next = world.app.refresh(&gate, &refresh).await.refresh_token();
        world.app.refresh(&gate, &next).await.refresh_token();
        world.app.refresh(&gate, &refresh).await.assert_refused(400, "invalid_grant");
    } else {
        assert_eq!(world.app.post_as(&gate, "/oauth/revoke", &[("token", &refresh)]).await.status, 200);
    }
    assert_eq!(world.app.introspect(&gate, &access).await, json!({ "active": false }));
    world.app.refresh(&gate, &refresh).await.assert_refused(400, "invalid_grant");
    let again = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[]).await.access_token();
    assert_eq!(world.app.introspect(&gate, &again).await["active"], true);
    assert_eq!(world.token().await, token);
}

/// §5: a service may ask about anything, Account-Tokens included; no other client learns what one is, and none ends it.
#[rstest]
#[actix_web::test]
async fn services_may_ask_about_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let signed_in_at = world.app.clock.unix();
    let (gate, token) = (world.app.exchanger("gate").await, world.token().await);
    let service = world.app.client("service", ClientKind::Service, |registration| {
        registration.roles = vec![Role::Service];
    });
    let service = service.await;
    let said = world.app.introspect(&service, &token).await;
    let expected = json!({
        "active": true, "token_type": "account_token", "username": "mira", "iss": ISSUER,
        "sub": world.mira.id.to_string(), "iat": signed_in_at, "auth_time": signed_in_at, "sid": said["sid"],
        "kind": "user",
    });
    assert_eq!(said, expected);
    let inactive = json!({ "active": false });
    assert_eq!(world.app.introspect(&gate, &token).await, inactive);
    assert_eq!(world.app.introspect(&service, "0000000000000000000000000000000000000000").await, inactive);
    assert_eq!(world.app.post_as(&service, "/oauth/revoke", &[("token", &token)]).await.status, 200);
    assert_eq!(world.app.introspect(&service, &token).await, expected);
    for end in ["disabled", "deleted"] {
        if end == "disabled" {
            world.disable(true).await;
        } else {
            world.delete().await;
        }
        assert_eq!(world.app.introspect(&service, &token).await, inactive, "{end}");
    }
}

/// Threat 4: an Account-Token is no other kind of credential, and no other kind is an Account-Token.
#[rstest]
#[actix_web::test]
async fn threat_04_kinds_of_credentials_are_not_mistaken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let (gate, token) = (world.app.exchanger("gate").await, world.token().await);
    for kind in [
        crate::harness::ACCESS_TOKEN,
        crate::harness::JWT,
        crate::harness::BASIC,
        "urn:tessera:token-type:app-password",
        "urn:tessera:token-type:device-session",
    ] {
        let refused = world.app.exchange(&gate, kind, &token, &[]).await;
        refused.assert_refused(400, "invalid_grant");
    }
    let access = world.app.exchange(&gate, ACCOUNT_TOKEN, &token, &[]).await.access_token();
    for other in [access, crate::harness::basic_of("mira", super::PASSWORD)] {
        let refused = world.app.exchange(&gate, ACCOUNT_TOKEN, &other, &[]).await;
        refused.assert_refused(400, "invalid_grant");
    }
    world.app.refresh(&gate, &token).await.assert_refused(400, "invalid_grant");
    super::assert_said(&super::sign_in(&world.app, "mira", &token).await, 400, super::BAD);
}
