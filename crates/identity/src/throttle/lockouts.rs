//! Failures that all replicas count together, in a row, and the locks that too many of them bring.
//!
//! | state of a count | an attempt | ends |
//! | --- | --- | --- |
//! | fewer failures than the rule allows | is looked at | when it is locked, or [`forgotten`](LockoutRule::forgotten) after the last one |
//! | locked | is refused, and not counted | with its lock: [`first`](LockoutRule::first), doubled with every further failure, up to [`longest`](LockoutRule::longest) |
//! | lock over | is looked at, one at a time; a failure locks again | `forgotten` after the end of the lock |
//!
//! What is guessed at is stored as a keyed hash, and so is the network, where one has a count of its own. Only failures
//! write, and whoever has shown the right secret and had failed before.

mod client_guard;
mod rows;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rate_limit::{Key, Throttled};

pub use self::client_guard::{ClientGuard, ClientLimits};
pub(crate) use self::rows::{counts, fail, forget, forget_all, shared};
use super::Network;
use crate::master::{Purpose, Secrets};

/// When something is locked, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutRule {
    /// Failures in a row from which on every one locks. 0 is no limit.
    pub failures: u32,
    /// How long the first lock lasts; each further failure doubles it.
    pub first: Duration,
    /// How long a lock lasts at most.
    pub longest: Duration,
    /// How long after the last failure, or the end of the lock that it brought, all of them are forgotten.
    pub forgotten: Duration,
}

impl LockoutRule {
    /// The rule, unless it allows everything.
    pub(crate) fn if_any(self) -> Option<Self> {
        (self.failures > 0).then_some(self)
    }

    /// How long it is locked after this many failures in a row.
    fn lock_after(&self, failures: u32) -> Option<Duration> {
        let doublings = failures.checked_sub(self.failures)?;
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        Some(self.first.saturating_mul(factor).min(self.longest)).filter(|lock| !lock.is_zero())
    }
}

/// What kind of secret is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guessed {
    /// An account's password, by the name that was typed.
    Password,
    /// A code of a second factor, by account.
    Otp,
    /// A client's secret, by the id that was given.
    Client,
}

impl Guessed {
    pub(crate) const ALL: [Self; 3] = [Self::Password, Self::Otp, Self::Client];

    /// Part of the keyed hash, and the label of metrics and audit events.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Otp => "otp",
            Self::Client => "client",
        }
    }

    /// The stored form of what is guessed at.
    pub(crate) fn subject(self, secrets: &Secrets, name: &str) -> [u8; 32] {
        secrets.mac(Purpose::Lockout, &[self.as_str().as_bytes(), b"\0", name.as_bytes()].concat())
    }
}

/// One count: of a subject from all networks together, or from one that has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) subject: [u8; 32],
    /// Empty for all networks together.
    pub(crate) network: Vec<u8>,
}

impl Slot {
    /// The count of all networks that have none of their own.
    pub(crate) const fn of_all(subject: [u8; 32]) -> Self {
        Self { subject, network: Vec::new() }
    }

    /// The count of one network. The same network is another hash for every subject.
    pub(crate) fn of_network(secrets: &Secrets, subject: [u8; 32], network: &Network) -> Self {
        let mac =
            secrets.mac(Purpose::Lockout, &[subject.as_slice(), b"network", network.as_bytes()].concat());
        Self { subject, network: mac.to_vec() }
    }

    /// Its name in a table in memory.
    pub(crate) fn key(&self) -> Key {
        Key::of(&[&self.subject, &self.network])
    }
}

/// Failures in a row, and what they have brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) failures: u32,
    pub(crate) locked_until: Option<DateTime<Utc>>,
}

impl Count {
    /// Whether it may be tried.
    ///
    /// # Errors
    /// [`Throttled`] until the lock is over.
    pub(crate) fn check(&self, now: DateTime<Utc>) -> Result<(), Throttled> {
        let left =
            self.locked_until.and_then(|until| (until - now).to_std().ok()).filter(|left| !left.is_zero());
        left.map_or(Ok(()), |left| Err(Throttled::after(left)))
    }

    /// How many may still fail before it is locked, one at least: after a lock each failure brings the next one.
    pub(crate) fn left(&self, rule: &LockoutRule) -> u64 {
        rule.failures.saturating_sub(self.failures).max(1).into()
    }

    /// With one failure more.
    pub(crate) fn failed(&self, rule: &LockoutRule, now: DateTime<Utc>) -> Self {
        let failures = self.failures.saturating_add(1);
        Self { failures, locked_until: rule.lock_after(failures).map(|lock| after(now, lock)) }
    }

    /// When it is forgotten if nothing more happens after `failed_at`.
    pub(crate) fn expires_at(&self, rule: &LockoutRule, failed_at: DateTime<Utc>) -> DateTime<Utc> {
        after(self.locked_until.unwrap_or(failed_at).max(failed_at), rule.forgotten)
    }
}

/// However long somebody's settings are.
fn after(now: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    let delta = TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(delta).unwrap_or(DateTime::<Utc>::MAX_UTC - TimeDelta::days(400))
}

/// Registers the metric, so that it is there before the first lock.
pub(crate) fn describe() {
    metrics::describe_counter!(
        "tessera_lockouts_total",
        "Locks that too many failures in a row have brought"
    );
    for guessed in Guessed::ALL {
        metrics::counter!("tessera_lockouts_total", "kind" => guessed.as_str()).increment(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: LockoutRule = LockoutRule {
        failures: 5,
        first: Duration::from_mins(1),
        longest: Duration::from_hours(1),
        forgotten: Duration::from_hours(24),
    };

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn every_failure_from_the_limit_on_doubles_the_lock_up_to_the_longest() {
        let mut count = Count::default();
        let locks: Vec<Option<i64>> = (0..14)
            .map(|_| {
                count = count.failed(&RULE, start());
                count.locked_until.map(|until| (until - start()).num_minutes())
            })
            .collect();
        let expected = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map(Some);
        assert_eq!((&locks[..4], &locks[4..]), ([None; 4].as_slice(), expected.as_slice()));
        assert_eq!(count.check(start()), Err(Throttled { retry_after: 3600 }));
        assert_eq!(
            count.check(start() + TimeDelta::milliseconds(3_599_001)),
            Err(Throttled { retry_after: 1 })
        );
        assert_eq!(count.check(start() + TimeDelta::hours(1)), Ok(()));
    }

    #[test]
    fn a_lock_is_forgotten_after_its_end() {
        let counted =
            |failures| (0..failures).fold(Count::default(), |count, _| count.failed(&RULE, start()));
        assert_eq!(counted(4).expires_at(&RULE, start()), start() + TimeDelta::hours(24));
        assert_eq!(counted(20).expires_at(&RULE, start()), start() + TimeDelta::hours(25));
    }

    proptest! {
        /// No settings and no number of failures make it panic, or lock for longer than they say.
        #[test]
        fn any_settings_are_bearable(
            limit in 1_u32.., failures in any::<u32>(), first in any::<Duration>(), longest in any::<Duration>(),
            forgotten in any::<Duration>(),
        ) {
            let rule = LockoutRule { failures: limit, first, longest, forgotten };
            let count = Count { failures, locked_until: None }.failed(&rule, start());
            if let Some(until) = count.locked_until {
                prop_assert!((until - start()).to_std().unwrap() <= longest);
                prop_assert!(count.failures >= limit);
            }
            prop_assert!(count.expires_at(&rule, start()) >= start());
            prop_assert!(count.left(&rule) >= 1);
        }
    }
}
