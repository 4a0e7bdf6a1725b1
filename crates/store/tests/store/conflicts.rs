//! Transactions that cannot both succeed as they ran.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicU32, Ordering},
};

use diesel::connection::SimpleConnection as _;
use store::{Db, DbConn, StoreError};
use test_kit::Backend;

use crate::{Refusal, add, migrated, read_value, value};

/// One of two opposite transactions: its names, in its order, and the place where it waits for the other.
type Work = fn(&mut DbConn, [&str; 2], &dyn Fn()) -> Result<(), StoreError>;

/// Runs two transactions that wait for each other at their first attempt; returns how often they ran in all.
async fn collide(db: &Db, work: Work) -> u32 {
    let (meeting, attempts) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let tasks = [["a", "b"], ["b", "a"]].map(|names| {
        let (db, meeting, attempts) = (db.clone(), Arc::clone(&meeting), Arc::clone(&attempts));
        let mut first = true;
        tokio::spawn(async move {
            db.write(move |conn| {
                attempts.fetch_add(1, Ordering::Relaxed);
                let meets = std::mem::replace(&mut first, false);
                work(conn, names, &|| {
                    if meets {
                        meeting.wait();
                    }
                })
            })
            .await
        })
    });
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    attempts.load(Ordering::Relaxed)
}

#[tokio::test]
async fn the_loser_of_a_serialization_failure_runs_again() {
    let (_database, db) = migrated(Backend::Postgres).await;
    // Each copies the other's value and adds one: in either order the two end as 1 and 2, but together as 1 and 1.
    let attempts = collide(&db, |conn, [mine, others], meet| {
        conn.batch_execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")?;
        let (seen, own) = (value(conn, others)?, value(conn, mine)?);
        meet();
        add(conn, mine, seen + 1 - own)
    })
    .await;
    assert!(attempts > 2, "both succeeded at once, so there was no conflict");
    let mut values = [read_value(&db, "a").await, read_value(&db, "b").await];
    values.sort_unstable();
    assert_eq!(values, [1, 2]);
}

#[tokio::test]
async fn the_victim_of_a_deadlock_runs_again() {
    let (_database, db) = migrated(Backend::Postgres).await;
    let attempts = collide(&db, |conn, [first, second], meet| {
        conn.batch_execute("SET LOCAL deadlock_timeout = '10ms'")?;
        add(conn, first, 1)?;
        meet();
        add(conn, second, 1)
    })
    .await;
    assert!(attempts > 2, "both succeeded at once, so there was no conflict");
    assert_eq!((read_value(&db, "a").await, read_value(&db, "b").await), (2, 2));
}

#[tokio::test]
async fn an_endless_conflict_ends_in_an_error() {
    let (_database, db) = migrated(Backend::Postgres).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let outcome: Result<(), Refusal> = db
        .write(move |conn| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(conn.batch_execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")?)
        })
        .await;
    let Err(Refusal::Store(error)) = outcome else { panic!("a conflict") };
    assert!(error.is_retryable() && error.is_unavailable());
    assert_eq!(attempts.load(Ordering::Relaxed), 10);
}
