//! Rooms and accesses in the database. `contracts/meet.md` §3.5, §3.6.

pub mod accesses;
pub mod leavers;
pub mod new_room;
pub mod rooms;
mod schema;
pub mod takeover;

use diesel_migrations::embed_migrations;
use store::Migrations;

/// The tables of this service, for both databases.
pub static MIGRATIONS: Migrations = Migrations {
    name: "rooms",
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
    use super::schema::{accesses, rooms};

    /// Every column of the schema exists in both databases under the type that it is read with.
    #[rstest]
    #[actix_web::test]
    async fn every_column_can_be_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
        let database = TestDatabase::on(backend);
        let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
        let applied = db.migrate(&MIGRATIONS).await.unwrap();
        assert_eq!(applied, ["20261121000001"]);
        assert_eq!(db.pending(&MIGRATIONS).await.unwrap(), [""; 0]);
        let counts = db.read(|conn| {
            let rooms = rooms::table.select(rooms::all_columns).execute(conn)?;
            let accesses = accesses::table.select(accesses::all_columns).execute(conn)?;
            Ok::<_, StoreError>((rooms, accesses))
        });
        assert_eq!(counts.await.unwrap(), (0, 0));
    }
}
