//! Wrong passwords (threat 10): how many may be tried, by whom, against whom.
//!
//! Every check takes a place in three counts before the hash is computed, and fills it when the password was wrong.
//!
//! | count | stops | a right password |
//! | --- | --- | --- |
//! | name and network | the guesser with one address | forgets it |
//! | name, over all networks | the guesser with many addresses | leaves it |
//! | network, over all names | the guesser with many names | leaves it |
//!
//! The owner of the name must not be locked out by the second and third: a network from which the account has signed in
//! before is *familiar* ([`familiar`](super::familiar)), and has a count of its own in place of them. So in any hour
//! an account can be tried [`account_failures`](PasswordLimits::account_failures) times from everywhere, and as often
//! from each familiar network; nobody elsewhere has a hand in what its owner has left there.
//!
//! A name is the text that is looked up, so that variants of case, blanks and Unicode that name the same account share
//! a count, and the count is the same whether or not there is such an account (threat 17).

use std::time::Duration;

use auth_claims::clock::Clock;
use rate_limit::{Key, Limit, Network, Reservation, Throttle, Throttled};

/// How many wrong passwords are too many. A limit of 0 is none. The auth server reads them from `auth.limits.password_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordLimits {
    /// Wrong passwords for one name from one network within `pair_window`. Default: 30.
    pub pair_failures: usize,
    /// How long those count. Default: `1m`.
    pub pair_window: Duration,
    /// Wrong passwords for one name within `window`, from all networks that are not familiar to the account together,
    /// and from each that is. Default: 200.
    pub account_failures: usize,
    /// Wrong passwords from one network within `window`, for all names to which it is not familiar. Default: 1000.
    pub address_failures: usize,
    /// How long those two count. Default: `1h`.
    pub window: Duration,
    /// How many pairs, names and networks are remembered, each. Default: 50000.
    pub remembered: usize,
}

impl Default for PasswordLimits {
    fn default() -> Self {
        Self {
            pair_failures: 30,
            pair_window: Duration::from_mins(1),
            account_failures: 200,
            address_failures: 1000,
            window: Duration::from_hours(1),
            remembered: 50_000,
        }
    }
}

/// The counts. Every check of a password, whatever its dialect, asks here first.
#[derive(Debug)]
pub(crate) struct PasswordGuard {
    pairs: Throttle,
    names: Throttle,
    networks: Throttle,
}

impl PasswordGuard {
    pub(crate) fn new(limits: &PasswordLimits) -> Self {
        let counting = |failures, window| Throttle::new(Some(Limit { failures, window }), limits.remembered);
        Self {
            pairs: counting(limits.pair_failures, limits.pair_window),
            names: counting(limits.account_failures, limits.window),
            networks: counting(limits.address_failures, limits.window),
        }
    }

    /// A place for one password. Waits while others are under way that may use up what is left.
    ///
    /// # Errors
    /// [`Throttled`] when nothing is left.
    pub(crate) async fn admit(
        &self,
        name: &str,
        network: &Network,
        familiar: bool,
        clock: &Clock,
    ) -> Result<Admitted, Throttled> {
        let pair = Key::of(&[network.as_bytes(), name.as_bytes()]);
        // Always in this order, so that two that wait never wait for each other. Networks come first: one that has nothing
        // left puts no names into the other counts, where they could push out somebody's.
        if familiar {
            let short = self.pairs.reserve(pair, clock).await?;
            let long = self.names.reserve(pair, clock).await?;
            return Ok(Admitted { own: vec![short, long], shared: Vec::new() });
        }
        let network = self.networks.reserve(Key::of(&[network.as_bytes()]), clock).await?;
        let short = self.pairs.reserve(pair, clock).await?;
        let name = self.names.reserve(Key::of(&[name.as_bytes()]), clock).await?;
        Ok(Admitted { own: vec![short], shared: vec![name, network] })
    }

    /// What somebody hears who is not familiar and comes now. A familiar network hears the same of a wrong password:
    /// otherwise who has used up the shared counts could tell by the answer which accounts sign in from there.
    ///
    /// # Errors
    /// [`Throttled`] when the name or the network has nothing left.
    pub(crate) fn check_shared(&self, name: &str, network: &Network, now: Duration) -> Result<(), Throttled> {
        self.networks.look(Key::of(&[network.as_bytes()]), now)?;
        self.names.look(Key::of(&[name.as_bytes()]), now)
    }
}

/// A password that is being checked. Dropped without an outcome it counts nowhere.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// Counts that belong to whoever knows the password.
    own: Vec<Reservation>,
    /// Counts to which others add.
    shared: Vec<Reservation>,
}

impl Admitted {
    /// The password was wrong.
    pub(crate) fn failed(self, now: Duration) {
        self.own.into_iter().chain(self.shared).for_each(|place| place.failed(now));
    }

