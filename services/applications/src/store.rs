//! Applications in the database, and what the authorization server has still to be told of them.

pub mod applications;
pub(crate) mod intents;
pub mod lists;
pub(crate) mod lock;
mod schema;

use diesel_migrations::embed_migrations;
use store::Migrations;

/// The tables of this service, for both databases.
pub static MIGRATIONS: Migrations = Migrations {
    name: "applications",
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
    use super::schema::{applications, status_intents};

    /// Every column of the schema exists in both databases under the type that it is read with.
    #[rstest]
    #[actix_web::test]
    async fn every_column_can_be_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let applied = db.migrate(&MIGRATIONS).await.unwrap();
        assert_eq!(applied, ["20261122000001", "20261122000002"]);
        assert_eq!(db.pending(&MIGRATIONS).await.unwrap(), [""; 0]);
        let counts = db.read(|conn| {
            let applications = applications::table.select(applications::all_columns).execute(conn)?;
            let intents = status_intents::table.select(status_intents::all_columns).execute(conn)?;
            Ok::<_, StoreError>((applications, intents))
        });
        assert_eq!(counts.await.unwrap(), (0, 0));
    }
}
