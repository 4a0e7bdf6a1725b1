//! Writes that share a commit on SQLite, and look-ups on the thread that asks. Whatever is shared, nobody sees it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

use diesel::{connection::SimpleConnection as _, prelude::*};
use rstest::rstest;
use store::{DatabaseSettings, Db, StoreError};
use test_kit::{Backend, TestDatabase};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{MIGRATIONS, Refusal, add, counters, label, migrated, read_value, value};

/// A write that holds the writer until it is let go: what is asked for meanwhile waits together.
async fn hold(db: &Db) -> (JoinHandle<Result<(), StoreError>>, mpsc::Sender<()>) {
    let (started, has_started) = oneshot::channel();
    let (go, wait) = mpsc::channel();
    let (mut started, wait) = (Some(started), Mutex::new(wait));
    let db = db.clone();
    let holder = tokio::spawn(async move {
        db.write(move |_| {
            started.take().unwrap().send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
            Ok(())
        })
        .await
    });
    has_started.await.unwrap();
    (holder, go)
}

/// Lets tasks that were spawned get to where they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn of_writes_that_share_a_commit_each_has_its_own_outcome() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    db.write(|conn| label(conn, "taken")).await.unwrap();
    let (holder, go) = hold(&db).await;
    let runs = Arc::new(AtomicU32::new(0));
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let (db, runs) = (db.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                db.write(move |conn| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    add(conn, "a", 1)?;
                    let seen = value(conn, "a")?;
                    match number % 4 {
                        1 => Err(Refusal::No),
                        2 => Err(label(conn, "taken").unwrap_err().into()),
                        _ => Ok(seen),
                    }
                })
                .await
            })
        })
        .collect();
    settle().await;
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    let mut seen = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        match (number % 4, task.await.unwrap()) {
            (1, Err(Refusal::No)) => {}
            (2, Err(Refusal::Store(error))) => assert!(error.is_unique_violation(), "{error:?}"),
            (0 | 3, Ok(value)) => seen.push(value),
            (_, other) => panic!("{number}: {other:?}"),
        }
    }
    // As if they had come one after the other, and none of them twice.
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    assert_eq!((read_value(&db, "a").await, runs.load(Ordering::Relaxed)), (100, 200));
}

#[tokio::test]
async fn a_panic_takes_nobody_along() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let (holder, go) = hold(&db).await;
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |conn| {
                    add(conn, "a", 1)?;
                    assert!(number != 7, "on purpose");
                    Ok::<_, StoreError>(())
                })
                .await
            })
        })
        .collect();
    settle().await;
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    for (number, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        assert_eq!(matches!(outcome, Err(StoreError::Panicked)), number == 7, "{number}: {outcome:?}");
        assert_eq!(outcome.is_ok(), number != 7, "{number}: {outcome:?}");
    }
    assert_eq!(read_value(&db, "a").await, 19);
}

/// What the database refuses only when it commits is the fault of one of them, and the others are stored.
#[tokio::test]
async fn a_commit_that_is_refused_is_repeated_without_the_culprit() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let (holder, go) = hold(&db).await;
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |conn| {
                    add(conn, "b", 1)?;
                    if number == 3 {
                        conn.batch_execute(
                            "PRAGMA defer_foreign_keys = ON;
                             INSERT INTO labels (counter, label) VALUES ('nobody', 'orphan')",
                        )?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await
            })
        })
        .collect();
    settle().await;
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().is_err(), number == 3, "{number}");
    }
    assert_eq!(read_value(&db, "b").await, 5);
}

/// A statement may end the whole transaction, as a full disk does; then nothing of it counts.
#[tokio::test]
async fn a_write_that_ends_the_transaction_of_others_does_not_lose_them() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let (holder, go) = hold(&db).await;
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(move |conn| {
                    add(conn, "b", 1)?;
                    if number == 3 {
                        conn.batch_execute("ROLLBACK")?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await
            })
        })
        .collect();
    settle().await;
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().is_err(), number == 3, "{number}");
    }
    assert_eq!(read_value(&db, "b").await, 5);
}

#[tokio::test]
async fn a_write_whose_turn_does_not_come_leaves_the_queue() {
    let database = TestDatabase::on(Backend::Sqlite);
    let impatient =
        DatabaseSettings { acquire_timeout: Duration::from_secs(2), ..DatabaseSettings::at(database.url()) };
    let db = Db::open(&impatient).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let (holder, go) = hold(&db).await;
    let refused = db.write(|conn| add(conn, "a", 1)).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    db.write(|conn| add(conn, "a", 10)).await.unwrap();
    assert_eq!(read_value(&db, "a").await, 10);
}

/// As each worker of a server has a runtime of its own, and all of them one database.
#[test]
fn a_runtime_that_ends_leaves_the_queue_to_the_others() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (_database, db) = first.block_on(migrated(Backend::Sqlite));
    for _ in 0..50 {
        let ending = runtime();
        let write = db.clone();
        ending.block_on(async move {
            tokio::spawn(async move { write.write(|conn| add(conn, "b", 1)).await });
            tokio::task::yield_now().await;
        });
        ending.shutdown_background();
        first.block_on(db.write(|conn| add(conn, "a", 1))).unwrap();
    }
    assert_eq!(first.block_on(read_value(&db, "a")), 50);
}

#[rstest]
#[tokio::test]
async fn a_look_up_reads_what_is_committed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = migrated(backend).await;
    for expected in 1..=50 {
        db.write(|conn| add(conn, "a", 1)).await.unwrap();
        assert_eq!(db.look_up(|conn| value(conn, "a")).await.unwrap(), expected);
    }
    let refused: Result<(), Refusal> = db.look_up(|_| Err(Refusal::No)).await;
    assert!(matches!(refused, Err(Refusal::No)));
    for _ in 0..6 {
        let panicked: Result<(), StoreError> = db.look_up(|_| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(StoreError::Panicked)), "{panicked:?}");
    }
    assert_eq!(db.look_up(|conn| value(conn, "a")).await.unwrap(), 50);
}

#[tokio::test]
async fn a_look_up_on_sqlite_stays_on_its_thread_and_waits_for_no_writer() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    read_value(&db, "a").await;
    let (holder, go) = hold(&db).await;
    let here = std::thread::current().id();
    let there = db.look_up(move |conn| {
        let count: i64 = counters::table.count().get_result(conn)?;
        Ok::<_, StoreError>((count, std::thread::current().id()))
    });
    let (count, there) = there.await.unwrap();
    assert_eq!((count > 0, there), (true, here));
    let refused = db.look_up(|conn| add(conn, "a", 1)).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
}

#[rstest]
#[tokio::test]
async fn a_look_up_waits_for_a_connection_as_long_as_a_read(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::on(backend);
    let single = DatabaseSettings {
        max_connections: 1,
        acquire_timeout: Duration::from_secs(2),
        ..DatabaseSettings::at(database.url())
    };
    let db = Db::open(&single).unwrap();
    let (go, wait) = mpsc::channel::<()>();
    let (started, has_started) = oneshot::channel();
    let (mut started, wait) = (Some(started), Mutex::new(wait));
    let reader = db.clone();
    let holder = tokio::spawn(async move {
        reader
            .read(move |_| {
                started.take().unwrap().send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
                Ok::<_, StoreError>(())
            })
            .await
    });
    has_started.await.unwrap();
    let refused = db.look_up(|_| Ok::<_, StoreError>(())).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused:?}");
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    db.look_up(|_| Ok::<_, StoreError>(())).await.unwrap();
}
