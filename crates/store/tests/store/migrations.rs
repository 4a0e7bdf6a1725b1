//! Migrations, and several replicas at once.

use diesel::prelude::*;
use diesel_migrations::embed_migrations;
use rstest::rstest;
use store::{DatabaseSettings, Db, Migrations, StoreError};
use test_kit::{Backend, TestDatabase};

use crate::{MIGRATIONS, read_value};

/// The same versions under another name.
static NEIGHBOUR: Migrations = Migrations {
    name: "neighbour",
    sqlite: embed_migrations!("tests/neighbour/sqlite"),
    postgres: embed_migrations!("tests/neighbour/postgres"),
};

/// A first version that works and a second that does not.
static FAULTY: Migrations = Migrations {
    name: "faulty",
    sqlite: embed_migrations!("tests/faulty/sqlite"),
    postgres: embed_migrations!("tests/faulty/postgres"),
};

#[rstest]
#[tokio::test]
async fn replicas_that_start_together_migrate_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::on(backend);
    let replicas: Vec<_> = (0..8)
        .map(|_| {
            let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
            tokio::spawn(async move { db.migrate(&MIGRATIONS).await.unwrap() })
        })
        .collect();
    let mut applied = Vec::new();
    for replica in replicas {
        applied.extend(replica.await.unwrap());
    }
    assert_eq!(applied, ["0001", "0002", "0003"]);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    assert_eq!(read_value(&db, "a").await, 0);
}

#[rstest]
#[tokio::test]
async fn pending_tells_and_changes_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    for _ in 0..2 {
        assert_eq!(db.pending(&MIGRATIONS).await.unwrap(), ["0001", "0002", "0003"]);
    }
    db.migrate(&MIGRATIONS).await.unwrap();
    assert!(db.pending(&MIGRATIONS).await.unwrap().is_empty());
    assert!(db.migrate(&MIGRATIONS).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn components_share_a_database_without_mistaking_each_others_versions(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let (one, other) = tokio::join!(db.migrate(&MIGRATIONS), db.migrate(&NEIGHBOUR));
    assert_eq!((one.unwrap().len(), other.unwrap()), (3, vec!["0001".to_owned()]));
}

#[rstest]
#[tokio::test]
async fn a_failing_migration_is_named_and_leaves_nothing_half_done(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    let failure = db.migrate(&FAULTY).await.unwrap_err();
    assert!(
        matches!(&failure, StoreError::Migration { component: "faulty", version, .. } if version == "0002"),
        "{failure}"
    );
    let half =
        db.read(|conn| Ok::<_, StoreError>(diesel::sql_query("SELECT * FROM half").execute(conn)?)).await;
    assert!(half.is_err(), "the failed migration's first statement has stayed");
    let left = db.pending(&FAULTY).await.unwrap();
    assert_eq!(left, if backend == Backend::Sqlite { vec!["0001", "0002"] } else { vec!["0002"] });
    // The lock is free again.
    db.migrate(&MIGRATIONS).await.unwrap();
}

#[tokio::test]
async fn a_sqlite_table_with_references_to_it_can_be_rebuilt_but_not_orphaned() {
    static ORPHANS: Migrations = Migrations {
        name: "orphans",
        sqlite: embed_migrations!("tests/orphans/sqlite"),
        postgres: embed_migrations!("tests/orphans/sqlite"),
    };
    let database = TestDatabase::sqlite();
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    db.write(|conn| crate::label(conn, "kept")).await.unwrap();
    // 0001 rebuilds `counters`; 0002 forgets a row of it.
    let failure = db.migrate(&ORPHANS).await.unwrap_err();
    assert!(failure.to_string().contains("1 rows would refer to rows that do not exist"), "{failure}");
    assert_eq!(read_value(&db, "a").await, 0);
}
