//! How fast one key may ask, where no contract demands a window that is counted exactly.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use governor::clock::Clock as Time;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;

use crate::{Key, Throttled};

/// Lets a key make so many requests at once, and gives them back one after another: after `requests` in one instant, one
/// more every `window / requests`. Sixteen octets and one atomic number for each key, and no lock that all of them share.
///
/// What is refused does not count.
pub struct Pace {
    limiter: Option<Limiter>,
    states: States,
}

type Limiter = RateLimiter<Key, Bounded, Uptime, NoOpMiddleware<Duration>>;

type States = Arc<Cache<Key, Arc<InMemoryState>>>;

impl Pace {
    /// Remembers about `capacity` keys; with no requests or no window nothing is ever refused, and nothing remembered.
    #[must_use]
    pub fn new(requests: u32, window: Duration, capacity: usize, clock: Clock) -> Self {
        let states: States = Arc::new(Cache::new(capacity.max(1)));
        let limiter = quota(requests, window)
            .map(|quota| RateLimiter::new(quota, Bounded(Arc::clone(&states)), Uptime(clock)));
        Self { limiter, states }
    }

    /// Counts one request of the key.
    ///
    /// # Errors
    /// [`Throttled`], without counting it, while the key has used up what it may do.
    pub fn hit(&self, key: &Key) -> Result<(), Throttled> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter
            .check_key(key)
            .map_err(|refused| Throttled::after(refused.wait_time_from(limiter.clock().now())))
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.states.len()
    }
}

/// No limit where somebody may ask more often than every nanosecond.
fn quota(requests: u32, window: Duration) -> Option<Quota> {
    let requests = NonZeroU32::new(requests)?;
    Some(Quota::with_period(window / requests.get())?.allow_burst(requests))
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("remembered", &self.remembered()).finish_non_exhaustive()
    }
}

/// The server's clock, for the limiter.
#[derive(Debug)]
struct Uptime(Clock);

impl Time for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

/// The limiter's own tables keep every key until somebody sweeps them; this one is bounded at every moment, and a flood of
/// keys that appear once pushes out each other rather than those that keep coming.
struct Bounded(States);

impl StateStore for Bounded {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Ok(state) = self.0.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default()));
        state.measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn key(name: &str) -> Key {
        Key::of(&[name.as_bytes()])
    }

    fn pace(requests: u32) -> (Pace, Clock) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        (Pace::new(requests, MINUTE, 1000, clock.clone()), clock)
    }

    #[test]
    fn as_many_at_once_as_in_a_window_and_then_one_after_another() {
        let (pace, clock) = pace(6);
        assert!((0..6).all(|_| pace.hit(&key("a")).is_ok()));
        assert_eq!(pace.hit(&key("a")), Err(Throttled { retry_after: 10 }));
        clock.advance(TimeDelta::milliseconds(9_001));
        assert_eq!(pace.hit(&key("a")), Err(Throttled { retry_after: 1 }));
        clock.advance(TimeDelta::milliseconds(999));
        assert_eq!(pace.hit(&key("a")), Ok(()));
        assert_eq!(pace.hit(&key("a")), Err(Throttled { retry_after: 10 }));
        clock.advance(TimeDelta::minutes(5));
        assert!((0..6).all(|_| pace.hit(&key("a")).is_ok()));
        assert!(pace.hit(&key("a")).is_err(), "what was not used is not saved up");
    }

    #[test]
    fn keys_are_counted_apart() {
        let (pace, _) = pace(1);
        assert!(pace.hit(&key("a")).is_ok());
        assert!(pace.hit(&key("a")).is_err());
        assert!(pace.hit(&key("b")).is_ok());
    }

    #[test]
    fn can_be_switched_off() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        for (requests, window) in [(0, MINUTE), (5, Duration::ZERO)] {
            let unlimited = Pace::new(requests, window, 10, clock.clone());
            assert!((0..10_000).all(|_| unlimited.hit(&key("a")).is_ok()));
            assert_eq!(unlimited.remembered(), 0);
        }
    }

    /// Threat 18: a flood of keys takes a bounded room and does not push out the count of one that keeps coming.
    #[test]
    fn threat_18_a_flood_of_keys_is_bounded_and_frees_nobody() {
        let (pace, _) = pace(3);
        let mut passed = 0;
        for number in 0..20_000 {
            assert!(pace.hit(&key(&format!("name-{number}"))).is_ok());
            if number % 50 == 0 {
                passed += usize::from(pace.hit(&key("busy")).is_ok());
            }
        }
        assert_eq!(passed, 3);
        assert!(pace.remembered() <= 1100, "{} keys", pace.remembered());
    }
}
