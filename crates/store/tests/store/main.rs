//! The store on real databases: a SQLite file, and the PostgreSQL of the tests or one of a test's own.
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod backup;
mod conflicts;
mod lanes;
mod migrations;
mod outages;
mod pruning;
mod sharing;
mod tls;
mod transactions;
mod upgrading;

use diesel::prelude::*;
use diesel_migrations::embed_migrations;
use store::{DatabaseSettings, Db, DbConn, Migrations, StoreCause, StoreError};
use test_kit::{Backend, TestDatabase};

static MIGRATIONS: Migrations = Migrations {
    name: "counters",
    sqlite: embed_migrations!("tests/migrations/sqlite"),
    postgres: embed_migrations!("tests/migrations/postgres"),
};

diesel::table! {
    /// Numbers by name.
    counters (name) {
        /// Key.
        name -> Text,
        /// Number.
        value -> BigInt,
    }
}

diesel::table! {
    /// What counters are called.
    labels (label) {
        /// Refers to a counter.
        counter -> Text,
        /// Unique.
        label -> Text,
    }
}

/// A domain's own error, as the crates above have them.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no")]
    No,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl StoreCause for Refusal {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::No => None,
        }
    }
}

/// A migrated database; it lives as long as the first half.
async fn migrated(backend: Backend) -> (TestDatabase, Db) {
    let database = TestDatabase::on(backend);
    let db =
        Db::open(&DatabaseSettings { max_connections: 4, ..DatabaseSettings::at(database.url()) }).unwrap();
    assert_eq!(db.migrate(&MIGRATIONS).await.unwrap(), ["0001", "0002", "0003"]);
    (database, db)
}

fn add(conn: &mut DbConn, name: &str, value: i64) -> Result<(), StoreError> {
    diesel::update(counters::table.find(name))
        .set(counters::value.eq(counters::value + value))
        .execute(conn)?;
    Ok(())
}

fn value(conn: &mut DbConn, name: &str) -> Result<i64, StoreError> {
    Ok(counters::table.find(name).select(counters::value).get_result(conn)?)
}

fn label(conn: &mut DbConn, label: &str) -> Result<(), StoreError> {
    diesel::insert_into(labels::table)
        .values((labels::counter.eq("a"), labels::label.eq(label)))
        .execute(conn)
        .map(drop)
        .map_err(StoreError::from)
}

async fn read_value(db: &Db, name: &'static str) -> i64 {
    db.read(move |conn| value(conn, name)).await.unwrap()
}
