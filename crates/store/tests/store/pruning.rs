//! What is over goes, a little at a time, by one at a time.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamp};
use rstest::rstest;
use store::pruning::{Expired, Job, Pass, Pruner};
use store::{Db, DbConn, Lease, StoreError, on_backend};
use test_kit::{Backend, TestDatabase};

use crate::migrated;

const LEASE: Lease = Lease { table: "leases", name: "pruning" };
const TABLES: &str = "
    CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at TIMESTAMP NOT NULL);
    CREATE TABLE papers (id INTEGER PRIMARY KEY, over_at TIMESTAMP);
    CREATE INDEX papers_over_at ON papers (over_at);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, over_at TIMESTAMP);
    CREATE INDEX notes_over_at ON notes (over_at);";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// `over` papers whose time was over at different instants, the last of them now, and as many that stay: with a later
/// instant, and with none.
async fn filled(backend: Backend, over: i64) -> (TestDatabase, Db) {
    let (database, db) = migrated(backend).await;
    db.write(move |conn| {
        conn.batch_execute(TABLES)?;
        for table in ["papers", "notes"] {
            for number in 0..over {
                let at = now() - TimeDelta::seconds(over - 1 - number);
                insert(conn, table, number, Some(at))?;
            }
        }
        insert(conn, "papers", -1, Some(now() + TimeDelta::microseconds(1)))?;
        insert(conn, "papers", -2, None)
    })
    .await
    .unwrap();
    (database, db)
}

