//! Databases that are away, come back, or have no connection left.

use std::{
    sync::{Arc, Barrier, mpsc},
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection as _, dsl::sql, prelude::*, sql_types::Integer};
use rstest::rstest;
use store::{DatabaseSettings, Db, StoreError};
use test_kit::{Backend, PostgresServer, TestDatabase, free_port};

use crate::{MIGRATIONS, add, migrated, read_value};

/// Uses as many connections at the same time, so that all of them are in the pool afterwards.
async fn fill(db: &Db, connections: usize) {
    let meeting = Arc::new(Barrier::new(connections));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (db, meeting, mut met) = (db.clone(), Arc::clone(&meeting), false);
            tokio::spawn(async move {
                db.read(move |conn| {
                    if !std::mem::replace(&mut met, true) {
                        meeting.wait();
                    }
                    conn.batch_execute("SELECT 1").map_err(StoreError::from)
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[rstest]
#[case::crashed(PostgresServer::crash)]
#[case::shut_down(PostgresServer::shut_down)]
#[tokio::test]
async fn a_server_that_restarts_is_not_noticed_by_the_next_request(#[case] stop: fn(&mut PostgresServer)) {
    let mut server = PostgresServer::start();
    let db =
        Db::open(&DatabaseSettings { max_connections: 4, ..DatabaseSettings::at(server.url()) }).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    for _ in 0..2 {
        fill(&db, 4).await;
        stop(&mut server);
        server.resume();
        db.write(|conn| add(conn, "a", 1)).await.unwrap();
        fill(&db, 4).await;
        stop(&mut server);
        server.resume();
        read_value(&db, "a").await;
    }
    assert_eq!(read_value(&db, "a").await, 2);
}

#[tokio::test]
async fn while_a_server_is_down_requests_fail_at_once_and_the_first_after_it_succeeds() {
    let mut server = PostgresServer::start();
    let patient =
        DatabaseSettings { acquire_timeout: Duration::from_hours(1), ..DatabaseSettings::at(server.url()) };
    let db = Db::open(&patient).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    read_value(&db, "a").await;
    server.crash();
    for _ in 0..20 {
        // Nothing here waits for the hour that the settings allow.
        let (read, write) = tokio::join!(db.ping(), db.write(|conn| add(conn, "a", 1)));
        for error in [read.unwrap_err(), write.unwrap_err()] {
            assert!(error.is_unavailable(), "{error:?}");
            assert!(error.to_string().contains("Connection refused"), "{error}");
        }
    }
    server.resume();
    db.write(|conn| add(conn, "a", 1)).await.unwrap();
    assert_eq!(read_value(&db, "a").await, 1);
}

#[tokio::test]
async fn a_connection_lost_inside_a_transaction_is_unavailability_and_not_tried_again() {
    let (_database, db) = migrated(Backend::Postgres).await;
    let outcome = db
        .write(|conn| {
            add(conn, "a", 1)?;
            let suicide = sql::<diesel::sql_types::Bool>("pg_terminate_backend(pg_backend_pid())");
            Ok::<_, StoreError>(diesel::select(suicide).get_result::<bool>(conn)?)
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(read_value(&db, "a").await, 0);
}

#[tokio::test]
async fn a_connection_to_a_server_that_has_become_read_only_is_given_up() {
    let database = TestDatabase::postgres();
    let db =
        Db::open(&DatabaseSettings { max_connections: 1, ..DatabaseSettings::at(database.url()) }).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let session = |conn: &mut store::DbConn| {
        Ok::<_, StoreError>(diesel::select(sql::<Integer>("pg_backend_pid()")).get_result::<i32>(conn)?)
    };
    let before = db.read(session).await.unwrap();
    let refused = db
        .write(|conn| {
            conn.batch_execute("SET TRANSACTION READ ONLY")?; // what a standby says to everybody
            add(conn, "a", 1)
        })
        .await
        .unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    assert_ne!(db.read(session).await.unwrap(), before);
}

#[rstest]
#[tokio::test]
async fn a_request_without_a_connection_gives_up(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::on(backend);
    let db = Db::open(&DatabaseSettings {
        max_connections: 1,
        acquire_timeout: Duration::from_secs(2),
        ..DatabaseSettings::at(database.url())
    })
    .unwrap();
    db.ping().await.unwrap(); // a connection is there
    let (go, wait) = mpsc::channel::<()>();
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let wait = std::sync::Mutex::new(wait);
    let holder = tokio::spawn({
        let db = db.clone();
        async move {
            db.read(move |_| {
                started.send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
        }
    });
    has_started.recv().await.unwrap();
    let refused = db.ping().await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    db.ping().await.unwrap();
}

#[tokio::test]
async fn an_error_never_shows_the_password() {
    let url = format!("postgres://ada:hunter2@127.0.0.1:{}/x?password=hunter2", free_port());
    let settings = DatabaseSettings::at(url);
    let db = Db::open(&settings).unwrap();
    let error = db.ping().await.unwrap_err();
    assert!(error.is_unavailable());
    let migration = db.migrate(&MIGRATIONS).await.unwrap_err();
    let texts =
        [format!("{error} {error:?}"), format!("{migration} {migration:?}"), format!("{settings:?} {db:?}")];
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_stopped() {
    let database = TestDatabase::postgres();
    let settings = DatabaseSettings {
        statement_timeout: Duration::from_secs(1),
        ..DatabaseSettings::at(database.url())
    };
    let db = Db::open(&settings).unwrap();
    let begin = Instant::now();
    let stopped = db
        .read(|conn| {
            let slow = sql::<Integer>("(SELECT 1 FROM pg_sleep(600))");
            Ok::<_, StoreError>(diesel::select(slow).get_result::<i32>(conn)?)
        })
        .await
        .unwrap_err();
    assert!(stopped.is_unavailable(), "{stopped:?}");
    assert!(begin.elapsed() < Duration::from_mins(5));
    db.ping().await.unwrap();
}
