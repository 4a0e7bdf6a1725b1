//! Slows down whoever asks too often, whatever becomes of what they ask.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::events::{Events, Quota};
use crate::{Key, Throttled};

/// Up to this many requests each one is remembered with its own instant.
const EXACT: usize = 128;

/// How many requests are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests one key may make within the window. 0 is no limit.
    pub requests: usize,
    /// How long a request counts.
    pub window: Duration,
}

impl Rate {
    /// A window that slides over the instants of requests. With a limit of more than [`EXACT`] neighbours share an instant,
    /// so that a limit of thousands costs no more memory: there are never more requests in a window than the limit says,
    /// and room comes back at most a hundredth of the window later.
    fn quota(self) -> Quota {
        let shared = if self.requests <= EXACT {
            Duration::ZERO
        } else {
            self.window / u32::try_from(EXACT).unwrap_or(1)
        };
        Quota { most: self.requests, window: self.window, shared }
    }
}

/// Counts requests, successful and failed alike. What is refused does not count: somebody who goes on asking is let in as
/// soon as somebody who has waited.
#[derive(Debug)]
pub struct RequestRate {
    quota: Option<Quota>,
    counts: Cache<Key, Arc<Mutex<Events>>>,
}

impl RequestRate {
    /// Remembers about `capacity` keys; without a rate nothing is ever refused and nothing remembered.
    #[must_use]
    pub fn new(rate: Option<Rate>, capacity: usize) -> Self {
        let rate = rate.filter(|rate| rate.requests > 0);
        Self { quota: rate.map(Rate::quota), counts: Cache::new(capacity.max(1)) }
    }

    /// Counts one request of `key` at `now`, the clock's uptime.
    ///
    /// # Errors
    /// [`Throttled`], without counting it, while the window holds as many as the rate allows.
    pub fn hit(&self, key: &[u8], now: Duration) -> Result<(), Throttled> {
        let Some(quota) = self.quota else { return Ok(()) };
        let Ok(count) =
            self.counts.get_or_insert_with(&Key::of(&[key]), || Ok::<_, Infallible>(Arc::default()));
        let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = count.wait(quota, now) {
            return Err(Throttled::after(left));
        }
        count.add(quota, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn rate(requests: usize) -> RequestRate {
        RequestRate::new(Some(Rate { requests, window: MINUTE }), 1000)
    }

    #[test]
    fn the_window_slides_over_each_request() {
        let rate = rate(2);
        assert_eq!(rate.hit(b"a", seconds(100)), Ok(()));
        assert_eq!(rate.hit(b"a", seconds(130)), Ok(()));
        assert_eq!(rate.hit(b"a", Duration::from_millis(130_500)), Err(Throttled { retry_after: 30 }));
        assert_eq!(rate.hit(b"a", Duration::from_millis(159_999)), Err(Throttled { retry_after: 1 }));
        assert_eq!(rate.hit(b"a", seconds(160)), Ok(()));
        assert_eq!(rate.hit(b"a", seconds(161)), Err(Throttled { retry_after: 29 }));
    }

    #[test]
    fn keys_are_counted_apart() {
        let rate = rate(1);
        assert!(rate.hit(b"a", MINUTE).is_ok());
        assert!(rate.hit(b"a", MINUTE).is_err());
        assert!(rate.hit(b"b", MINUTE).is_ok());
    }

    #[test]
    fn can_be_switched_off() {
        for unlimited in [RequestRate::new(None, 10), rate(0)] {
            assert!((0..10_000).all(|_| unlimited.hit(b"a", MINUTE).is_ok()));
            assert_eq!(unlimited.counts.len(), 0);
        }
    }

    /// Threat 18: a flood of keys takes a bounded room and does not push out the count of one that keeps coming.
    #[test]
    fn threat_18_a_flood_of_keys_is_bounded_and_frees_nobody() {
        let rate = rate(3);
        let mut passed = 0;
        for number in 0..20_000_u32 {
            assert!(rate.hit(&number.to_be_bytes(), MINUTE).is_ok());
            if number % 50 == 0 {
                passed += usize::from(rate.hit(b"busy", MINUTE).is_ok());
            }
        }
        assert_eq!(passed, 3);
        assert!(rate.counts.len() <= 1100, "{} keys", rate.counts.len());
    }

    proptest! {
        /// No window of any length holds more than the rate allows; and whoever has not used up the rate within a window
        /// and a hundredth is let in.
        #[test]
        fn there_are_never_too_many_and_never_too_few(
            pauses in proptest::collection::vec(0_u64..3000, 1..600), requests in prop_oneof![1_usize..20, 129_usize..140],
        ) {
            let (rate, mut now, mut passed) = (rate(requests), Duration::ZERO, Vec::<Duration>::new());
            for pause in pauses {
                now += Duration::from_millis(pause);
                let within = |window: Duration| passed.iter().filter(|time| now.saturating_sub(**time) < window).count();
                match rate.hit(b"a", now) {
                    Ok(()) => {
                        prop_assert!(within(MINUTE) < requests);
                        passed.push(now);
                    }
                    Err(_) => prop_assert!(within(MINUTE + MINUTE / 100) >= requests),
                }
            }
        }
    }
}
