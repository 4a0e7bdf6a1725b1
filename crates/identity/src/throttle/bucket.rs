//! What one key has done: its failures, and its attempts whose outcome is not known yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::failures::Failures;
use super::{Limit, Throttled};

#[derive(Debug, Default)]
pub(super) struct Bucket {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    failures: Failures,
    under_way: usize,
}

/// What a bucket says to one more attempt.
#[derive(Debug)]
pub(super) enum Admission {
    /// It is under way from now on.
    Granted,
    /// Attempts that are under way have to end first.
    Busy,
    /// Too many have failed.
    Refused(Throttled),
}

impl Bucket {
    pub(super) fn check(&self, limit: Limit, now: Duration) -> Result<(), Throttled> {
        self.lock().failures.wait(limit, now).map_or(Ok(()), |left| Err(Throttled::after(left)))
    }

    pub(super) fn fail(&self, limit: Limit, now: Duration) {
        self.lock().failures.add(limit, now);
    }

    pub(super) fn admit(&self, limit: Limit, now: Duration) -> Admission {
        let mut state = self.lock();
        if let Some(left) = state.failures.wait(limit, now) {
            return Admission::Refused(Throttled::after(left));
        }
        if state.failures.count(limit, now) + state.under_way >= limit.failures {
            return Admission::Busy;
        }
        state.under_way += 1;
        Admission::Granted
    }

    /// Completes when an attempt ends that was under way at the time of the call.
    pub(super) fn ended(&self) -> Notified<'_> {
        self.ended.notified()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that is under way. Dropped without an outcome it was none: nobody has learnt anything from it.
#[derive(Debug)]
pub(super) struct Reservation(Option<(Arc<Bucket>, Limit)>);

impl Reservation {
    pub(super) const fn unlimited() -> Self {
        Self(None)
    }

    pub(super) const fn of(bucket: Arc<Bucket>, limit: Limit) -> Self {
        Self(Some((bucket, limit)))
    }

    /// Ends the attempt as a failure.
    pub(super) fn failed(self, now: Duration) {
        if let Some((bucket, limit)) = &self.0 {
            bucket.fail(*limit, now);
        }
    }

    /// Ends the attempt, and forgets the failures before it.
    pub(super) fn forgiven(self) {
        if let Some((bucket, _)) = &self.0 {
            bucket.lock().failures.clear();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some((bucket, _)) = &self.0 {
            bucket.lock().under_way -= 1;
            bucket.ended.notify_waiters();
        }
    }
}
