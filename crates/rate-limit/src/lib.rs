//! Counts within a window that slides: of failures, to slow down whoever guesses ([`Throttle`]), and of requests, to slow
//! down whoever asks too often ([`RequestRate`]). Where no contract demands that window, [`Pace`] does the latter for less.
//!
//! Every table is bounded: its entries are small, and a flood of keys that appear once pushes out other keys that appeared
//! once, not those that keep coming back. Each replica counts for itself; what replicas have to count together is kept in a
//! database by its owner, with [`Places`] for what is under way.
//!
//! Instants are the clock's uptime, which does not jump when somebody sets the machine's time. What is counted, by which
//! key, and what a refusal looks like is the caller's. To count something else: a type beside these two over `Events`.

mod bucket;
mod events;
mod key;
mod network;
mod pace;
mod places;
mod requests;
mod throttle;

use std::time::Duration;

pub use self::bucket::Reservation;
pub use self::key::Key;
pub use self::network::Network;
pub use self::pace::Pace;
pub use self::places::{Place, Places};
pub use self::requests::{Rate, RequestRate};
pub use self::throttle::{Limit, Throttle};

/// The key is refused until this much time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// Whole seconds, at least one.
    pub retry_after: u64,
}

impl Throttled {
    /// Whole seconds, rounded up: nobody is told to come back at once.
    #[must_use]
    pub fn after(left: Duration) -> Self {
        let whole = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Self { retry_after: whole.max(1) }
    }
}
