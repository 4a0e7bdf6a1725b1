//! Commit, rollback, and what a closure can do wrong.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use diesel::{connection::SimpleConnection as _, dsl::sql, prelude::*, sql_types::Text};
use rstest::rstest;
use store::{DatabaseSettings, Db, StoreError, on_backend, savepoint};
use test_kit::{Backend, TestDatabase};

use crate::{Refusal, add, counters, label, migrated, read_value, value};

#[rstest]
#[tokio::test]
async fn success_commits_and_an_error_rolls_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_database, db) = migrated(backend).await;
    let seen = db
        .write(|conn| {
            add(conn, "a", 1)?;
            value(conn, "a")
        })
        .await;
    assert_eq!(seen.unwrap(), 1);
    let refused: Result<(), Refusal> = db
        .write(|conn| {
            add(conn, "a", 10)?;
            Err(Refusal::No)
        })
        .await;
    assert!(matches!(refused, Err(Refusal::No)));
    assert_eq!(read_value(&db, "a").await, 1);
}

#[rstest]
#[tokio::test]
async fn a_panic_rolls_back_and_the_pool_goes_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_database, db) = migrated(backend).await;
    for _ in 0..6 {
        // more often than there are connections
        let panicked = db
            .write(|conn| {
                add(conn, "a", 1)?;
                if value(conn, "a")? == 1 { panic!("on purpose") } else { Ok::<_, StoreError>(()) }
            })
            .await;
        assert!(matches!(panicked, Err(StoreError::Panicked)), "{panicked:?}");
        let panicked: Result<(), StoreError> = db.read(|_| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(StoreError::Panicked)), "{panicked:?}");
    }
    db.write(|conn| add(conn, "a", 5)).await.unwrap();
    assert_eq!(read_value(&db, "a").await, 5);
}

#[rstest]
#[tokio::test]
async fn a_failed_statement_that_the_closure_swallows_is_no_silent_success(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_database, db) = migrated(backend).await;
    db.write(|conn| label(conn, "taken")).await.unwrap();
    let outcome = db
        .write(|conn| {
            add(conn, "a", 1)?;
            assert!(label(conn, "taken").unwrap_err().is_unique_violation());
            Ok::<_, StoreError>(())
        })
        .await;
    // PostgreSQL has given up the transaction and the caller must hear of it; SQLite goes on.
    assert_eq!(read_value(&db, "a").await, i64::from(outcome.is_ok()));
    assert_eq!(outcome.is_ok(), backend == Backend::Sqlite, "{outcome:?}");
    db.write(|conn| add(conn, "b", 1)).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn a_savepoint_undoes_only_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = migrated(backend).await;
    db.write(|conn| label(conn, "taken")).await.unwrap();
    db.write(|conn| {
        add(conn, "a", 1)?;
        let refused = savepoint(conn, |conn| {
            add(conn, "b", 1)?;
            label(conn, "taken")
        });
        assert!(refused.unwrap_err().is_unique_violation());
        add(conn, "a", 1)
    })
    .await
    .unwrap();
    assert_eq!((read_value(&db, "a").await, read_value(&db, "b").await), (2, 0));
}

#[rstest]
#[tokio::test]
async fn an_expression_can_be_typed_for_its_backend(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_database, db) = migrated(backend).await;
    db.write(|conn| {
        let row = (counters::name.eq("a"), counters::value.eq(7));
        on_backend!(conn, |c| diesel::insert_into(counters::table)
            .values(row)
            .on_conflict(counters::name)
            .do_update()
            .set(counters::value.eq(7))
            .execute(c))
        .map_err(StoreError::from)
    })
    .await
    .unwrap();
    assert_eq!(read_value(&db, "a").await, 7);
}

