//! One write among others that share a commit.

use std::{
    panic::{self, AssertUnwindSafe},
    time::Instant,
};

use tokio::{runtime::Handle, sync::oneshot};
use tracing::Span;

use crate::{
    DbConn, StoreCause, StoreError,
    lane_metrics::{LaneMetrics, Raised},
    transaction::{self, Failure},
};

/// A [`Write`], whatever it gives.
pub(super) trait Member: Send {
    /// It waits no longer.
    fn begin(&mut self);

    /// Runs it under a savepoint.
    ///
    /// # Errors
    /// When the transaction around it is of no more use, and with it what all others have done.
    fn join(&mut self, conn: &mut DbConn) -> Result<(), StoreError>;

    /// Runs it in a transaction of its own. Whether it has to run once more, since the connection was dead before it began;
    /// and whether the connection is dead.
    fn alone(&mut self, conn: &mut DbConn) -> (bool, bool);

    /// It cannot run.
    fn refuse(&mut self, error: StoreError);

    /// Tells whoever has asked. They may have gone.
    fn answer(self: Box<Self>);
}

/// Work, and whom to tell what came of it.
pub(super) struct Write<T, E, F> {
    work: F,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
    metrics: LaneMetrics,
    since: Instant,
    waits: Option<Raised>,
    span: Span,
    runtime: Handle,
}

impl<T, E, F> Write<T, E, F>
where
    E: From<StoreError> + StoreCause,
    F: FnMut(&mut DbConn) -> Result<T, E>,
{
    pub(super) fn new(work: F, answer: oneshot::Sender<Result<T, E>>, metrics: &LaneMetrics) -> Self {
        Self {
            work,
            outcome: None,
            answer,
            since: Instant::now(),
            waits: Some(metrics.waits()),
            metrics: metrics.clone(),
            span: Span::current(),
            runtime: Handle::current(),
        }
    }

    /// Runs `around` in the surroundings of whoever has asked; `Err` for a panic.
    fn surrounded<R>(&mut self, around: impl FnOnce(&mut F) -> R) -> Result<R, StoreError> {
        let (_runtime, _span) = (self.runtime.enter(), self.span.enter());
        panic::catch_unwind(AssertUnwindSafe(|| around(&mut self.work))).map_err(|_| StoreError::Panicked)
    }
}

impl<T, E, F> Member for Write<T, E, F>
where
    T: Send,
    E: From<StoreError> + StoreCause + Send,
    F: FnMut(&mut DbConn) -> Result<T, E> + Send,
{
    fn begin(&mut self) {
        self.waits = None;
        self.metrics.waited(self.since.elapsed());
    }

    fn join(&mut self, conn: &mut DbConn) -> Result<(), StoreError> {
        let outcome = self.surrounded(|work| transaction::step(conn, work))??;
        self.outcome = Some(outcome);
        Ok(())
    }

    fn alone(&mut self, conn: &mut DbConn) -> (bool, bool) {
        let outcome = match self.surrounded(|work| transaction::run(conn, work)) {
            Ok(outcome) => outcome,
            Err(panicked) => {
                self.refuse(panicked);
                return (false, true);
            }
        };
        let dead = outcome.as_ref().err().and_then(Failure::store_error).is_some_and(StoreError::is_lost);
        let again = dead && matches!(outcome, Err(Failure::Begin(_)));
        self.outcome = Some(outcome.map_err(Failure::into_error));
        (again, dead)
    }

    fn refuse(&mut self, error: StoreError) {
        self.outcome = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            let _ = self.answer.send(outcome);
        }
    }
}
