//! A pool of connections of one role, and the queue before it.

use std::{
    any::Any,
    fs::File,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use r2d2::{NopErrorHandler, Pool};
use scheduled_thread_pool::ScheduledThreadPool;
use tokio::{runtime::Handle, sync::oneshot, time};

use crate::{
    Backend, DbConn, StoreError,
    connect::Connector,
    crew::{Crew, NoThread},
    lane_metrics::LaneMetrics,
};

/// Opens and closes connections for every pool of the process.
static SCHEDULER: LazyLock<Arc<ScheduledThreadPool>> = LazyLock::new(|| {
    Arc::new(ScheduledThreadPool::builder().num_threads(1).thread_name_pattern("db-pool").build())
});

/// Connections open as they are needed and close when they have been idle for this long.
const IDLE: Duration = Duration::from_mins(5);
/// PostgreSQL connections are replaced at this age, so that a fail-over or a new certificate reaches all of them.
const LIFETIME: Duration = Duration::from_mins(30);

/// Requests queue first come first served, without holding a thread; as many are at work at once as there are connections, so
/// that whoever is served finds one or has it made.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pool: Pool<Connector>,
    crew: Arc<Crew<Job>>,
    patience: Duration,
    metrics: LaneMetrics,
    /// Of SQLite: says to others that the directory of the file is in use, as long as there is a connection.
    _presence: Option<Arc<File>>,
}

impl Lane {
    pub(crate) fn new(
        name: &'static str,
        connector: Connector,
        backend: Backend,
        size: u32,
        patience: Duration,
        presence: Option<Arc<File>>,
    ) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .idle_timeout(Some(IDLE))
            .max_lifetime((backend == Backend::Postgres).then_some(LIFETIME))
            .test_on_check_out(true)
            .error_handler(Box::new(NopErrorHandler))
            .thread_pool(Arc::clone(&SCHEDULER))
            .build_unchecked(connector);
        let metrics = LaneMetrics::new(name, backend, size);
        let serve = |jobs: Vec<Job>| jobs.into_iter().for_each(|Job(work)| work());
        let crew = Arc::new(Crew::new(name, size as usize, 1, serve));
        Self { pool, crew, patience, metrics, _presence: presence }
    }

    /// The same pool, whose metrics say which database it is.
    pub(crate) fn named(self, database: &'static str) -> Self {
        Self { metrics: self.metrics.named(database), ..self }
    }

    pub(crate) fn size(&self) -> u32 {
        self.pool.max_size()
    }

    /// How long somebody waits for a connection at most.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn metrics(&self) -> &LaneMetrics {
        &self.metrics
    }

    /// Runs `work` with a connection on a thread of the queue. Once begun it finishes even if nobody waits for it any more. With its
    /// result it tells whether it found the connection dead.
    pub(crate) async fn run<R, F>(&self, work: F) -> Result<(R, bool), StoreError>
    where
        R: Send + 'static,
        F: FnOnce(&mut DbConn) -> (R, bool) + Send + 'static,
    {
        let work = move |conn: &mut DbConn| {
            let (value, dead) = work(conn);
            (Box::new(value) as Value, dead)
        };
        let (value, dead) = self.run_any(Box::new(work)).await?;
        // It is what `work` gave.
        value.downcast().map(|value| (*value, dead)).map_err(|_| StoreError::Panicked)
    }

    /// Compiled once, where [`Lane::run`] is for every query.
    async fn run_any(&self, work: Work) -> Result<(Value, bool), StoreError> {
        let (answer, mut answered) = oneshot::channel();
        let (lane, start, waits) = (self.clone(), Instant::now(), self.metrics.waits());
        let (runtime, span) = (Handle::current(), tracing::Span::current());
        let job = Job(Box::new(move || {
            let (_runtime, _span) = (runtime.enter(), span.enter());
            let held = panic::catch_unwind(AssertUnwindSafe(|| {
                lane.hold(lane.patience.saturating_sub(start.elapsed()), |conn| {
                    drop(waits);
                    lane.metrics.waited(start.elapsed());
                    work(conn)
                })
            }));
            // Whoever hears the answer may be done with the database, and close it. They may have gone, too.
            drop(lane);
            let _ = answer.send(held.unwrap_or(Err(StoreError::Panicked)));
        }));
        let number = self.crew.join(job).map_err(|NoThread| no_thread())?;
        let waiting = Waiting { crew: &self.crew, number };
        let answer = match time::timeout(self.patience, &mut answered).await {
            Ok(answer) => answer,
            Err(_) if waiting.gives_up() => {
                self.metrics.timed_out();
                return Err(StoreError::Unavailable("every connection is in use".to_owned()));
            }
            Err(_) => answered.await,
        };
        answer.unwrap_or_else(|_| Err(StoreError::stopping()))
    }

    /// Runs `work` with a connection on this thread, which waits for one that has to be opened.
    pub(crate) fn hold<R>(
        &self,
        patience: Duration,
        work: impl FnOnce(&mut DbConn) -> (R, bool),
    ) -> Result<(R, bool), StoreError> {
        let mut slot = self.pool.get_timeout(patience).map_err(|error| {
            self.metrics.timed_out();
            StoreError::Unavailable(error.to_string())
        })?;
        let _held = self.metrics.holds();
        let (value, dead) = match &mut slot.conn {
            Ok(conn) => work(conn),
            Err(reason) => return Err(reason.take().unwrap_or(StoreError::Panicked)),
        };
        slot.dead = dead;
        Ok((value, dead))
    }

    /// Runs `work` on this thread if a connection lies idle; waits for nothing.
    pub(crate) fn hold_idle<R>(&self, work: impl FnOnce(&mut DbConn) -> R) -> Option<Result<R, StoreError>> {
        let _place = self.crew.take_place()?;
        let mut slot = self.pool.try_get()?;
        let conn = slot.conn.as_mut().ok()?;
        self.metrics.waited(Duration::ZERO);
        let _held = self.metrics.holds();
        // It would take the worker's other requests along.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(conn)));
        slot.dead = outcome.is_err();
        Some(outcome.map_err(|_| StoreError::Panicked))
    }
}

/// What some work gives.
type Value = Box<dyn Any + Send>;

/// Some work, which tells with its result whether it found the connection dead.
type Work = Box<dyn FnOnce(&mut DbConn) -> (Value, bool) + Send>;

/// Some work, with all it needs.
struct Job(Box<dyn FnOnce() + Send>);

/// Somebody in the queue. Dropped with a request that its client has given up, it leaves.
struct Waiting<'a> {
    crew: &'a Crew<Job>,
    number: u64,
}

impl Waiting<'_> {
    /// Whether nobody had begun with its work.
    fn gives_up(&self) -> bool {
        self.crew.withdraw(self.number)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.gives_up();
    }
}

/// What is said where the machine has no thread left.
pub(crate) fn no_thread() -> StoreError {
    StoreError::Unavailable("no thread is left for the database".to_owned())
}