#[rstest]
#[tokio::test]
async fn writers_queue_up_across_pools(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (database, db) = migrated(backend).await;
    let other = Db::open(&DatabaseSettings::at(database.url())).unwrap(); // another process, as it were
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let db = if number % 2 == 0 { db.clone() } else { other.clone() };
            tokio::spawn(async move {
                // Reading first is what a deferred transaction does not survive on SQLite.
                db.write(|conn| value(conn, "a").and_then(|_| add(conn, "a", 1))).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(read_value(&other, "a").await, 60);
}

#[tokio::test]
async fn sqlite_refuses_a_write_outside_a_transaction() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let refused = db.read(|conn| add(conn, "a", 1)).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[tokio::test]
async fn sqlite_connections_are_durable_checked_and_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let (database, db) = migrated(Backend::Sqlite).await;
    let pragmas = "(SELECT journal_mode FROM pragma_journal_mode) || ' ' || (SELECT synchronous FROM pragma_synchronous)
        || ' ' || (SELECT foreign_keys FROM pragma_foreign_keys) || ' ' || (SELECT timeout FROM pragma_busy_timeout)";
    let ask = move |conn: &mut store::DbConn| {
        diesel::select(sql::<Text>(pragmas)).get_result::<String>(conn).map_err(StoreError::from)
    };
    assert_eq!(db.write(ask).await.unwrap(), "wal 2 1 5000");
    assert_eq!(db.read(ask).await.unwrap(), "wal 2 1 5000");
    let path = database.url()["sqlite:".len()..].to_owned();
    for suffix in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{path}{suffix}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn postgres_sessions_speak_utc_and_have_limits() {
    let (_database, db) = migrated(Backend::Postgres).await;
    let settings = "current_setting('TimeZone') || ' ' || current_setting('statement_timeout') || ' '
        || current_setting('lock_timeout') || ' ' || current_setting('application_name')";
    let shown = db
        .read(move |conn| {
            diesel::select(sql::<Text>(settings)).get_result::<String>(conn).map_err(StoreError::from)
        })
        .await;
    assert_eq!(shown.unwrap(), "UTC 15s 5s tessera");
}

#[rstest]
#[tokio::test]
async fn a_transaction_finishes_when_nobody_waits_for_it_any_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_database, db) = migrated(backend).await;
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (mut started, wait) = (Some(started), std::sync::Mutex::new(wait));
    let request = tokio::spawn({
        let db = db.clone();
        async move {
            db.write(move |conn| {
                started.take().unwrap().send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
                add(conn, "a", 1)
            })
            .await
        }
    });
    has_started.await.unwrap();
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    while read_value(&db, "a").await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_lock_held_for_too_long_is_unavailability() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (database, db) = migrated(backend).await;
        let impatient = DatabaseSettings {
            busy_timeout: std::time::Duration::from_millis(20),
            ..DatabaseSettings::at(database.url())
        };
        let impatient = Db::open(&impatient).unwrap();
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let outcome = db
            .write(move |conn| {
                add(conn, "a", 1)?;
                let counted = Arc::clone(&counted);
                let blocked = tokio::runtime::Handle::current().block_on(impatient.write(move |conn| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    conn.batch_execute("UPDATE counters SET value = 9 WHERE name = 'a'")
                        .map_err(StoreError::from)
                }));
                Ok::<_, StoreError>(blocked)
            })
            .await;
        let blocked = outcome.unwrap().unwrap_err();
        assert!(blocked.is_unavailable() && !blocked.is_retryable(), "{blocked:?}");
        assert!(tries.load(Ordering::Relaxed) <= 1, "a busy lock is not worth hammering at");
        assert_eq!(read_value(&db, "a").await, 1);
    }
}

#[tokio::test]
async fn a_database_nobody_can_make_is_a_fault_of_the_settings() {
    let database = TestDatabase::sqlite();
    let url = database.url().replace("test.db", "missing/test.db");
    let fault = Db::open(&DatabaseSettings::at(url)).unwrap_err();
    assert!(matches!(&fault, StoreError::Settings(sentence) if sentence.contains("No such file")), "{fault}");
    let none = DatabaseSettings { max_connections: 0, ..DatabaseSettings::at(database.url()) };
    assert!(matches!(Db::open(&none), Err(StoreError::Settings(_))));
}
