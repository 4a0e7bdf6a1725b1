//! Slows down whoever guesses: failures within a window that slides, counted by whatever names the guesser.
//!
//! | counted | by | made by |
//! | --- | --- | --- |
//! | wrong client secrets | client id and address | the auth server, with [`Throttle::check`] and its companions |
//! | wrong passwords | name and address, name alone, address alone | [`Identity`](crate::Identity), see [`PasswordLimits`] |
//!
//! A pair of name and address is a key, so that nobody can lock a name out from an address that is not its own, and one
//! wrong integration does not block the others behind its address. The table is bounded: its entries are small, and a flood
//! of names that appear once pushes out other names that appeared once, not those that keep coming back. Each replica
//! counts for itself: what the limit is for, guessing, gains nothing from a handful of replicas.
//!
//! Instants are the clock's uptime, which does not jump when somebody sets the machine's time.

mod bucket;
mod failures;
pub(crate) mod familiar;
mod network;
mod passwords;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use auth_claims::clock::Clock;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use self::bucket::{Admission, Bucket, Reservation};
pub(crate) use self::network::Network;
pub use self::passwords::PasswordLimits;
pub(crate) use self::passwords::{Admitted, PasswordGuard};

/// How many failures are too many.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Failures one key may have within the window.
    pub failures: usize,
    /// How long a failure counts.
    pub window: Duration,
}

/// The key is refused until this much time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Whole seconds, at least one.
    pub retry_after: u64,
}

impl Throttled {
    /// Nobody is told to come back at once.
    fn after(left: Duration) -> Self {
        Self { retry_after: (left.as_secs() + u64::from(left.subsec_nanos() > 0)).max(1) }
    }
}

type Key = [u8; 16];

/// Counts failures.
#[derive(Debug)]
pub struct Throttle {
    limit: Option<Limit>,
    buckets: Cache<Key, Arc<Bucket>>,
}

impl Throttle {
    /// Remembers about `capacity` keys; without a limit nothing is ever refused.
    #[must_use]
    pub fn new(limit: Option<Limit>, capacity: usize) -> Self {
        Self { limit: limit.filter(|limit| limit.failures > 0), buckets: Cache::new(capacity.max(1)) }
    }

    /// Whether the pair may try.
    ///
    /// # Errors
    /// [`Throttled`] while the window holds as many failures as the limit allows.
    pub fn check(&self, name: &str, address: IpAddr, now: Duration) -> Result<(), Throttled> {
        self.look(pair(name, address), now)
    }

    fn look(&self, key: Key, now: Duration) -> Result<(), Throttled> {
        let Some(limit) = self.limit else { return Ok(()) };
        self.buckets.get(&key).map_or(Ok(()), |bucket| bucket.check(limit, now))
    }

    /// Counts a failure of the pair.
    pub fn failed(&self, name: &str, address: IpAddr, now: Duration) {
        if let Some(limit) = self.limit {
            self.bucket(pair(name, address)).fail(limit, now);
        }
    }

    /// Forgets the failures of a pair that has shown the right secret.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        if self.limit.is_some() && !self.buckets.is_empty() {
            self.buckets.remove(&pair(name, address));
        }
    }

    /// A place for one attempt, which counts as a failure until its outcome is known: of any number of attempts at once
    /// no more are under way than may still fail, and the others wait for their outcome.
    ///
    /// # Errors
    /// [`Throttled`] while the window holds as many failures as the limit allows.
    async fn reserve(&self, key: Key, clock: &Clock) -> Result<Reservation, Throttled> {
        let Some(limit) = self.limit else { return Ok(Reservation::unlimited()) };
        let bucket = self.bucket(key);
        loop {
            // Before the look: an attempt that ends in between is noticed.
            let ended = bucket.ended();
            match bucket.admit(limit, clock.uptime()) {
                Admission::Granted => break,
                Admission::Refused(throttled) => return Err(throttled),
                Admission::Busy => ended.await,
            }
        }
        Ok(Reservation::of(bucket, limit))
    }

    fn bucket(&self, key: Key) -> Arc<Bucket> {
        let Ok(bucket) = self.buckets.get_or_insert_with(&key, || Ok::<_, Infallible>(Arc::default()));
        bucket
    }
}

fn pair(name: &str, address: IpAddr) -> Key {
    key(&[Network::of(Some(address)).as_bytes(), name.as_bytes()])
}

/// Parts are told apart by their lengths, so that no two lists of parts give one key.
fn key(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut key = Key::default();
    key.copy_from_slice(&digest[..16]);
    key
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
        assert!(throttle.buckets.len() <= 1100, "{} pairs", throttle.buckets.len());
    }
}
