//! Copies of a database that is in use.

use std::{
    os::unix::fs::{FileExt as _, PermissionsExt as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use rstest::rstest;
use store::{DatabaseSettings, Db, StoreError, check_copy};
use test_kit::{Backend, TestDatabase};

use crate::{MIGRATIONS, add, migrated, read_value, value};

/// Each copy is one moment of the database: whole transactions, and all that had been acknowledged when it began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_one_moment_of_a_database_at_work() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let home = tempfile::tempdir().unwrap();
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let writers: Vec<_> = (0..3)
        .map(|_| tokio::spawn(keep_moving(db.clone(), Arc::clone(&stop), Arc::clone(&acknowledged))))
        .collect();
    for round in 0..8 {
        let goal = acknowledged.load(Ordering::Acquire) + 5;
        while acknowledged.load(Ordering::Acquire) < goal {
            tokio::task::yield_now().await;
        }
        let (path, before) = (home.path().join(round.to_string()), acknowledged.load(Ordering::Acquire));
        db.copy_to(path.clone()).await.unwrap();
        assert_eq!(check_copy(&path, &MIGRATIONS).unwrap(), ["0001", "0002", "0003"]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (a, b) = values(&path).await;
        assert_eq!(a + b, 0, "half a transaction is in the copy");
        assert!(a >= before, "{before} were acknowledged, {a} are in the copy");
    }
    stop.store(true, Ordering::Release);
    for writer in writers {
        writer.await.unwrap();
    }
}

/// Moves one from `b` to `a`, again and again.
async fn keep_moving(db: Db, stop: Arc<AtomicBool>, acknowledged: Arc<AtomicI64>) {
    while !stop.load(Ordering::Acquire) {
        db.write(|conn| {
            add(conn, "a", 1)?;
            add(conn, "b", -1)
        })
        .await
        .unwrap();
        acknowledged.fetch_add(1, Ordering::AcqRel);
    }
}

/// What is in a copy, looked at in yet another one: opening it as a database changes it.
async fn values(copy: &Path) -> (i64, i64) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("opened.db");
    std::fs::copy(copy, &path).unwrap();
    let db = Db::open(&DatabaseSettings::at(format!("sqlite:{}", path.display()))).unwrap();
    db.read(|conn| Ok::<_, StoreError>((value(conn, "a")?, value(conn, "b")?))).await.unwrap()
}

#[tokio::test]
async fn a_copy_replaces_nothing_and_leaves_nothing_beside_it() {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("copy.db");
    std::fs::write(&path, "precious").unwrap();
    let refused = db.copy_to(path.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Settings(_)), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    std::fs::remove_file(&path).unwrap();
    db.copy_to(path.clone()).await.unwrap();
    check_copy(&path, &MIGRATIONS).unwrap();
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "SQLite has left files of its own");
    assert!(db.copy_to(home.path().join("no/such/folder.db")).await.is_err());
}

/// A page that a disk or somebody has spoilt, a file cut short, another component's, no database at all.
#[rstest]
#[case::spoilt(|path: &Path| {
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 1..pages {
        file.write_all_at(&[0xA5; 4096], page * 4096).unwrap();
    }
})]
#[case::cut(|path: &Path| std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(5000).unwrap())]
#[case::empty(|path: &Path| std::fs::write(path, "").unwrap())]
#[case::prose(|path: &Path| std::fs::write(path, "x".repeat(8192)).unwrap())]
#[case::gone(|path: &Path| std::fs::remove_file(path).unwrap())]
#[tokio::test]
async fn what_is_no_whole_copy_is_told(#[case] spoil: fn(&Path)) {
    let (_database, db) = migrated(Backend::Sqlite).await;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("copy.db");
    db.copy_to(path.clone()).await.unwrap();
    spoil(&path);
    let told = check_copy(&path, &MIGRATIONS).unwrap_err();
    println!("{told}");
}

#[tokio::test]
async fn postgres_is_not_copied() {
    let (_database, db) = migrated(Backend::Postgres).await;
    let home = tempfile::tempdir().unwrap();
    let refused = db.copy_to(home.path().join("copy")).await.unwrap_err();
    assert!(refused.to_string().contains("pg_dump"), "{refused}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

/// As long as a database is open, nobody may put another one in its place; and none opens while somebody does.
#[tokio::test]
async fn an_open_database_keeps_others_from_replacing_it() {
    let database = TestDatabase::sqlite();
    let url = database.url();
    let folder = Path::new(url.strip_prefix("sqlite:").unwrap()).parent().unwrap();
    let db = Db::open(&DatabaseSettings::at(database.url())).unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    assert!(store::claim_data_dir(folder).is_err());
    assert_eq!(read_value(&db, "a").await, 0);
    drop(db);
    let claim = store::claim_data_dir(folder).unwrap();
    let refused = Db::open(&DatabaseSettings::at(database.url())).unwrap_err();
    assert!(refused.to_string().contains("a restore is at work"), "{refused}");
    drop(claim);
    Db::open(&DatabaseSettings::at(database.url())).unwrap();
}
