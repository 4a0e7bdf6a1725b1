//! Migrations while replicas are at work, and after one was cut off.

use std::time::{Duration, Instant};

use diesel::{connection::SimpleConnection as _, dsl::sql, prelude::*, sql_types::Bool};
use diesel_migrations::embed_migrations;
use rstest::rstest;
use store::{DatabaseSettings, Db, DbConn, Migrations, StoreError};
use test_kit::Backend;

use crate::{MIGRATIONS, migrated, read_value};

/// Changes a table that replicas are using.
static ALTERING: Migrations = Migrations {
    name: "altering",
    sqlite: embed_migrations!("tests/altering/sqlite"),
    postgres: embed_migrations!("tests/altering/postgres"),
};

async fn run(db: &Db, statements: &'static str) {
    db.write(move |conn| Ok::<_, StoreError>(conn.batch_execute(statements)?)).await.unwrap();
}

async fn holds(db: &Db, condition: &'static str) -> bool {
    db.read(move |conn: &mut DbConn| {
        Ok::<_, StoreError>(diesel::select(sql::<Bool>(condition)).get_result(conn)?)
    })
    .await
    .unwrap()
}

/// Somebody reads the table in a long transaction. The migration must wait for it, and nobody must wait for the migration
/// longer than it takes to give way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_waits_for_a_table_lets_others_use_it() {
    const WAITS: &str = "EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE counters%')";
    let (database, db) = migrated(Backend::Postgres).await;
    let patient =
        DatabaseSettings { busy_timeout: Duration::from_secs(4), ..DatabaseSettings::at(database.url()) };
    let others = Db::open(&patient).unwrap();
    let (entered, inside) = std::sync::mpsc::channel();
    let (leave, told_to_leave) = std::sync::mpsc::channel::<()>();
    let long = tokio::spawn({
        let db = Db::open(&patient).unwrap();
        let mut told_to_leave = Some(told_to_leave);
        async move {
            db.write(move |conn| {
                crate::value(conn, "a")?;
                entered.send(()).ok();
                if let Some(told) = told_to_leave.take() {
                    told.recv().ok();
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        }
    });
    tokio::task::spawn_blocking(move || inside.recv().unwrap()).await.unwrap();
    let migrating = tokio::spawn(async move { db.migrate(&ALTERING).await });
    let deadline = Instant::now() + Duration::from_mins(1);
    // Longer than the migration waits at a time, or it would be luck that it let others pass.
    for _ in 0..3 {
        while !holds(&others, WAITS).await {
            assert!(Instant::now() < deadline, "the migration does not wait");
        }
        assert_eq!(read_value(&others, "a").await, 0);
    }
    assert!(!migrating.is_finished());
    leave.send(()).unwrap();
    long.await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap(), ["0001"]);
}

/// Two ways to be cut off: before the index is complete, and before it is recorded.
#[rstest]
#[case::half_built("UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'labels_by_counter'::regclass")]
#[case::not_recorded("SELECT 1")]
#[tokio::test]
async fn an_index_that_was_cut_off_is_built_again(#[case] state: &'static str) {
    let (_database, db) = migrated(Backend::Postgres).await;
    run(&db, state).await;
    run(&db, "DELETE FROM tessera_migrations WHERE version = '0003'").await;
    assert_eq!(db.migrate(&MIGRATIONS).await.unwrap(), ["0003"]);
    let valid = "(SELECT indisvalid FROM pg_index WHERE indexrelid = 'labels_by_counter'::regclass)";
    assert!(holds(&db, valid).await);
}

/// What a version before meets when it starts after an upgrade.
#[rstest]
#[tokio::test]
async fn a_newer_schema_is_taken_as_it_is(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = migrated(backend).await;
    run(&db, "INSERT INTO tessera_migrations (component, version) VALUES ('counters', '0004')").await;
    assert_eq!(db.migrate(&MIGRATIONS).await.unwrap(), [""; 0]);
    assert_eq!(db.pending(&MIGRATIONS).await.unwrap(), [""; 0]);
    assert_eq!(read_value(&db, "a").await, 0);
}
