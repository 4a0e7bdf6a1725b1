//! A pool of connections of one role, and the queue before it.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use r2d2::{NopErrorHandler, Pool};
use scheduled_thread_pool::ScheduledThreadPool;
use tokio::sync::Semaphore;

use crate::{Backend, DbConn, StoreError, connect::Connector, lane_metrics::LaneMetrics};

/// Opens and closes connections for every pool of the process.
static SCHEDULER: LazyLock<Arc<ScheduledThreadPool>> = LazyLock::new(|| {
    Arc::new(ScheduledThreadPool::builder().num_threads(1).thread_name_pattern("db-pool").build())
});

/// Connections open as they are needed and close when they have been idle for this long.
const IDLE: Duration = Duration::from_mins(5);
/// PostgreSQL connections are replaced at this age, so that a fail-over or a new certificate reaches all of them.
const LIFETIME: Duration = Duration::from_mins(30);

/// Requests queue at the semaphore, first come first served, without holding a thread; who gets past it finds a
/// connection at once or has one made.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pool: Pool<Connector>,
    permits: Arc<Semaphore>,
    patience: Duration,
    metrics: LaneMetrics,
}

impl Lane {
    pub(crate) fn new(
        name: &'static str,
        connector: Connector,
        backend: Backend,
        size: u32,
        patience: Duration,
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
        Self { pool, permits: Arc::new(Semaphore::new(size as usize)), patience, metrics }
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

    /// Runs `work` with a connection on the blocking pool. It finishes even if nobody waits for it any more. With its
    /// result it tells whether it found the connection dead.
    pub(crate) async fn run<R, F>(&self, work: F) -> Result<(R, bool), StoreError>
    where
        R: Send + 'static,
        F: FnOnce(&mut DbConn) -> (R, bool) + Send + 'static,
    {
        let (start, waits) = (Instant::now(), self.metrics.waits());
        let permit = tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| {
                self.metrics.timed_out();
                StoreError::Unavailable("every connection is in use".to_owned())
            })?
            .map_err(|_| StoreError::Unavailable("the pool is closed".to_owned()))?;
        let (lane, span) = (self.clone(), tracing::Span::current());
        let task = tokio::task::spawn_blocking(move || {
            let (_permit, _entered) = (permit, span.entered()); // outlive the connection, in a panic too
            lane.hold(lane.patience.saturating_sub(start.elapsed()), |conn| {
                drop(waits);
                lane.metrics.waited(start.elapsed());
                work(conn)
            })
        });
        task.await.unwrap_or_else(|stopped| {
            Err(if stopped.is_panic() { StoreError::Panicked } else { StoreError::stopping() })
        })
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
        let _permit = self.permits.try_acquire().ok()?;
        let mut slot = self.pool.try_get()?;
        let conn = slot.conn.as_mut().ok()?;
        self.metrics.waited(Duration::ZERO);
        let _held = self.metrics.holds();
        // On the blocking pool a panic ends with the task; here it would take the worker's other requests along.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(conn)));
        slot.dead = outcome.is_err();
        Some(outcome.map_err(|_| StoreError::Panicked))
    }
}
