//! Wrong passwords and codes (threat 10): how many may be tried, by whom, against whom.
//!
//! Every check takes a place in three counts before it is made, and fills it when the secret was wrong.
//!
//! | count | kept | stops | the right secret |
//! | --- | --- | --- | --- |
//! | name and network, within a window | in memory | the guesser with one address | forgets it |
//! | network, over all names, within a window | in memory | the guesser with many names | leaves it |
//! | name, over all networks, in a row | in the [database](super::lockouts), for all replicas | the guesser with many addresses, much time, many replicas | leaves it |
//!
//! The owner of the name must not be locked out by the second and third: a network from which the account has signed in
//! before is *familiar* ([`familiar`](super::familiar)), and has a count of its own in place of them, which the right
//! secret forgets. So an account can be tried as often from everywhere as [`lockout`](PasswordLimits::lockout) says,
//! and as often from each familiar network, before every further failure brings a longer lock; nobody elsewhere has a hand
//! in what its owner has left there.
//!
//! A name is the text that is looked up, so that variants of case, blanks and Unicode that name the same account share
//! a count, and the count is the same whether or not there is such an account (threat 17).

use std::time::Duration;

use auth_claims::clock::Clock;
use rate_limit::{Key, Limit, Network, Places, Reservation, Throttle, Throttled};

use super::lockouts::{Guessed, LockoutRule};

/// How many wrong passwords are too many. A limit of 0 is none. The auth server reads them from `auth.limits.password_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordLimits {
    /// Wrong passwords for one name from one network within `pair_window`. Default: 30.
    pub pair_failures: usize,
    /// How long those count. Default: `1m`.
    pub pair_window: Duration,
    /// Wrong passwords from one network within `window`, for all names to which it is not familiar. Default: 1000.
    pub address_failures: usize,
    /// How long those count. Default: `1h`.
    pub window: Duration,
    /// Wrong passwords in a row for one name, from all networks that are not familiar to the account together, and from each
    /// that is, after which every further one locks. Default: 100, then from `1m` to `1h`, forgotten after `24h`.
    pub lockout: LockoutRule,
    /// How many pairs, names and networks are remembered, each. Default: 50000.
    pub remembered: usize,
}

impl Default for PasswordLimits {
    fn default() -> Self {
        Self {
            pair_failures: 30,
            pair_window: Duration::from_mins(1),
            address_failures: 1000,
            window: Duration::from_hours(1),
            lockout: LockoutRule {
                failures: 100,
                first: Duration::from_mins(1),
                longest: Duration::from_hours(1),
                forgotten: Duration::from_hours(24),
            },
            remembered: 50_000,
        }
    }
}

/// The counts of one kind of secret. Every check, whatever its dialect, asks here first.
#[derive(Debug)]
pub(crate) struct PasswordGuard {
    pub(super) guessed: Guessed,
    pub(super) rule: Option<LockoutRule>,
    pub(super) places: Places,
    pairs: Throttle,
    networks: Throttle,
}

impl PasswordGuard {
    pub(crate) fn new(guessed: Guessed, limits: &PasswordLimits) -> Self {
        let counting = |failures, window| Throttle::new(Some(Limit { failures, window }), limits.remembered);
        Self {
            guessed,
            rule: limits.lockout.if_any(),
            places: Places::new(limits.remembered),
            pairs: counting(limits.pair_failures, limits.pair_window),
            networks: counting(limits.address_failures, limits.window),
        }
    }

    /// A place for one secret in the counts of this process. Waits while others are under way that may use up what is left.
    ///
    /// # Errors
    /// [`Throttled`] when nothing is left.
    pub(super) async fn reserve(
        &self,
        name: &str,
        network: &Network,
        familiar: bool,
        clock: &Clock,
    ) -> Result<Reserved, Throttled> {
        let pair = Key::of(&[network.as_bytes(), name.as_bytes()]);
        // Always in this order, so that two that wait never wait for each other. Networks come first: one that has nothing
        // left puts no names into the other counts, where they could push out somebody's.
        let shared = if familiar {
            None
        } else {
            Some(self.networks.reserve(Key::of(&[network.as_bytes()]), clock).await?)
        };
        Ok(Reserved { own: self.pairs.reserve(pair, clock).await?, shared })
    }

    /// What somebody hears of the network's count who is not familiar and comes now. A familiar network hears the same of a
    /// wrong secret: otherwise who has used up the shared counts could tell by the answer which accounts sign in from there.
    ///
    /// # Errors
    /// [`Throttled`] when the network has nothing left.
    pub(super) fn check_network(&self, network: &Network, now: Duration) -> Result<(), Throttled> {
        self.networks.look(Key::of(&[network.as_bytes()]), now)
    }
}

/// A secret that is being checked, in the counts of this process. Dropped without an outcome it counts nowhere.
#[derive(Debug)]
pub(super) struct Reserved {
    /// The count that belongs to whoever knows the secret.
    own: Reservation,
    /// The count to which others add.
    shared: Option<Reservation>,
}

impl Reserved {
    /// The secret was wrong.
    pub(super) fn failed(self, now: Duration) {
        self.own.failed(now);
        if let Some(shared) = self.shared {
            shared.failed(now);
        }
    }