fn insert(conn: &mut DbConn, table: &str, id: i64, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    let row = format!("INSERT INTO {table} VALUES ({id}, $1)");
    let at = at.map(|at| at.naive_utc());
    on_backend!(conn, |c| diesel::sql_query(row).bind::<Nullable<Timestamp>, _>(at).execute(c))?;
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(db: &Db, table: &'static str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {table}");
    db.read(move |conn| Ok::<_, StoreError>(diesel::sql_query(&query).get_result::<Count>(conn)?.count))
        .await
        .unwrap()
}

/// What ran: who, on what, and how many rows went.
type Log = Arc<Mutex<Vec<(usize, &'static str, usize)>>>;

fn job(table: &'static str, who: usize, log: &Log) -> Job {
    let (rows, log) = (Expired::new(table, "over_at"), Arc::clone(log));
    Job::new(
        table,
        move |conn| rows.exist(conn, now()),
        move |conn, from, limit| {
            let step = rows.delete(conn, now(), from, limit)?;
            log.lock().unwrap().push((who, table, step.deleted));
            Ok(step)
        },
    )
}

fn pruner(db: &Db) -> Pruner {
    Pruner::new(db.clone(), "test", LEASE)
}

#[rstest]
#[tokio::test]
async fn what_is_over_goes_in_bounded_batches_and_nothing_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (_database, db) = filled(backend, 230).await;
    let log = Log::default();
    let jobs = vec![job("papers", 0, &log), job("notes", 0, &log)];
    let pass = pruner(&db).run(jobs.clone(), 50, now()).await.unwrap();
    assert_eq!(pass, Pass { deleted: 460, done: true });
    assert_eq!((count(&db, "papers").await, count(&db, "notes").await), (2, 0));
    let turns = std::mem::take(&mut *log.lock().unwrap());
    // In turn, so that none of them keeps another one waiting until it is empty.
    let expected = [50, 50, 50, 50, 30].map(|rows| [(0, "papers", rows), (0, "notes", rows)]);
    assert_eq!(turns, expected.concat());

    assert_eq!(pruner(&db).run(jobs, 50, now()).await.unwrap(), Pass { deleted: 0, done: true });
    assert!(log.lock().unwrap().is_empty(), "nothing to do is found out by reading");
}

/// More rows of one instant than a batch takes.
#[rstest]
#[tokio::test]
async fn rows_of_one_instant_all_go(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = filled(backend, 0).await;
    db.write(|conn| (0..95).try_for_each(|id| insert(conn, "notes", id, Some(now())))).await.unwrap();
    let jobs = vec![Job::expired(Expired::new("notes", "over_at"), now())];
    assert_eq!(pruner(&db).run(jobs, 10, now()).await.unwrap().deleted, 95);
    assert_eq!(count(&db, "notes").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_condition_keeps_rows(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = filled(backend, 40).await;
    let rows = Expired { also: Some("id < 10 OR id >= 30"), ..Expired::new("notes", "over_at") };
    let pass = pruner(&db).run(vec![Job::expired(rows, now())], 7, now()).await.unwrap();
    assert_eq!((pass.deleted, count(&db, "notes").await), (20, 20));
    assert!(!db.read(move |conn| rows.exist(conn, now())).await.unwrap());
}

/// Of several that come at the same time one works, and until it has finished no other does.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_exclude_each_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (database, db) = filled(backend, 120).await;
    let log = Log::default();
    let passes: Vec<_> = (0..4)
        .map(|who| {
            let db = Db::open(&store::DatabaseSettings::at(database.url())).unwrap();
            let jobs = vec![job("papers", who, &log), job("notes", who, &log)];
            tokio::spawn(async move { pruner(&db).run(jobs, 10, now()).await.unwrap() })
        })
        .collect();
    let mut deleted = 0;
    for pass in passes {
        deleted += pass.await.unwrap().deleted;
    }
    assert_eq!((deleted, count(&db, "papers").await, count(&db, "notes").await), (240, 2, 0));
    let mut turns: Vec<usize> = log.lock().unwrap().iter().map(|(who, ..)| *who).collect();
    turns.dedup();
    let distinct: std::collections::BTreeSet<_> = turns.iter().collect();
    assert_eq!(turns.len(), distinct.len(), "nobody came between: {turns:?}");
}

/// A holder that is gone keeps the others waiting until its lease ends, and one that has finished does not.
#[rstest]
#[tokio::test]
async fn a_lease_ends(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = filled(backend, 10).await;
    let (ttl, jobs) =
        (TimeDelta::seconds(60), || vec![Job::expired(Expired::new("notes", "over_at"), now())]);
    let take = async |holder: &'static str, at| {
        db.write(move |conn| LEASE.take(conn, holder, at, ttl)).await.unwrap()
    };
    assert!(take("gone", now()).await);
    assert!(take("gone", now() + TimeDelta::seconds(10)).await, "its holder moves the end on");
    let refused = Pass { deleted: 0, done: false };
    assert_eq!(pruner(&db).run(jobs(), 5, now() + TimeDelta::seconds(69)).await.unwrap(), refused);
    assert!(!take("third", now() + TimeDelta::seconds(69)).await);
    let late = now() + TimeDelta::seconds(70);
    assert_eq!(pruner(&db).run(jobs(), 5, late).await.unwrap(), Pass { deleted: 10, done: true });
    assert!(take("third", now() + TimeDelta::seconds(75)).await, "given back at the end");
    // Whoever has lost it has nothing to give back.
    db.write(move |conn| LEASE.release(conn, "gone")).await.unwrap();
    assert!(!take("fourth", now() + TimeDelta::seconds(75)).await);
    db.write(move |conn| LEASE.release(conn, "third")).await.unwrap();
    assert!(take("fourth", now() + TimeDelta::seconds(75)).await);
    // Nor does anybody wait for one whose clock is far ahead.
    assert!(take("ahead", now() + TimeDelta::days(1)).await);
    assert!(take("fifth", now() + TimeDelta::seconds(80)).await);
}

/// What fails is told, keeps what went before, and nobody from trying again.
#[rstest]
#[tokio::test]
async fn a_failure_gives_the_lease_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (_database, db) = filled(backend, 10).await;
    let broken = Job::new(
        "papers",
        |_| Ok(true),
        |conn, from, limit| match from {
            Some(_) => Err(StoreError::corrupt("papers", "no more")),
            None => Expired::new("papers", "over_at").delete(conn, now(), from, limit),
        },
    );
    pruner(&db).run(vec![broken], 3, now()).await.unwrap_err();
    assert_eq!(count(&db, "papers").await, 9);
    let jobs = vec![Job::expired(Expired::new("papers", "over_at"), now())];
    assert_eq!(pruner(&db).run(jobs, 3, now()).await.unwrap(), Pass { deleted: 7, done: true });
}

/// Somebody at work on a row is not waited for: it goes the next time.
#[tokio::test]
async fn a_row_in_use_is_left_for_the_next_time() {
    let (database, db) = filled(Backend::Postgres, 30).await;
    let mut other = PgConnection::establish(&database.url()).unwrap();
    other.batch_execute("BEGIN; SELECT * FROM notes WHERE id IN (3, 17) FOR UPDATE").unwrap();
    let jobs = || vec![Job::expired(Expired::new("notes", "over_at"), now())];
    assert_eq!(pruner(&db).run(jobs(), 10, now()).await.unwrap().deleted, 28);
    other.batch_execute("UPDATE notes SET over_at = '2100-01-01' WHERE id = 3; COMMIT").unwrap();
    assert_eq!(pruner(&db).run(jobs(), 10, now()).await.unwrap().deleted, 1);
    assert_eq!(count(&db, "notes").await, 1, "its time is not over any more");
}
