//! What one key has done: its failures, and its attempts whose outcome is not known yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::Throttled;
use crate::events::{Events, Quota};

#[derive(Debug, Default)]
pub(crate) struct Bucket {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    failures: Events,
    under_way: usize,
}

/// What a bucket says to one more attempt.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is under way from now on.
    Granted,
    /// Attempts that are under way have to end first.
    Busy,
    /// Too many have failed.
    Refused(Throttled),
}

impl Bucket {
    pub(crate) fn check(&self, quota: Quota, now: Duration) -> Result<(), Throttled> {
        self.lock().failures.wait(quota, now).map_or(Ok(()), |left| Err(Throttled::after(left)))
    }

    pub(crate) fn fail(&self, quota: Quota, now: Duration) {
        self.lock().failures.add(quota, now);
    }

    pub(crate) fn admit(&self, quota: Quota, now: Duration) -> Admission {
        let mut state = self.lock();
        if let Some(left) = state.failures.wait(quota, now) {
            return Admission::Refused(Throttled::after(left));
        }
        if state.failures.count(quota, now) + state.under_way >= quota.most {
            return Admission::Busy;
        }
        state.under_way += 1;
        Admission::Granted
    }

    /// Completes when an attempt ends that was under way at the time of the call.
    pub(crate) fn ended(&self) -> Notified<'_> {
        self.ended.notified()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that is under way. Dropped without an outcome it was none: nobody has learnt anything from it.
#[derive(Debug)]
pub struct Reservation(Option<(Arc<Bucket>, Quota)>);

impl Reservation {
    pub(crate) const fn unlimited() -> Self {
        Self(None)
    }

    pub(crate) const fn of(bucket: Arc<Bucket>, quota: Quota) -> Self {
        Self(Some((bucket, quota)))
    }

    /// Ends the attempt as a failure.
    pub fn failed(self, now: Duration) {
        if let Some((bucket, quota)) = &self.0 {
            bucket.fail(*quota, now);
        }
    }

    /// Ends the attempt, and forgets the failures before it.
    pub fn forgiven(self) {
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
