//! A process that is killed between what it tells the authorization server and its commit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use applications::app::App;
use applications::repair::Repair;
use auth_claims::clock::Clock;
use auth_client::applications::{ApplicationRegistry, ApplicationStatus, RegistryError};
use futures_util::future::{BoxFuture, FutureExt as _, pending, ready};
use rstest::rstest;
use test_kit::{Backend, Launch, Process, TestDatabase};

use crate::support::{application, checked, id, put, replica};

const DATABASE: &str = "TESSERA_TEST_KILLED_DATABASE";
const MEMORY: &str = "TESSERA_TEST_KILLED_MEMORY";
const CHANGE: &str = "TESSERA_TEST_KILLED_CHANGE";

/// An authorization server whose memory outlives every process: one file an application.
struct Files {
    memory: PathBuf,
    /// Whether it ever answers.
    answers: bool,
}

impl Files {
    fn path(&self, id: &str) -> PathBuf {
        self.memory.join(id)
    }

    fn knows(&self, id: &str) -> Option<String> {
        fs::read_to_string(self.path(id)).ok()
    }

    fn confirm(&self) -> BoxFuture<'static, Result<(), RegistryError>> {
        if self.answers {
            return ready(Ok(())).boxed();
        }
        println!("told");
        pending().boxed()
    }
}

impl ApplicationRegistry for Files {
    fn revision<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<i64, RegistryError>> {
        ready(Ok(0)).boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a str,
        status: &'a ApplicationStatus,
        _after: i64,
    ) -> BoxFuture<'a, Result<(), RegistryError>> {
        fs::write(self.path(id), format!("{status:?}")).unwrap();
        self.confirm()
    }

    fn delete<'a>(&'a self, id: &'a str, _after: i64) -> BoxFuture<'a, Result<(), RegistryError>> {
        let _ = fs::remove_file(self.path(id));
        self.confirm()
    }
}

async fn service(database: &str, memory: &Path, answers: bool) -> (Arc<App>, Arc<Files>) {
    let files = Arc::new(Files { memory: memory.to_owned(), answers });
    (replica(database, Arc::clone(&files) as _, Clock::system()).await, files)
}

/// The process that is killed. Not a test: the tests start it.
#[actix_web::test]
#[ignore = "runs in a process of its own, which the tests below start and kill"]
#[expect(clippy::disallowed_methods, reason = "this is how the test that starts it talks to it")]
async fn victim() {
    let [database, memory, change] = [DATABASE, MEMORY, CHANGE].map(|name| std::env::var(name).unwrap());
    let (app, _) = service(&database, Path::new(&memory), false).await;
    let outcome = match change.as_str() {
        "create" => app.create(checked(application("a", "o"))).await,
        "delete" => app.delete(id("a"), |_| Ok(())).await,
        _ => app.change(id("a"), put(Some(0), |next| next.disabled = true)).await.map(drop),
    };
    panic!("nobody killed it: {outcome:?}");
}

fn kill_after_telling(database: &TestDatabase, memory: &Path, change: &str) {
    let mut victim: Process = Launch::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::victim", "--ignored", "--nocapture"])
        .env(DATABASE, database.url())
        .env(MEMORY, memory)
        .env(CHANGE, change)
        .start();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !victim.output().contains("told") {
        assert!(Instant::now() < deadline && victim.is_running(), "{}", victim.output());
        std::thread::sleep(Duration::from_millis(2));
    }
    victim.kill_hard();
}

/// After the kill the authorization server believes what the row does not say; the next start puts it right.
#[rstest]
#[case::create("create", None)]
#[case::change("change", Some(false))]
#[case::delete("delete", Some(false))]
#[actix_web::test]
async fn the_next_start_repairs_what_a_kill_has_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] change: &str,
    #[case] disabled: Option<bool>,
) {
    let (database, memory) = (TestDatabase::on(backend), tempfile::tempdir().unwrap());
    let (app, files) = service(&database.url(), memory.path(), true).await;
    if disabled.is_some() {
        app.create(checked(application("a", "o"))).await.unwrap();
    }
    let before = files.knows("a");
    kill_after_telling(&database, memory.path(), change);
    assert_ne!(files.knows("a"), before, "it was told");
    let row = app.find(id("a")).await.unwrap();
    assert_eq!(row.map(|row| row.disabled), disabled, "and has not committed");

    let (app, files) = service(&database.url(), memory.path(), true).await;
    let _repair = Repair::spawn(Arc::clone(&app));
    let deadline = Instant::now() + Duration::from_secs(30);
    while files.knows("a") != before {
        assert!(Instant::now() < deadline, "not repaired");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let row = app.find(id("a")).await.unwrap();
    assert_eq!(row.map(|row| row.disabled), disabled);
}
