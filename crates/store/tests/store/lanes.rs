//! Many who share few connections.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rstest::rstest;
use store::{DatabaseSettings, Db, DbConn, StoreError};
use test_kit::{Backend, TestDatabase};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::migrated;

type Outcome = JoinHandle<Result<(), StoreError>>;

fn of(database: &TestDatabase, connections: u32) -> Db {
    let settings = DatabaseSettings { max_connections: connections, ..DatabaseSettings::at(database.url()) };
    Db::open(&settings).unwrap()
}

/// Work that says when it has begun, goes on when it is told to, and ends like this.
fn held(
    end: fn() -> Result<(), StoreError>,
) -> (
    impl FnMut(&mut DbConn) -> Result<(), StoreError> + Send + 'static,
    oneshot::Receiver<()>,
    mpsc::Sender<()>,
) {
    let (started, has_started) = oneshot::channel();
    let (go, wait) = mpsc::channel();
    let mut started = Some(started);
    let work = move |_: &mut DbConn| {
        started.take().unwrap().send(()).unwrap();
        wait.recv().unwrap();
        end()
    };
    (work, has_started, go)
}

#[rstest]
#[tokio::test]
async fn whoever_waits_is_served_by_one_of_the_few(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let database = TestDatabase::on(backend);
    let db = of(&database, 2);
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let reads: Vec<_> = (0..200)
        .map(|number| {
            let (db, inside, most) = (db.clone(), Arc::clone(&inside), Arc::clone(&most));
            tokio::spawn(async move {
                let read = db.read(move |_| {
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    if number % 10 == 7 { panic!("on purpose") } else { Ok::<_, StoreError>(number) }
                });
                read.await
            })
        })
        .collect();
    for (number, read) in reads.into_iter().enumerate() {
        match read.await.unwrap() {
            Ok(told) => assert_eq!(told, number),
            Err(error) => {
                assert!(matches!(error, StoreError::Panicked) && number % 10 == 7, "{number}: {error}");
            }
        }
    }
    assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    db.ping().await.unwrap();
}

/// Each would wait for the other for ever, if one thread served both.
#[rstest]
#[tokio::test]
async fn each_connection_is_used(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let database = TestDatabase::on(backend);
    let db = of(&database, 3);
    let meeting = Arc::new(Barrier::new(3));
    let meet = || {
        let (db, meeting) = (db.clone(), Arc::clone(&meeting));
        async move {
            let read = db.read(move |_| {
                meeting.wait();
                Ok::<_, StoreError>(())
            });
            read.await
        }
    };
    for _ in 0..20 {
        let (one, two, three) = tokio::join!(meet(), meet(), meet());
        one.and(two).and(three).unwrap();
    }
}

/// As when a client closes its connection.
#[rstest]
#[tokio::test]
async fn who_gives_up_leaves_the_queue(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let database = TestDatabase::on(backend);
    let db = of(&database, 1);
    let (work, has_started, go) = held(|| Ok(()));
    let holding = db.clone();
    let holder = tokio::spawn(async move { holding.read(work).await });
    has_started.await.unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let (counting, waiting) = (Arc::clone(&begun), db.clone());
    let reader = tokio::spawn(async move {
        let read = waiting.read(move |_| {
            counting.fetch_add(1, Ordering::SeqCst);
            Ok::<_, StoreError>(())
        });
        read.await
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    reader.abort();
    assert!(reader.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    db.ping().await.unwrap();
    assert_eq!(begun.load(Ordering::SeqCst), 0);
}

/// A look-up that has the only connection until it is told to end, like this, and a read that waits for that.
async fn read_behind_a_look_up(
    db: &Db,
    end: fn() -> Result<(), StoreError>,
) -> (Outcome, Outcome, mpsc::Sender<()>) {
    let (work, has_started, go) = held(end);
    let looking = db.clone();
    let looker = tokio::spawn(async move { looking.look_up(work).await });
    has_started.await.unwrap();
    let waiting = db.clone();
    let reader = tokio::spawn(async move { waiting.ping().await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!reader.is_finished());
    (looker, reader, go)
}

/// A look-up on SQLite has its connection on its own thread, and leaves it to a read that waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_hands_its_connection_on() {
    let database = TestDatabase::on(Backend::Sqlite);
    let db = of(&database, 1);
    db.ping().await.unwrap();
    let (looker, reader, go) = read_behind_a_look_up(&db, || Ok(())).await;
    go.send(()).unwrap();
    looker.await.unwrap().unwrap();
    reader.await.unwrap().unwrap();
}

/// The look-up's connection is thrown away, and whoever waits for one has another made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_up_that_panics_leaves_its_place() {
    let database = TestDatabase::on(Backend::Sqlite);
    let patient = DatabaseSettings {
        max_connections: 1,
        acquire_timeout: Duration::from_mins(1),
        ..DatabaseSettings::at(database.url())
    };
    let db = Db::open(&patient).unwrap();
    for _ in 0..5 {
        db.ping().await.unwrap();
        let (looker, reader, go) = read_behind_a_look_up(&db, || panic!("on purpose")).await;
        let since = Instant::now();
        go.send(()).unwrap();
        assert!(matches!(looker.await.unwrap(), Err(StoreError::Panicked)));
        reader.await.unwrap().unwrap();
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    }
}

/// Its last connection takes the log along; a copy of the file alone is whole.
#[tokio::test]
async fn a_database_is_closed_when_nobody_has_it_any_more() {
    for _ in 0..20 {
        let (database, db) = migrated(Backend::Sqlite).await;
        db.write(|conn| crate::add(conn, "a", 1)).await.unwrap();
        crate::read_value(&db, "a").await;
        let url = database.url();
        let log = format!("{}-wal", url.trim_start_matches("sqlite:"));
        assert!(std::path::Path::new(&log).is_file(), "{log}");
        drop(db);
        // Whoever has opened a connection for the pool holds that for a moment longer.
        let since = Instant::now();
        while std::path::Path::new(&log).exists() {
            assert!(since.elapsed() < Duration::from_secs(5), "{log}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// As each worker of a server has a runtime of its own, and all of them one database.
#[rstest]
fn a_runtime_that_ends_leaves_the_connections_to_the_others(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let (database, db) = first.block_on(migrated(backend));
    drop(db);
    let db = of(&database, 2);
    for _ in 0..20 {
        let ending = runtime();
        ending.block_on(async {
            for _ in 0..4 {
                let db = db.clone();
                tokio::spawn(async move { db.ping().await });
            }
            tokio::task::yield_now().await;
        });
        ending.shutdown_background();
        first.block_on(db.ping()).unwrap();
    }
}

/// The workers' runtimes have few of them, for files and the like.
#[rstest]
fn no_thread_of_the_runtime_is_needed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    let (go, wait) = mpsc::channel::<()>();
    runtime.block_on(async {
        let (_database, db) = migrated(backend).await;
        let busy = tokio::task::spawn_blocking(move || wait.recv());
        db.write(|conn| crate::add(conn, "a", 1)).await.unwrap();
        assert_eq!(db.look_up(|conn| crate::value(conn, "a")).await.unwrap(), 1);
        assert_eq!(crate::read_value(&db, "a").await, 1);
        go.send(()).unwrap();
        busy.await.unwrap().unwrap();
    });
}
