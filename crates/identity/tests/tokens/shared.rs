//! Refreshes that wait for SQLite's one writer share a transaction, and nothing else.

use std::fs;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use futures_util::future::join_all;
use identity::Identity;
use identity::audit::Origin;
use identity::clients::ClientId;
use identity::refresh::{PlainRefreshToken, RefreshError, Rotation};
use rstest::rstest;
use store::{Db, StoreError};
use test_kit::Backend;
use tokio::task::JoinHandle;

use crate::fixture::Fixture;

/// The write lock of the database, held by somebody else until it is dropped.
struct Held {
    release: mpsc::Sender<()>,
    holder: JoinHandle<Result<(), StoreError>>,
}

impl Held {
    async fn of(db: Db) -> Self {
        let (release, released) = mpsc::channel::<()>();
        let (taken, is_taken) = tokio::sync::oneshot::channel();
        let (mut taken, released) = (Some(taken), Mutex::new(released));
        let holder = tokio::spawn(async move {
            db.write(move |_| {
                taken.take().unwrap().send(()).unwrap();
                released.lock().unwrap().recv().unwrap();
                Ok(())
            })
            .await
        });
        is_taken.await.unwrap();
        Self { release, holder }
    }

    async fn release(self) {
        self.release.send(()).unwrap();
        self.holder.await.unwrap().unwrap();
    }
}

type Answer = JoinHandle<Result<Rotation, RefreshError>>;

fn rotate(directory: &Identity, client: &ClientId, token: &PlainRefreshToken) -> Answer {
    let (directory, client, token) = (directory.clone(), client.clone(), token.clone());
    tokio::spawn(async move { directory.rotate(&client, token.expose(), &Origin::default()).await })
}

async fn families(fixture: &Fixture, count: usize) -> Vec<PlainRefreshToken> {
    let mut tokens = vec![];
    for _ in 0..count {
        tokens.push(fixture.start().await.0);
    }
    tokens
}

/// contracts/oauth2.md §3: concurrent refreshes share a commit. Each commit appends at least one page to the log.
#[tokio::test]
async fn refreshes_that_wait_together_share_a_commit() {
    let fixture = Fixture::on(Backend::Sqlite).await;
    let tokens = families(&fixture, 100).await;
    let elsewhere = fixture.db();
    elsewhere
        .read(|conn| conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").map_err(StoreError::from))
        .await
        .unwrap();
    let held = Held::of(elsewhere).await;
    let answers: Vec<Answer> =
        tokens.iter().map(|token| rotate(&fixture.identity, &fixture.client, token)).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    held.release().await;
    for answer in join_all(answers).await {
        assert_eq!(answer.unwrap().unwrap().family.generation, 1);
    }
    let log = fs::metadata(format!("{}-wal", fixture.file())).unwrap().len();
    let pages = log / (4096 + 24);
    assert!((1..50).contains(&pages), "{pages} pages");
}

/// One refresh that fails must not take those along that were decided with it.
#[tokio::test]
async fn a_row_that_cannot_be_read_fails_alone() {
    let fixture = Fixture::on(Backend::Sqlite).await;
    let tokens = families(&fixture, 6).await;
    let broken = fixture.identity.find_family(tokens[3].expose()).await.unwrap().unwrap().family.id;
    let spoil = format!("UPDATE refresh_families SET amr = 'nonsense' WHERE id = '{broken}'");
    let elsewhere = fixture.db();
    elsewhere.write(move |conn| conn.batch_execute(&spoil).map_err(StoreError::from)).await.unwrap();
    let held = Held::of(elsewhere).await;
    let answers: Vec<Answer> =
        tokens.iter().map(|token| rotate(&fixture.identity, &fixture.client, token)).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    held.release().await;
    let worked: Vec<bool> =
        join_all(answers).await.into_iter().map(|answer| answer.unwrap().is_ok()).collect();
    assert_eq!(worked, [true, true, true, false, true, true]);
}

/// The one on the way to the database for the others may be lost with its worker's runtime: while it waits for the
/// connection (held by this directory) or for the lock (held by another process).
#[rstest]
#[tokio::test]
async fn a_worker_that_stops_leaves_nobody_waiting(#[values(true, false)] connection: bool) {
    let fixture = Fixture::on(Backend::Sqlite).await;
    let tokens = families(&fixture, 9).await;
    let held = Held::of(if connection { fixture.identity.db().clone() } else { fixture.db() }).await;
    let worker = tokio::runtime::Runtime::new().unwrap();
    let lost = {
        let _inside = worker.enter();
        rotate(&fixture.identity, &fixture.client, &tokens[0])
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answers: Vec<Answer> =
        tokens[1..].iter().map(|token| rotate(&fixture.identity, &fixture.client, token)).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    worker.shutdown_background();
    held.release().await;
    assert!(lost.await.is_err());
    for answer in join_all(answers).await {
        assert_eq!(answer.unwrap().unwrap().family.generation, 1);
    }
}
