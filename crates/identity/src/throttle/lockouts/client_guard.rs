//! Wrong client secrets (threat 10), counted for the pair of client id and network, so that nobody locks a client out from a
//! network that is not its own.
//!
//! The count is the database's, for all replicas. Each keeps what it has heard of it in memory, which is all that a right
//! secret costs. A replica that has heard nothing of a lock looks at one secret and hears of it then.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use rate_limit::{Key, Limit, Network, Throttle, Throttled};

use super::{Count, Guessed, LockoutRule, Slot, fail, forget};
use crate::Identity;

/// How many wrong client secrets are too many. A limit of 0 is none. The auth server reads them from
/// `auth.limits.client_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// Wrong secrets in a row for one client from one network, after which every further one locks. Default: 20, then from
    /// `1m` to `15m`, forgotten after `1h`.
    pub lockout: LockoutRule,
    /// Wrong secrets from one network within `window`, for all clients together. Beyond it wrong ones are counted by this
    /// process alone, and nothing is written; right ones are accepted as ever. Default: 300.
    pub address_failures: usize,
    /// How long those count. Default: `1m`.
    pub window: Duration,
    /// How many pairs and networks are remembered, each. Default: 100000.
    pub remembered: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            lockout: LockoutRule {
                failures: 20,
                first: Duration::from_mins(1),
                longest: Duration::from_mins(15),
                forgotten: Duration::from_hours(1),
            },
            address_failures: 300,
            window: Duration::from_mins(1),
            remembered: 100_000,
        }
    }
}

/// What this process knows of wrong client secrets.
#[derive(Debug)]
pub struct ClientGuard {
    rule: Option<LockoutRule>,
    pairs: Cache<Key, Arc<Mutex<Known>>>,
    networks: Throttle,
}

#[derive(Debug, Default)]
struct Known {
    count: Count,
    expires_at: DateTime<Utc>,
}

impl Known {
    fn add(&mut self, rule: &LockoutRule, now: DateTime<Utc>) {
        let count = if self.expires_at > now { self.count } else { Count::default() };
        self.set(count.failed(rule, now), rule, now);
    }

    fn set(&mut self, count: Count, rule: &LockoutRule, now: DateTime<Utc>) {
        (self.count, self.expires_at) = (count, count.expires_at(rule, now));
    }
}

impl ClientGuard {
    pub(crate) fn new(limits: &ClientLimits) -> Self {
        let limit = Limit { failures: limits.address_failures, window: limits.window };
        Self {
            rule: limits.lockout.if_any(),
            pairs: Cache::new(limits.remembered.max(1)),
            networks: Throttle::new(Some(limit), limits.remembered),
        }
    }

    /// Whether this client may be tried from there, as far as this process knows.
    fn check(&self, pair: &Key, now: DateTime<Utc>) -> Result<(), Throttled> {
        let known = self.pairs.get(pair);
        known.map_or(Ok(()), |known| known.lock().unwrap_or_else(PoisonError::into_inner).count.check(now))
    }

    fn update(&self, pair: &Key, change: impl FnOnce(&mut Known)) {
        let Ok(known) = self.pairs.get_or_insert_with(pair, || Ok::<_, Infallible>(Arc::default()));
        change(&mut known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The pair of a client and a network, in memory.
fn pair(client: &str, network: &Network) -> Key {
    Key::of(&[network.as_bytes(), client.as_bytes()])
}

impl Identity {
    /// Whether a secret of this client is looked at that comes from there. Asks nothing but the memory.
    ///
    /// # Errors
    /// [`Throttled`] while it is locked.
    pub fn may_authenticate(&self, client: &str, address: IpAddr) -> Result<(), Throttled> {
        let guard = &self.client_guard;
        if guard.pairs.is_empty() {
            return Ok(());
        }
        guard.check(&pair(client, &Network::of(Some(address))), self.clock.now())
    }

    /// Notes that a client has shown the right secret. Writes only if it has failed before, as far as this process knows.
    ///
    /// # Errors
    /// [`Throttled`] when others have brought a lock while the secret was looked at: of any number of guesses at once, no
    /// more count than one after another.
    pub async fn client_proven(&self, client: &str, address: IpAddr) -> Result<(), Throttled> {
        let guard = &self.client_guard;
        if guard.pairs.is_empty() {
            return Ok(());
        }
        let network = Network::of(Some(address));
        let pair = pair(client, &network);
        guard.check(&pair, self.clock.now())?;
        if guard.pairs.remove(&pair).is_none() {
            return Ok(());
        }
        let slot = self.client_slot(client, &network);
        if let Err(error) = self.db.write(move |conn| forget(conn, &slot)).await {
            tracing::warn!(client.id = client, %error, "failures before a success stay counted");
        }
        Ok(())
    }

    /// Counts a wrong secret, for a client that there is or not. While the database is away it counts in this process alone.
    ///
    /// # Errors
    /// [`Throttled`] where nobody is told any more that it was wrong.
    pub async fn client_failed(&self, client: &str, address: IpAddr) -> Result<(), Throttled> {
        let (guard, network) = (&self.client_guard, Network::of(Some(address)));
        let (pair, now) = (pair(client, &network), self.clock.now());
        // First, so that whoever has used up the network's failures does not go on guessing at one client uncounted.
        if let Some(rule) = guard.rule {
            guard.update(&pair, |known| known.add(&rule, now));
        }
        let of_network = Key::of(&[network.as_bytes()]);
        guard.networks.look(of_network, self.clock.uptime())?;
        guard.networks.fail(of_network, self.clock.uptime());
        let Some(rule) = guard.rule else { return Ok(()) };
        let slot = self.client_slot(client, &network);
        match self.db.write(move |conn| fail(conn, &slot, &rule, now)).await {
            Ok(Ok(counts)) => {
                guard.update(&pair, |known| {
                    if counts.own.failures > known.count.failures {
                        known.set(counts.own, &rule, now);
                    }
                });
                if counts.own.check(now).is_err() {
                    metrics::counter!("tessera_lockouts_total", "kind" => Guessed::Client.as_str())
                        .increment(1);
                }
                Ok(())
            }
            Ok(Err(throttled)) => {
                let left = i64::try_from(throttled.retry_after).unwrap_or(i64::MAX);
                let locked_until = TimeDelta::try_seconds(left).and_then(|left| now.checked_add_signed(left));
                guard.update(&pair, |known| {
                    let count =
                        Count { locked_until: known.count.locked_until.max(locked_until), ..known.count };
                    known.set(count, &rule, now);
                });
                Err(throttled)
            }
            Err(error) => {
                tracing::warn!(%error, "a wrong client secret is counted by this process alone");
                Ok(())
            }
        }
    }

    fn client_slot(&self, client: &str, network: &Network) -> Slot {
        Slot::of_network(&self.secrets, Guessed::Client.subject(&self.secrets, client), network)
    }
}
