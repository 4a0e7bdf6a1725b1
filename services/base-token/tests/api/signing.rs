//! §3.2, §3.3, §13: keys of tokens, shared or published.

use auth_claims::base_token::{Access, BaseTokenVerifier};
use auth_claims::clock::Clock;
use auth_claims::keys::JwkSet;
use base_token::tokens::{TokenError, TokenSettings, Tokens};
use base_token::{store::MIGRATIONS, tokens::Signing};
use chrono::DateTime;
use master_key::MasterKey;
use rstest::rstest;
use serde_json::json;
use store::{DatabaseSettings, Db};
use test_kit::TestDatabase;

use crate::support::{Backend, Service};
use crate::tokens_support::{START, of, with_keys};

const JWKS: &str = "/api/v2.1/dtable/jwks.json";

async fn published(service: &Service) -> JwkSet {
    let answer = service.get("", JWKS).await.expect(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    serde_json::from_str(&answer.body).unwrap()
}

#[rstest]
#[actix_web::test]
async fn published_keys_verify_base_tokens(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, json!({"tokens": {"signing": "es256"}})).await;
    let base = service.base("mira", "Stock Room").await;
    let uuid = base["uuid"].as_str().unwrap();
    let token = service.api_token("mira", &base, "app", "rw").await;
    let link = service.link("mira", &base, &[]).await;
    // Temporary tokens are nobody else's business: they stay as they are.
    let temporary = service.temporary_token("mira", &base).await;
    let verifier = BaseTokenVerifier::key_set(&published(&service).await, service.clock.clone()).unwrap();
    for (answer, access) in [
        (service.exchange(&token).await, Access::Write),
        (service.exchange(&temporary).await, Access::Write),
        (service.get("mira", &of(&base, "access-token/")).await, Access::Write),
        (service.exchange_link(&link).await, Access::Read),
    ] {
        let header = format!("Bearer {}", answer.expect(200).json()["access_token"].as_str().unwrap());
        verifier.verify(Some(&header), uuid, access).unwrap();
        // This service takes its own tokens.
        let path = format!("/api/v2.1/dtables/{uuid}/related-users/");
        assert_ne!(service.get_with(&header, &path).await.status, 401);
    }
    // Another process on the same database has the same keys.
    let other = service.restarted_with(json!({"tokens": {"signing": "es256"}})).await;
    assert_eq!(published(&other).await, published(&service).await);
    let private = service.get("", JWKS).await.body;
    assert!(!private.contains("\"d\""), "{private}");
}

/// A shared secret is published nowhere.
#[actix_web::test]
async fn without_published_keys_there_is_no_key_set() {
    let service = Service::on(Backend::Sqlite).await;
    service.get("", JWKS).await.expect_detail(404, "Not found.");
}

async fn database(backend: Backend) -> (TestDatabase, Db) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    (database, db)
}

fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(START, 0).unwrap())
}

fn a_base() -> base_token::domain::base::Base {
    let account = uuid::Uuid::from_u128(7).into();
    base_token::domain::base::Base {
        id: 1,
        uuid: uuid::Uuid::from_u128(1),
        workspace_id: 1,
        name: "Stock Room".to_owned(),
        appearance: base_token::domain::base::Appearance::default(),
        created_by: uuid::Uuid::from_u128(7).into(),
        modified_by: account,
        created_at: clock().now(),
        updated_at: clock().now(),
        trashed_at: None,
    }
}

/// Of several first starts at the same time one makes the keys; every process then signs and reads alike.
#[rstest]
#[actix_web::test]
async fn first_starts_agree_on_the_keys(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(Signing::Shared, Signing::Es256)] signing: Signing,
) {
    let ((_database, db), master, clock) = (database(backend).await, MasterKey::generate().unwrap(), clock());
    let settings = TokenSettings { signing, ..TokenSettings::default() };
    let starts = (0..6).map(|_| Tokens::open(&db, &settings, &master, &clock));
    let all: Vec<Tokens> =
        futures_util::future::join_all(starts).await.into_iter().collect::<Result<_, _>>().unwrap();
    for tokens in &all {
        tokens.advance().await.unwrap();
    }
    let (base, account) = (a_base(), uuid::Uuid::from_u128(7).into());
    for tokens in &all {
        let temporary = tokens.temporary_token(&base, &account).unwrap();
        let bearer = base_token::tokens::Bearer::Anybody;
        let signed =
            tokens.base_token(&base, base_token::domain::permission::Permission::Read, bearer).unwrap();
        for other in &all {
            assert_eq!(other.read_temporary(&temporary).unwrap().account, account);
            let verifier = other.verifier().unwrap();
            verifier.verify(Some(&format!("Token {signed}")), &base.uuid_text(), Access::Read).unwrap();
            // Threat 4: what is made by one key is nothing under the other.
            assert_eq!(other.read_temporary(&signed), None);
            assert!(
                verifier
                    .verify(Some(&format!("Token {temporary}")), &base.uuid_text(), Access::Read)
                    .is_err()
            );
        }
        assert_eq!(tokens.published().is_some(), signing == Signing::Es256);
    }
}