    /// The password was right. What others have tried stays counted: otherwise the owner's sign-ins would give a guesser
    /// new attempts.
    pub(crate) fn succeeded(self) {
        self.own.into_iter().for_each(Reservation::forgiven);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn network(number: u32) -> Network {
        Network::of(Some(IpAddr::V4(Ipv4Addr::from(number))))
    }

    fn clock() -> Clock {
        Clock::manual(DateTime::UNIX_EPOCH)
    }

    /// Whether a wrong password is looked at.
    async fn guess(guard: &PasswordGuard, name: &str, from: u32, familiar: bool, clock: &Clock) -> bool {
        match guard.admit(name, &network(from), familiar, clock).await {
            Ok(admitted) => {
                admitted.failed(clock.uptime());
                true
            }
            Err(_) => false,
        }
    }

    /// Threat 10: however the guesses are spread over addresses and time, a day has room for no more than the limit in
    /// every hour, and a little more where failures share an entry.
    #[tokio::test]
    async fn threat_10_a_day_of_guessing_has_a_bounded_number_of_guesses() {
        let limits = PasswordLimits::default();
        for (addresses, familiar, most) in
            [(1_000_000, false, 200), (7, false, 200), (1, false, 200), (1, true, 200)]
        {
            let (guard, clock) = (PasswordGuard::new(&limits), clock());
            let mut looked_at = 0;
            for number in 0..24 * 60 * 10_u32 {
                looked_at += usize::from(guess(&guard, "ada", number % addresses, familiar, &clock).await);
                clock.advance(TimeDelta::seconds(6));
            }
            assert!(looked_at <= most * 24, "{looked_at} from {addresses}");
            assert!(looked_at >= most * 20, "{looked_at} from {addresses}: ordinary retries have room");
        }
    }

    /// Threat 10: nobody else's guesses, names or addresses change what the owner may do where they have signed in.
    #[tokio::test]
    async fn threat_10_a_familiar_network_is_nobody_elses_to_exhaust() {
        let (guard, clock) = (PasswordGuard::new(&PasswordLimits::default()), clock());
        for number in 1..5000 {
            guess(&guard, "ada", number, false, &clock).await;
            guess(&guard, &format!("name-{number}"), 0, false, &clock).await;
        }
        assert!(!guess(&guard, "ada", 5000, false, &clock).await);
        assert!(!guess(&guard, "bob", 0, false, &clock).await);
        assert!(guess(&guard, "ada", 0, true, &clock).await);
    }

    /// Threats 10 and 18: a flood of names and addresses takes a bounded room, and does not push out the counts that are
    /// in use.
    #[tokio::test]
    async fn threat_18_a_flood_is_bounded_and_frees_nobody() {
        let limits = PasswordLimits {
            remembered: 1000,
            pair_failures: 5,
            account_failures: 10,
            ..PasswordLimits::default()
        };
        let (guard, clock) = (PasswordGuard::new(&limits), clock());
        let mut looked_at = 0;
        for number in 0..20_000 {
            guess(&guard, &format!("name-{number}"), number, false, &clock).await;
            if number % 50 == 0 {
                looked_at += usize::from(guess(&guard, "ada", number + 1_000_000, false, &clock).await);
            }
        }
        assert_eq!(looked_at, 10);
        for table in [&guard.pairs, &guard.names, &guard.networks] {
            assert!(table.len() <= 1100, "{}", table.len());
        }
    }

    /// Threats 10 and 18: a network that may not try any more cannot push out the counts of others, however many names it
    /// comes with and however often.
    #[tokio::test]
    async fn threat_18_an_exhausted_network_frees_nobody() {
        let limits = PasswordLimits {
            remembered: 1000,
            account_failures: 10,
            address_failures: 20,
            ..PasswordLimits::default()
        };
        let (guard, clock) = (PasswordGuard::new(&limits), clock());
        for number in 0..20 {
            guess(&guard, "ada", 1_000_000 + number, false, &clock).await;
            guess(&guard, &format!("name-{number}"), 1, false, &clock).await;
        }
        for number in 0..20_000 {
            for _ in 0..4 {
                assert!(!guess(&guard, &format!("other-{number}"), 1, false, &clock).await);
            }
        }
        assert!(!guess(&guard, "ada", 2, false, &clock).await);
        for table in [&guard.pairs, &guard.names] {
            assert!(table.len() <= 50, "{}", table.len());
        }
    }

    /// Threat 17: the counts that strangers can use up are looked at for everybody.
    #[tokio::test]
    async fn threat_17_what_is_used_up_is_used_up_for_wrong_passwords_from_everywhere() {
        let limits = PasswordLimits { account_failures: 3, address_failures: 5, ..PasswordLimits::default() };
        let (guard, clock) = (PasswordGuard::new(&limits), clock());
        assert_eq!(guard.check_shared("ada", &network(0), clock.uptime()), Ok(()));
        for number in 1..4 {
            assert!(guess(&guard, "ada", number, false, &clock).await);
        }
        assert!(guard.check_shared("ada", &network(9), clock.uptime()).is_err(), "the name");
        for number in 0..5 {
            assert!(guess(&guard, &format!("name-{number}"), 7, false, &clock).await);
        }
        assert!(guard.check_shared("bob", &network(7), clock.uptime()).is_err(), "the network");
        assert_eq!(guard.check_shared("bob", &network(9), clock.uptime()), Ok(()));
    }

    /// A guess that waits for others to end goes on when they end without an outcome, and is refused when they fail.
    #[tokio::test]
    async fn what_waits_is_decided_by_what_it_waits_for() {
        let limits = PasswordLimits { pair_failures: 1, ..PasswordLimits::default() };
        for fails in [false, true] {
            let (guard, clock) = (PasswordGuard::new(&limits), clock());
            let first = guard.admit("ada", &network(1), false, &clock).await.unwrap();
            let place = network(1);
            let mut second = std::pin::pin!(guard.admit("ada", &place, false, &clock));
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
        let limits = PasswordLimits { pair_failures: 2, account_failures: 3, ..PasswordLimits::default() };
        let (guard, clock) = (PasswordGuard::new(&limits), clock());
        assert!(guess(&guard, "ada", 1, false, &clock).await);
        guard.admit("ada", &network(1), false, &clock).await.unwrap().succeeded();
        assert!(guess(&guard, "ada", 1, false, &clock).await);
        assert!(guess(&guard, "ada", 2, false, &clock).await);
        assert!(!guess(&guard, "ada", 1, false, &clock).await, "three of the name");
    }
}
