//! Bases, workspaces, tokens, links and shares in the database.
//!
//! | module | rows |
//! | --- | --- |
//! | [`workspaces`], [`bases`] | what they are called and whose they are |
//! | [`facts`] | what decisions are made of |
//! | [`api_tokens`], [`external_links`], [`shares`] | what opens a base |
//! | [`listings`], [`trash`] | what is in workspaces, and what is in no workspace any more |
//! | [`shares`], [`listings`] | with whom bases are shared, and what somebody finds |
//! | [`trash`] | deleted bases |
//! | [`leavers`] | what deleted accounts leave |

pub mod api_tokens;
pub mod bases;
pub mod external_links;
pub mod facts;
pub mod leavers;
pub mod listings;
pub(crate) mod overdue;
mod schema;
pub(crate) mod secrets;
pub mod shares;
pub(crate) mod signing_keys;
pub mod trash;
pub mod workspaces;

use diesel_migrations::embed_migrations;
use store::Migrations;

/// The tables of this service, for both databases.
pub static MIGRATIONS: Migrations = Migrations {
    name: "base-token",
    sqlite: embed_migrations!("migrations/sqlite"),
    postgres: embed_migrations!("migrations/postgres"),
};

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use rstest::rstest;
    use store::{DatabaseSettings, Db, StoreError};
    use test_kit::{Backend, TestDatabase};

    use super::MIGRATIONS;
    use super::schema::{
        api_tokens, base_token_keys, base_token_secrets, bases, external_links, group_shares, user_shares,
        workspaces,
    };

    macro_rules! count {
        ($conn:expr, $($table:ident),+) => {
            [$($table::table.select($table::all_columns).execute($conn)?),+]
        };
    }

    /// Every column of the schema exists in both databases under the type that it is read with.
    #[rstest]
    #[actix_web::test]
    async fn every_column_can_be_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let applied = db.migrate(&MIGRATIONS).await.unwrap();
        assert_eq!(applied.first().map(String::as_str), Some("20261122000001"));
        assert_eq!(db.pending(&MIGRATIONS).await.unwrap(), [""; 0]);
        let counts = db.read(|conn| {
            Ok::<_, StoreError>(count!(
                conn,
                workspaces,
                bases,
                api_tokens,
                user_shares,
                group_shares,
                external_links,
                base_token_secrets,
                base_token_keys
            ))
        });
        assert_eq!(counts.await.unwrap(), [0; 8]);
    }
}
