//! Slows down whoever guesses client secrets: a sliding window of failures per (client id, address).
//!
//! The pair is the key, so that nobody can lock a client out from an address that is not its own, and one wrong
//! integration does not block the others behind its address. The table is bounded: its entries are small, and a flood
//! of names that appear once pushes out other names that appeared once, not the pairs that keep coming back. Each replica
//! counts for itself: what the limit is for, guessing, gains nothing from a handful of replicas.
//!
//! Instants are the clock's uptime, which does not jump when somebody sets the machine's time.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

/// How many failures are too many.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Failures one pair may have within the window.
    pub failures: usize,
    /// How long a failure counts.
    pub window: Duration,
}

/// The pair is refused until this much time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Whole seconds, at least one.
    pub retry_after: u64,
}

type Key = [u8; 16];
type Failures = Arc<Mutex<VecDeque<Duration>>>;

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    limit: Option<Limit>,
    failures: Cache<Key, Failures>,
}

impl Throttle {
    /// Remembers about `capacity` pairs; without a limit nothing is ever refused.
    #[must_use]
    pub fn new(limit: Option<Limit>, capacity: usize) -> Self {
        Self { limit: limit.filter(|limit| limit.failures > 0), failures: Cache::new(capacity.max(1)) }
    }

    /// Whether the pair may try.
    ///
    /// # Errors
    /// [`Throttled`] while the window holds as many failures as the limit allows.
    pub fn check(&self, client_id: &str, address: IpAddr, now: Duration) -> Result<(), Throttled> {
        let Some(limit) = self.limit else { return Ok(()) };
        let Some(failures) = self.failures.get(&key(client_id, address)) else { return Ok(()) };
        let failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
        // Newest last: the pair is free again once the failure that fills the window leaves it.
        match failures.len().checked_sub(limit.failures).and_then(|index| failures.get(index)) {
            Some(filling) => match filling.saturating_add(limit.window).checked_sub(now) {
                Some(left) if !left.is_zero() => Err(Throttled { retry_after: whole_seconds(left) }),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Counts a failure of the pair.
    pub fn failed(&self, client_id: &str, address: IpAddr, now: Duration) {
        let Some(limit) = self.limit else { return };
        let fresh = || Ok::<_, std::convert::Infallible>(Failures::default());
        let Ok(failures) = self.failures.get_or_insert_with(&key(client_id, address), fresh);
        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push_back(now);
        while failures.len() > limit.failures {
            failures.pop_front();
        }
    }

    /// Forgets the failures of a pair that has shown the right secret.
    pub fn succeeded(&self, client_id: &str, address: IpAddr) {
        if self.limit.is_some() && !self.failures.is_empty() {
            self.failures.remove(&key(client_id, address));
        }
    }
}

/// Of an IPv6 address the network counts: whoever has one address of a /64 has all of them.
fn key(client_id: &str, address: IpAddr) -> Key {
    let mut hash = Sha256::new();
    match address.to_canonical() {
        IpAddr::V4(v4) => hash.update(v4.octets()),
        IpAddr::V6(v6) => hash.update(&v6.octets()[..8]),
    }
    hash.update([0]);
    hash.update(client_id.as_bytes());
    let digest = hash.finalize();
    let mut key = Key::default();
    key.copy_from_slice(&digest[..16]);
    key
}

fn whole_seconds(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
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
        assert!(throttle.failures.len() <= 1100, "{} pairs", throttle.failures.len());
    }
}
