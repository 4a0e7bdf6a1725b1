//! §4.1: an Account-Token, shown to the endpoints here that need one; §11.1: the account about itself.

use auth_claims::account_token::ACCOUNT_TOKEN;
use auth_server::InProcessClient;
use identity::audit::Origin;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{ACCOUNT_INFO, AUTH_PING, DELETED, EMAIL, INVALID_TOKEN, NOT_PROVIDED, World, assert_said};
use crate::harness::{Backend, CLIENT, ISSUER, scopes, send};

const NO_CREDENTIALS: &str = r#"{"detail":"Invalid token header. No credentials provided."}"#;
const SPACES: &str = r#"{"detail":"Invalid token header. Token string should not contain spaces."}"#;

/// Every row of the table, on every endpoint.
#[rstest]
#[actix_web::test]
async fn each_fault_of_a_credential_has_its_answer(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let world = World::on(backend).await;
    let token = world.token().await;
    for path in [AUTH_PING, ACCOUNT_INFO] {
        assert_said(&world.app.get(path).await, 403, NOT_PROVIDED);
        for (header, status, body) in [
            ("", 403, NOT_PROVIDED),
            (" ", 403, NOT_PROVIDED),
            ("Basic bWlyYTprM3R0bGU=", 403, NOT_PROVIDED),
            (&token, 403, NOT_PROVIDED),
            (&format!("Tokens {token}"), 403, NOT_PROVIDED),
            ("Token", 401, NO_CREDENTIALS),
            ("bearer ", 401, NO_CREDENTIALS),
            (&format!("Token {token} {token}"), 401, SPACES),
            ("Token a b c", 401, SPACES),
            ("Token 0000000000000000000000000000000000000000", 401, INVALID_TOKEN),
            (&format!("Token {}", token.to_uppercase()), 401, INVALID_TOKEN),
            (&format!("Token {}", &token[1..]), 401, INVALID_TOKEN),
            (&format!("Token {token}0"), 401, INVALID_TOKEN),
            ("Token nonsense", 401, INVALID_TOKEN),
            ("Bearer a.b.c", 401, INVALID_TOKEN),
            (TEMPORARY, 401, INVALID_TOKEN),
        ] {
            assert_said(&world.get(path, header).await, status, body);
        }
        let twice = world.app.request(Method::GET, path).header("authorization", format!("Token {token}"));
        let twice = twice.header("authorization", format!("Token {token}"));
        assert_said(&send(twice).await, 401, INVALID_TOKEN);
        for header in [format!("Token {token}"), format!("bEARER {token}"), format!("TOKEN \t {token} ")] {
            assert_eq!(world.get(path, &header).await.status, 200, "{header}");
        }
    }
}

/// §3.3, the temporary API-Token of the vectors.
const TEMPORARY: &str = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6IjVkMmYwYzgxYjdlOTRhMzZhMWM0ZTkwZjNiNmQ4YTI3QGF1dGgubG9jYWwiLCJkdGFibGVfdXVpZCI6IjNmMGE5YzUyLTZiMWUtNGQ3Ny05YTQwLTVjOGUyMWQ3YjYxMyIsImV4cCI6MTc2NzIyNTYwMC4yNX0.5MDbQnD_dEMBQejxBFU_lLZh8hrOR4K0bOKAA00pmz8";

/// A deactivated account is told nothing, a deleted one that it is.
#[rstest]
#[actix_web::test]
async fn the_token_follows_its_account(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let header = format!("Token {}", world.token().await);
    world.disable(true).await;
    assert_said(&world.get(AUTH_PING, &header).await, 403, NOT_PROVIDED);
    world.disable(false).await;
    assert_eq!(world.get(AUTH_PING, &header).await.text, r#""pong""#);
    world.delete().await;
    for path in [AUTH_PING, ACCOUNT_INFO] {
        assert_said(&world.get(path, &header).await, 401, DELETED);
    }
}

/// An access token of the platform is as good, where it is one for bases: audience, scope and a person.
#[rstest]
#[actix_web::test]
async fn an_access_token_for_bases_is_taken(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let token = world.token().await;
    for (audience, scope, taken) in
        [("bases", "bases", true), ("bases", "bases:read", false), ("rooms", "bases", false)]
    {
        let exchange = world.app.auth.exchange(InProcessClient {
            id: "base-token".parse().expect("a client id"),
            audience: audience.to_owned(),
            scopes: scopes(scope),
        });
        let access = exchange.exchange(ACCOUNT_TOKEN, &token, CLIENT).await.expect("an access token");
        let header = format!("Bearer {access}");
        let answer = world.get(ACCOUNT_INFO, &header).await;
        if !taken {
            assert_said(&answer, 401, INVALID_TOKEN);
            continue;
        }
        assert_eq!(answer.json()["email"], world.internal_id());
        world.disable(true).await;
        assert_said(&world.get(AUTH_PING, &header).await, 403, NOT_PROVIDED);
        world.disable(false).await;
    }
    let client = world.app.client("robot", identity::clients::ClientKind::Service, |registration| {
        registration.scopes = scopes("bases");
        registration.default_scopes = scopes("bases");
        registration.audiences = vec!["bases".to_owned()];
    });
    let own = world.app.own_token(&client.await).await;
    assert_said(&world.get(AUTH_PING, &format!("Bearer {own}")).await, 401, INVALID_TOKEN);
}

#[rstest]
#[actix_web::test]
async fn an_account_reads_about_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let world = World::on(backend).await;
    let header = format!("Token {}", world.token().await);
    let request = world.app.request(Method::GET, ACCOUNT_INFO).header("authorization", &header);
    let answer =
        send(request.header("host", "evil.example").header("x-forwarded-host", "evil.example")).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.json(),
        json!({
            "email": world.internal_id(), "name": "Mira Holt", "contact_email": EMAIL, "login_id": "mira",
            "avatar_url": format!("{ISSUER}/media/avatars/default.png"), "is_staff": false, "institution": "",
            "total": -2, "usage": 0, "space_usage": "0%", "row_total": -1, "row_usage": 0, "row_usage_rate": "0%",
            "enable_subscription": false, "dtable_updates_email_interval": 0,
            "dtable_collaborate_email_interval": 0,
        })
    );
    let profile = identity::accounts::AccountProfile {
        roles: vec![auth_claims::roles::Role::GlobalAdmin],
        ..identity::accounts::AccountProfile::new("mira")
    };
    let origin = Origin::default();
    world.app.identity.update_account(world.mira.id, profile, &origin).await.expect("a change");
    let answer = world.get(ACCOUNT_INFO, &header).await.json();
    let told = ["name", "contact_email", "is_staff"].map(|name| answer[name].clone());
    assert_eq!(told, [json!("mira"), json!(""), json!(true)]);
}
