//! Another master key for a database of bases, on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails a test")]

use std::time::Duration;

use auth_claims::clock::Clock;
use base_token::store::MIGRATIONS;
use base_token::tokens::rekeying::{self, Resealed};
use base_token::tokens::secrets::KeptApiToken;
use base_token::tokens::{Signing, TokenError, TokenSettings, Tokens};
use chrono::DateTime;
use diesel::prelude::*;
use diesel::sql_types::Binary;
use master_key::MasterKey;
use rstest::rstest;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    token_mac: Vec<u8>,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

struct Place {
    database: TestDatabase,
    clock: Clock,
}

impl Place {
    fn on(backend: Backend) -> Self {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        Self { database: TestDatabase::on(backend), clock }
    }

    fn db(&self) -> Db {
        Db::open(&DatabaseSettings::at(self.database.url())).unwrap()
    }

    async fn open(&self, signing: Signing, master: &MasterKey) -> Result<Tokens, TokenError> {
        let settings = TokenSettings { signing, ..TokenSettings::default() };
        Tokens::open(&self.db(), &settings, master, &self.clock).await
    }

    async fn rekey(&self, old: &MasterKey, new: &MasterKey) -> Result<Option<Resealed>, TokenError> {
        for _ in 0..500 {
            if let Ok(db) = Db::open_alone(&DatabaseSettings::at(self.database.url())) {
                return rekeying::rekey(&db, old, new, &self.clock).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("still in use")
    }
}

/// Keeps a token in a base of its own.
async fn keep(db: &Db, kept: KeptApiToken) {
    let keep = move |conn: &mut DbConn| {
        let instant = "'2027-01-15 08:00:00'";
        for statement in [
            format!(
                "INSERT INTO workspaces (owner_kind, owner, created_at) VALUES ('account', 'a', {instant})"
            ),
            format!(
                "INSERT INTO bases (uuid, workspace_id, name, created_by, modified_by, created_at, updated_at) \
                 VALUES ('01900000-0000-7000-8000-000000000001', 1, 'b', 'a', 'a', {instant}, {instant})"
            ),
        ] {
            diesel::sql_query(statement).execute(conn)?;
        }
        let [mac, sealed] = match conn {
            DbConn::Pg(_) => ["$1", "$2"],
            DbConn::Sqlite(_) => ["?", "?"],
        };
        diesel::sql_query(format!(
            "INSERT INTO api_tokens (base_id, app_name, token_mac, sealed, permission, generated_by, generated_at, \
             last_access) VALUES (1, 'app', {mac}, {sealed}, 'rw', 'a', {instant}, {instant})"
        ))
        .bind::<Binary, _>(&kept.mac)
        .bind::<Binary, _>(&kept.sealed)
        .execute(conn)?;
        Ok::<_, StoreError>(())
    };
    db.write(keep).await.unwrap();
}

/// Twice in a row: API-Tokens are found and shown, and both kinds of keys sign what is verified with what was published.
#[rstest]
#[actix_web::test]
async fn everything_goes_on_under_another_master_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let place = Place::on(backend);
    let keys: Vec<_> = (0..3).map(|_| MasterKey::generate().unwrap()).collect();
    place.db().migrate(&MIGRATIONS).await.unwrap();
    let published = place.open(Signing::Es256, &keys[0]).await.unwrap().published();
    let tokens = place.open(Signing::Shared, &keys[0]).await.unwrap();
    let (token, kept) = tokens.secrets().make_api_token().unwrap();
    keep(&place.db(), kept.clone()).await;
    drop(tokens);
    for change in keys.windows(2) {
        let [old, new] = change else { unreachable!("windows of two") };
        let done = place.rekey(old, new).await.unwrap();
        assert_eq!(done, Some(Resealed { api_tokens: 1, keys: 3 }));
        assert_eq!(place.rekey(old, new).await.unwrap(), None, "again, nothing");
        assert!(matches!(place.open(Signing::Shared, old).await, Err(TokenError::MasterKey(_))));
        let tokens = place.open(Signing::Shared, new).await.unwrap();
        assert_eq!(tokens.secrets().mac(&token), kept.mac, "it is found");
        let load = |conn: &mut DbConn| {
            Ok::<_, StoreError>(
                diesel::sql_query("SELECT token_mac, sealed FROM api_tokens").get_result::<Row>(conn)?,
            )
        };
        let row = place.db().read(load).await.unwrap();
        assert_ne!(row.sealed, kept.sealed);
        let shown = KeptApiToken { mac: row.token_mac, sealed: row.sealed };
        assert_eq!(tokens.secrets().open_api_token(&shown), Some(token.clone()), "it is shown");
        assert_eq!(place.open(Signing::Es256, new).await.unwrap().published(), published);
    }
    let stranger = MasterKey::generate().unwrap();
    assert!(matches!(place.rekey(&stranger, &keys[0]).await, Err(TokenError::MasterKey(_))));
    place.open(Signing::Shared, &keys[2]).await.unwrap();
}
