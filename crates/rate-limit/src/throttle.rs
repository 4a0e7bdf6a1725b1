//! Slows down whoever guesses, by their failures.
//!
//! A pair of name and address is a key, so that nobody can lock a name out from an address that is not its own, and one
//! wrong integration does not block the others behind its address. Whoever counts by something else makes its own
//! [`Key`]s and takes a [`Reservation`] for each attempt.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use quick_cache::sync::Cache;

use crate::bucket::{Admission, Bucket, Reservation};
use crate::events::Quota;
use crate::{Key, Throttled};

/// Failures closer together than this part of the window share an entry, so that a limit of thousands costs no more
/// memory than one of sixty-four.
const PART: u32 = 64;

/// How many failures are too many.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Failures one key may have within the window.
    pub failures: usize,
    /// How long a failure counts.
    pub window: Duration,
}

impl Limit {
    fn quota(self) -> Quota {
        Quota { most: self.failures, window: self.window, shared: self.window / PART }
    }
}

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    quota: Option<Quota>,
    buckets: Cache<Key, Arc<Bucket>>,
}

impl Throttle {
    /// Remembers about `capacity` keys; without a limit nothing is ever refused.
    #[must_use]
    pub fn new(limit: Option<Limit>, capacity: usize) -> Self {
        let limit = limit.filter(|limit| limit.failures > 0);
        Self { quota: limit.map(Limit::quota), buckets: Cache::new(capacity.max(1)) }
    }

    /// Whether the pair may try.
    ///
    /// # Errors
    /// [`Throttled`] while the window holds as many failures as the limit allows.
    pub fn check(&self, name: &str, address: IpAddr, now: Duration) -> Result<(), Throttled> {
        self.look(Key::pair(name, address), now)
    }

    /// Whether whatever the key names may try.
    ///
    /// # Errors
    /// [`Throttled`] while the window holds as many failures as the limit allows.
    pub fn look(&self, key: Key, now: Duration) -> Result<(), Throttled> {
        let Some(quota) = self.quota else { return Ok(()) };
        self.buckets.get(&key).map_or(Ok(()), |bucket| bucket.check(quota, now))
    }

    /// Counts a failure of the pair.
    pub fn failed(&self, name: &str, address: IpAddr, now: Duration) {
        self.fail(Key::pair(name, address), now);
    }

    /// Counts a failure of whatever the key names.
    pub fn fail(&self, key: Key, now: Duration) {
        if let Some(quota) = self.quota {
            self.bucket(key).fail(quota, now);
        }
    }

    /// Forgets the failures of a pair that has shown the right secret.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        if self.quota.is_some() && !self.buckets.is_empty() {
            self.buckets.remove(&Key::pair(name, address));
        }
    }

    /// A place for one attempt, which counts as a failure until its outcome is known: of any number of attempts at once
    /// no more are under way than may still fail, and the others wait for their outcome.
    ///
    /// # Errors
    /// [`Throttled`] while the window holds as many failures as the limit allows.
    pub async fn reserve(&self, key: Key, clock: &Clock) -> Result<Reservation, Throttled> {
        let Some(quota) = self.quota else { return Ok(Reservation::unlimited()) };
        let bucket = self.bucket(key);
        loop {
            // Before the look: an attempt that ends in between is noticed.
            let ended = bucket.ended();
            match bucket.admit(quota, clock.uptime()) {
                Admission::Granted => break,
                Admission::Refused(throttled) => return Err(throttled),
                Admission::Busy => ended.await,
            }
        }
        Ok(Reservation::of(bucket, quota))
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    fn bucket(&self, key: Key) -> Arc<Bucket> {
        let Ok(bucket) = self.buckets.get_or_insert_with(&key, || Ok::<_, Infallible>(Arc::default()));
        bucket
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    const START: Duration = Duration::from_secs(1000);

    fn throttle(failures: usize) -> Throttle {
        Throttle::new(Some(Limit { failures, window: Duration::from_mins(1) }), 1000)
    }

    #[test]
    fn refuses_from_the_limit_on_and_names_the_wait() {
        let (throttle, now) = (throttle(3), START);
        for second in 0..3 {
            assert_eq!(throttle.check("a", HERE, now), Ok(()));
            throttle.failed("a", HERE, now + Duration::from_secs(second));
        }
        let later = now + Duration::from_millis(2500);
        assert_eq!(throttle.check("a", HERE, later), Err(Throttled { retry_after: 58 }));
    }

    #[test]
    fn the_window_slides_failure_by_failure() {
        let (throttle, now) = (throttle(2), START);
        throttle.failed("a", HERE, now);
        throttle.failed("a", HERE, now + Duration::from_secs(30));
        assert!(throttle.check("a", HERE, now + Duration::from_secs(59)).is_err());
        assert!(throttle.check("a", HERE, now + Duration::from_mins(1)).is_ok());
        throttle.failed("a", HERE, now + Duration::from_mins(1));
        assert!(throttle.check("a", HERE, now + Duration::from_secs(61)).is_err());
        assert!(throttle.check("a", HERE, now + Duration::from_secs(90)).is_ok());
    }

    #[test]
    fn another_address_and_another_client_are_free() {
        let (throttle, now) = (throttle(1), START);
        throttle.failed("a", HERE, now);
        assert!(throttle.check("a", HERE, now).is_err());
        assert!(throttle.check("a", THERE, now).is_ok());
        assert!(throttle.check("b", HERE, now).is_ok());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let (throttle, now) = (throttle(1), START);
        throttle.failed("a", "2001:db8::1".parse().expect("an address"), now);
        assert!(throttle.check("a", "2001:db8::ffff".parse().expect("an address"), now).is_err());
        assert!(throttle.check("a", "2001:db8:0:1::1".parse().expect("an address"), now).is_ok());
    }

    #[test]
    fn a_success_clears_the_pair() {
        let (throttle, now) = (throttle(1), START);
        throttle.failed("a", HERE, now);
        throttle.succeeded("a", HERE);
        assert!(throttle.check("a", HERE, now).is_ok());
    }

    #[test]
    fn can_be_switched_off() {
        for throttle in [Throttle::new(None, 10), throttle(0)] {
            for _ in 0..100 {
                throttle.failed("a", HERE, START);
            }
            assert!(throttle.check("a", HERE, START).is_ok());
        }
    }

    #[test]
    fn the_table_stays_bounded_and_keeps_a_pair_that_comes_back() {
        let (throttle, now) = (throttle(3), START);
        for _ in 0..3 {
            throttle.failed("victim", HERE, now);
            assert!(throttle.check("other", HERE, now).is_ok());
        }
        for name in 0..20_000 {
            throttle.failed(&format!("name-{name}"), HERE, now);
            if name % 100 == 0 {
                assert!(throttle.check("victim", HERE, now).is_err());
            }
        }
        assert!(throttle.len() <= 1100, "{} pairs", throttle.len());
    }
}