/// A token lives three days: so long its key is published, through every rotation.
#[rstest]
#[actix_web::test]
async fn a_key_is_published_for_as_long_as_its_tokens_live(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let ((_database, db), master, clock) = (database(backend).await, MasterKey::generate().unwrap(), clock());
    let settings = TokenSettings { signing: Signing::Es256, ..TokenSettings::default() };
    let tokens = Tokens::open(&db, &settings, &master, &clock).await.unwrap();
    let base = a_base();
    let mut signed: Vec<(i64, String)> = Vec::new();
    let mut keys = std::collections::BTreeSet::new();
    // Seventy days in steps of six hours: two rotations.
    for _ in 0..280 {
        tokens.advance().await.unwrap();
        keys.extend(tokens.published().unwrap().keys.into_iter().map(|key| key.kid));
        let verifier = tokens.verifier().unwrap();
        for (at, token) in &signed {
            let lives = clock.unix() - at < 259_200;
            let header = format!("Token {token}");
            assert_eq!(verifier.verify(Some(&header), &base.uuid_text(), Access::Read).is_ok(), lives);
        }
        signed.retain(|(at, _)| clock.unix() - at < 259_200);
        let bearer = base_token::tokens::Bearer::App("app");
        let permission = base_token::domain::permission::Permission::Write;
        signed.push((clock.unix(), tokens.base_token(&base, permission, bearer).unwrap()));
        clock.advance(chrono::TimeDelta::hours(6));
    }
    assert!(keys.len() >= 3, "{keys:?}");
}

/// Threat 22: one key for both would make a Base-Token a temporary API-Token.
#[rstest]
#[actix_web::test]
async fn threat_22_the_two_keys_are_never_the_same(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let ((_database, db), master) = (database(backend).await, MasterKey::generate().unwrap());
    let same = json!({"base_key": "k".repeat(40), "temporary_key": "k".repeat(40)});
    let same: TokenSettings = serde_json::from_value(same).unwrap();
    let outcome = Tokens::open(&db, &same, &master, &clock()).await;
    assert!(matches!(outcome, Err(TokenError::SameKey)));
}

/// With another master key every API-Token would be unknown: better not to start.
#[rstest]
#[actix_web::test]
async fn another_master_key_stops_the_start(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = database(backend).await;
    let settings = TokenSettings::default();
    Tokens::open(&db, &settings, &MasterKey::generate().unwrap(), &clock()).await.unwrap();
    let outcome = Tokens::open(&db, &settings, &MasterKey::generate().unwrap(), &clock()).await;
    let error = outcome.map(drop).unwrap_err().to_string();
    assert_eq!(error, "bases.master_key: check was sealed under another key");
}

/// A key in the settings wins over the one in the database, and does not replace it.
#[rstest]
#[actix_web::test]
async fn a_key_that_is_set_wins(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "r").await;
    let temporary = service.temporary_token("mira", &base).await;
    let set = service.restarted_with(with_keys()).await;
    // API-Tokens are kept under the master key; temporary ones are another key's now.
    set.exchange(&token).await.expect(200);
    set.exchange(&temporary).await.expect_forbidden();
    let again = set.restarted_with(json!({})).await;
    again.exchange(&temporary).await.expect(200);
}

/// Threat 13: what lies in the database opens nowhere but in its own row.
#[rstest]
#[actix_web::test]
async fn threat_13_sealed_tokens_cannot_be_moved(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use diesel::prelude::*;

    let service = Service::on(backend).await;
    let base = service.base("mira", "Stock Room").await;
    let token = service.api_token("mira", &base, "app", "r").await;
    service.api_token("mira", &base, "other", "r").await;
    let db = service.db();
    db.write(|conn| {
        let moved = "UPDATE api_tokens SET sealed = (SELECT sealed FROM api_tokens WHERE app_name = 'other')";
        Ok::<_, store::StoreError>(store::on_backend!(conn, |c| diesel::sql_query(moved).execute(c))?)
    })
    .await
    .unwrap();
    let answer = service.get("mira", &of(&base, "api-tokens/")).await;
    answer.expect_msg(500, "Internal Server Error");
    service.exchange(&token).await.expect(200);
}