    /// The secret was right. What others have tried stays counted: otherwise the owner's sign-ins would give a guesser
    /// new attempts.
    pub(super) fn succeeded(self) {
        self.own.forgiven();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use chrono::DateTime;

    use super::*;

    fn network(number: u32) -> Network {
        Network::of(Some(IpAddr::V4(Ipv4Addr::from(number))))
    }

    fn clock() -> Clock {
        Clock::manual(DateTime::UNIX_EPOCH)
    }

    fn guard(limits: &PasswordLimits) -> PasswordGuard {
        PasswordGuard::new(Guessed::Password, limits)
    }

    /// Whether a wrong password is looked at.
    async fn guess(guard: &PasswordGuard, name: &str, from: u32, familiar: bool, clock: &Clock) -> bool {
        match guard.reserve(name, &network(from), familiar, clock).await {
            Ok(reserved) => {
                reserved.failed(clock.uptime());
                true
            }
            Err(_) => false,
        }
    }

    /// Threat 10: nobody else's names or addresses change what the owner may do where they have signed in.
    #[tokio::test]
    async fn threat_10_a_familiar_network_is_nobody_elses_to_exhaust() {
        let (guard, clock) = (guard(&PasswordLimits::default()), clock());
        for number in 1..5000 {
            guess(&guard, &format!("name-{number}"), 0, false, &clock).await;
        }
        assert!(!guess(&guard, "bob", 0, false, &clock).await);
        assert!(guess(&guard, "ada", 0, true, &clock).await);
    }

    /// Threats 10 and 18: a flood of names and addresses takes a bounded room, and does not push out the counts that are
    /// in use.
    #[tokio::test]
    async fn threat_18_a_flood_is_bounded_and_frees_nobody() {
        let limits = PasswordLimits { remembered: 1000, pair_failures: 5, ..PasswordLimits::default() };
        let (guard, clock) = (guard(&limits), clock());
        let mut looked_at = 0;
        for number in 0..20_000 {
            guess(&guard, &format!("name-{number}"), number, false, &clock).await;
            if number % 50 == 0 {
                looked_at += usize::from(guess(&guard, "ada", 1_000_000, false, &clock).await);
            }
        }
        assert_eq!(looked_at, 5);
        for table in [&guard.pairs, &guard.networks] {
            assert!(table.len() <= 1100, "{}", table.len());
        }
    }

    /// Threats 10 and 18: a network that may not try any more cannot push out the counts of others, however many names it
    /// comes with and however often.
    #[tokio::test]
    async fn threat_18_an_exhausted_network_frees_nobody() {
        let limits = PasswordLimits { remembered: 1000, address_failures: 20, ..PasswordLimits::default() };
        let (guard, clock) = (guard(&limits), clock());
        for number in 0..20 {
            guess(&guard, &format!("name-{number}"), 1, false, &clock).await;
        }
        for number in 0..20_000 {
            for _ in 0..4 {
                assert!(!guess(&guard, &format!("other-{number}"), 1, false, &clock).await);
            }
        }
        assert!(guard.pairs.len() <= 50, "{}", guard.pairs.len());
    }

    /// Threat 17: the count that strangers can use up is looked at for everybody.
    #[tokio::test]
    async fn threat_17_what_is_used_up_is_used_up_for_wrong_passwords_from_everywhere() {
        let limits = PasswordLimits { address_failures: 5, ..PasswordLimits::default() };
        let (guard, clock) = (guard(&limits), clock());
        assert_eq!(guard.check_network(&network(7), clock.uptime()), Ok(()));
        for number in 0..5 {
            assert!(guess(&guard, &format!("name-{number}"), 7, false, &clock).await);
        }
        assert!(guard.check_network(&network(7), clock.uptime()).is_err());
        assert_eq!(guard.check_network(&network(9), clock.uptime()), Ok(()));
    }

    /// A guess that waits for others to end goes on when they end without an outcome, and is refused when they fail.
    #[tokio::test]
    async fn what_waits_is_decided_by_what_it_waits_for() {
        let limits = PasswordLimits { pair_failures: 1, ..PasswordLimits::default() };
        for fails in [false, true] {
            let (guard, clock) = (guard(&limits), clock());
            let first = guard.reserve("ada", &network(1), false, &clock).await.unwrap();
            let place = network(1);
            let mut second = std::pin::pin!(guard.reserve("ada", &place, false, &clock));
            assert!(futures_util::poll!(&mut second).is_pending());
            if fails {
                first.failed(clock.uptime());
            } else {
                drop(first);
            }
            assert_eq!(second.await.err(), fails.then_some(Throttled { retry_after: 60 }));
        }
    }

    /// What was right from an unfamiliar network leaves what others have tried.
    #[tokio::test]
    async fn a_success_forgets_its_own_failures_only() {
        let limits = PasswordLimits { pair_failures: 2, address_failures: 3, ..PasswordLimits::default() };
        let (guard, clock) = (guard(&limits), clock());
        assert!(guess(&guard, "ada", 1, false, &clock).await);
        guard.reserve("ada", &network(1), false, &clock).await.unwrap().succeeded();
        assert!(guess(&guard, "ada", 1, false, &clock).await);
        assert!(guess(&guard, "bob", 1, false, &clock).await);
        assert!(!guess(&guard, "ada", 1, false, &clock).await, "three of the network");
    }
}
