//! Who has looked at the feed's counter need not look again for [`TERM`].
//!
//! Nobody is told that something is revoked, by whatever process, before `TERM` has passed since the commit
//! ([`Feed::write`](super::Feed::write) waits). So what was the counter at an instant may be taken for the counter until `TERM`
//! after it: whatever was revoked meanwhile has not been acknowledged yet, and a request that still gets through came before
//! it. From the acknowledgement on, every process refuses (contracts/oauth2.md §5). Revoking is rare and waits; asking is not, and does not.
//!
//! Both sides measure by their own steady clock, of which no more is asked than that they go equally fast. A process that is stopped
//! between its look at the clock and its answer has answered late, as any network may. One whose clock stood still with its machine
//! may go by a look from before for what is left of its term.

use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long one look at the counter counts, and how long after its commit a revocation is acknowledged.
pub(super) const TERM: Duration = Duration::from_millis(25);

/// Where the counter stood, and until when that counts.
#[derive(Debug, Default)]
pub(super) struct Lease(Mutex<Option<Held>>);

#[derive(Debug, Clone, Copy)]
struct Held {
    counter: i64,
    until: Instant,
}

impl Lease {
    /// The counter, if it was looked at just now.
    pub(super) fn counter(&self) -> Option<i64> {
        let held = (*self.held())?;
        (Instant::now() < held.until).then_some(held.counter)
    }

    /// Notes where the counter stood according to a query that was sent at `asked` or later.
    pub(super) fn renew(&self, asked: Instant, counter: i64) {
        let new = Held { counter, until: asked + TERM };
        let mut held = self.held();
        // Of two looks at the same time the one that was asked for later may have seen less.
        let is_newer = |held: Held| match counter.cmp(&held.counter) {
            Ordering::Greater => true,
            Ordering::Equal => held.until < new.until,
            Ordering::Less => held.until <= Instant::now(),
        };
        if held.is_none_or(is_newer) {
            *held = Some(new);
        }
    }

    /// Ends it: this process has revoked something itself, and need not wait to know.
    pub(super) fn end(&self) {
        *self.held() = None;
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_look_counts_for_a_term_from_before_the_query() {
        let lease = Lease::default();
        assert_eq!(lease.counter(), None);
        let asked = Instant::now();
        tokio::time::advance(Duration::from_millis(10)).await;
        lease.renew(asked, 7);
        assert_eq!(lease.counter(), Some(7));
        tokio::time::advance(Duration::from_millis(14)).await;
        assert_eq!(lease.counter(), Some(7));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!((lease.counter(), asked.elapsed()), (None, TERM));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_late_replaces_no_later_one() {
        let lease = Lease::default();
        let slow = Instant::now();
        tokio::time::advance(Duration::from_millis(5)).await;
        lease.renew(Instant::now(), 8);
        lease.renew(slow, 7);
        assert_eq!(lease.counter(), Some(8));
        lease.renew(slow, 8);
        tokio::time::advance(Duration::from_millis(24)).await;
        assert_eq!(lease.counter(), Some(8));
        tokio::time::advance(TERM).await;
        lease.renew(slow, 8);
        assert_eq!(lease.counter(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn less_than_was_seen_counts_once_that_is_over() {
        let lease = Lease::default();
        lease.renew(Instant::now(), 8);
        lease.renew(Instant::now(), 7);
        assert_eq!(lease.counter(), Some(8));
        tokio::time::advance(TERM).await;
        lease.renew(Instant::now(), 7);
        assert_eq!(lease.counter(), Some(7), "the database is an older one");
    }

    #[tokio::test(start_paused = true)]
    async fn what_this_process_revokes_ends_it() {
        let lease = Lease::default();
        lease.renew(Instant::now(), 7);
        lease.end();
        assert_eq!(lease.counter(), None);
    }
}
