//! Deleting what nobody needs any more, a little at a time, by one process at a time.
//!
//! A pass goes round the tables that have something to delete, one bounded transaction each, and pauses in between for twice
//! as long as the transaction took: whoever wants to write waits behind one of them at most, and two thirds of the time is
//! everybody else's. Whoever works holds a [`Lease`], which each transaction takes anew; another process that comes meanwhile
//! finds it taken and leaves. A pass that finds nothing to delete only reads.
//!
//! | metric | what |
//! | --- | --- |
//! | `tessera_pruned_rows_total{table}` | rows that went |
//! | `tessera_prune_seconds{database}` | one transaction of it, waiting for its connection included |
//! | `tessera_prune_passes_total{database,outcome}` | `done`; `elsewhere`: another process is at it; `failed` |

mod expired;
mod settings;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

pub use self::expired::Expired;
pub use self::settings::PruneSettings;
use crate::{Db, DbConn, Lease, StoreError};

/// How long a process that has stopped in the middle of a pass keeps the others waiting.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// How a pass ends.
const DONE: &str = "done";
const ELSEWHERE: &str = "elsewhere";
const FAILED: &str = "failed";
/// The pause after a transaction: this many times what it took, within these bounds.
const PAUSE: (u32, Duration, Duration) = (2, Duration::from_millis(5), Duration::from_secs(5));

/// How far a pass has come in a table: an instant, and what tells rows of the same instant apart, if that is needed.
pub type Cursor = (NaiveDateTime, String);

/// What a transaction has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Rows that went.
    pub deleted: usize,
    /// Where to go on; nowhere when the table has nothing left to delete.
    pub next: Option<Cursor>,
}

type Due = dyn Fn(&mut DbConn) -> Result<bool, StoreError> + Send + Sync;
type Work = dyn Fn(&mut DbConn, Option<&Cursor>, u32) -> Result<Step, StoreError> + Send + Sync;

/// What there may be to delete in one table.
#[derive(Clone)]
pub struct Job {
    table: &'static str,
    due: Arc<Due>,
    work: Arc<Work>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("table", &self.table).finish_non_exhaustive()
    }
}

impl Job {
    /// `due` tells without much ado whether there is anything; `work` deletes at most so many rows from where it came to
    /// before. It may be run again when its transaction is.
    #[must_use]
    pub fn new(
        table: &'static str,
        due: impl Fn(&mut DbConn) -> Result<bool, StoreError> + Send + Sync + 'static,
        work: impl Fn(&mut DbConn, Option<&Cursor>, u32) -> Result<Step, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { table, due: Arc::new(due), work: Arc::new(work) }
    }

    /// The rows of a table whose time is over at `until`.
    #[must_use]
    pub fn expired(rows: Expired, until: DateTime<Utc>) -> Self {
        Self::new(
            rows.table,
            move |conn| rows.exist(conn, until),
            move |conn, from, limit| rows.delete(conn, until, from, limit),
        )
    }

    /// The table that rows go from.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }
}

/// What a pass has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Rows that went.
    pub deleted: usize,
    /// Whether it came to its end; if not, another process is at it.
    pub done: bool,
}

/// Shows what is counted of this database and these tables before there is anything to count.
pub fn register(database: &'static str, tables: impl IntoIterator<Item = &'static str>) {
    for table in tables {
        metrics::counter!("tessera_pruned_rows_total", "table" => table).increment(0);
    }
    for outcome in [DONE, ELSEWHERE, FAILED] {
        metrics::counter!("tessera_prune_passes_total", "database" => database, "outcome" => outcome)
            .increment(0);
    }
    // Creating it is what shows it.
    let _ = metrics::histogram!("tessera_prune_seconds", "database" => database);
}

/// Who prunes a database.
#[derive(Debug, Clone)]
pub struct Pruner {
    db: Db,
    /// The database, in metrics.
    database: &'static str,
    lease: Lease,
}

impl Pruner {
    /// One for the database of this name, under this lease.
    #[must_use]
    pub const fn new(db: Db, database: &'static str, lease: Lease) -> Self {
        Self { db, database, lease }
    }

    /// Does everything there is to do, or leaves it to whoever is at it. At most `batch` rows go in one transaction.
    ///
    /// # Errors
    /// The database's; what went before stays away.
    pub async fn run(&self, jobs: Vec<Job>, batch: u32, now: DateTime<Utc>) -> Result<Pass, StoreError> {
        let outcome = self.go(jobs, batch.max(1), now).await;
        let label = match &outcome {
            Ok(Pass { done: true, .. }) => DONE,
            Ok(_) => ELSEWHERE,
            Err(_) => FAILED,
        };
        metrics::counter!("tessera_prune_passes_total", "database" => self.database, "outcome" => label)
            .increment(1);
        outcome
    }

    async fn go(&self, jobs: Vec<Job>, batch: u32, now: DateTime<Utc>) -> Result<Pass, StoreError> {
        let due = self.db.read(move |conn| due(conn, &jobs)).await?;
        if due.is_empty() {
            return Ok(Pass { deleted: 0, done: true });
        }
        let turn = Turn { lease: self.lease, holder: Lease::holder(), now, since: Instant::now() };
        let outcome = self.round(due, batch, &turn).await;
        if !matches!(outcome, Ok(Pass { done: false, .. })) {
            // Should it fail, the lease ends by itself.
            let released = self.db.write(move |conn| turn.lease.release(conn, &turn.holder)).await;
            if let Err(error) = released {
                tracing::debug!(%error, "the lease of a pass ends by itself");
            }
        }
        outcome
    }

    /// Round and round, so that no table has to wait until another one is done.
    async fn round(&self, due: Vec<Job>, batch: u32, turn: &Turn) -> Result<Pass, StoreError> {
        let mut queue: VecDeque<(Job, Option<Cursor>)> = due.into_iter().map(|job| (job, None)).collect();
        let mut pass = Pass { deleted: 0, done: true };
        while let Some((job, from)) = queue.pop_front() {
            let begun = Instant::now();
            let (turn, work) = (turn.clone(), Arc::clone(&job.work));
            let step = self
                .db
                .write(move |conn| {
                    if !turn.take(conn)? {
                        return Ok(None);
                    }
                    work(conn, from.as_ref(), batch).map(Some)
                })
                .await?;
            let Some(Step { deleted, next }) = step else {
                return Ok(Pass { done: false, ..pass });
            };
            let took = begun.elapsed();
            metrics::histogram!("tessera_prune_seconds", "database" => self.database)
                .record(took.as_secs_f64());
            metrics::counter!("tessera_pruned_rows_total", "table" => job.table).increment(deleted as u64);
            pass.deleted += deleted;
            if next.is_some() {
                queue.push_back((job, next));
            }
            if !queue.is_empty() {
                tokio::time::sleep((took * PAUSE.0).clamp(PAUSE.1, PAUSE.2)).await;
            }
        }
        Ok(pass)
    }
}

fn due(conn: &mut DbConn, jobs: &[Job]) -> Result<Vec<Job>, StoreError> {
    let mut due = Vec::new();
    for job in jobs {
        if (job.due)(conn)? {
            due.push(job.clone());
        }
    }
    Ok(due)
}

/// The lease of one pass. Even two of the same process exclude each other.
#[derive(Clone)]
struct Turn {
    lease: Lease,
    holder: String,
    now: DateTime<Utc>,
    since: Instant,
}

impl Turn {
    /// The caller's clock may stand still; a pass must not outlive its lease for that.
    fn now(&self) -> DateTime<Utc> {
        TimeDelta::from_std(self.since.elapsed())
            .ok()
            .and_then(|elapsed| self.now.checked_add_signed(elapsed))
            .unwrap_or(self.now)
    }

    fn take(&self, conn: &mut DbConn) -> Result<bool, StoreError> {
        self.lease.take(conn, &self.holder, self.now(), LEASE)
    }
}

/// Calls `pass` again and again, for as long as the future is polled. What fails is tried again the next time, and told as a
/// warning.
pub async fn repeatedly<E, F>(interval: Duration, mut pass: impl FnMut() -> F)
where
    E: fmt::Display,
    F: Future<Output = Result<usize, E>>,
{
    loop {
        match pass().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "deleted {rows} rows whose time was over"),
            Err(error) => tracing::warn!(%error, "rows whose time is over are deleted later: {error}"),
        }
        tokio::time::sleep(interval).await;
    }
}
