//! The names of accounts that are enabled, as they were when the feed's counter stood where it does.
//!
//! Whatever ends such a name moves the counter in its own transaction: an account that is disabled, deleted, or renamed. So
//! a name counts for as long as the counter stays, and a minute at most: replicas of the version before rename without moving it.

use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::time::Instant;

/// So many accounts' names are remembered: some two megabytes.
const REMEMBERED: usize = 10_000;
/// How long one counts.
const LONGEST: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Names(Cache<String, Named>);

#[derive(Debug, Clone)]
struct Named {
    login: String,
    counter: i64,
    read_at: Instant,
}

impl Default for Names {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Names {
    /// The name of this account with the counter here, if it was read.
    pub(super) fn at(&self, account: &str, counter: i64) -> Option<String> {
        let named = self.0.get(account)?;
        (named.counter == counter && named.read_at.elapsed() < LONGEST).then_some(named.login)
    }

    /// Notes what was read together with the counter.
    pub(super) fn note(&self, account: &str, login: &str, counter: i64) {
        let named = Named { login: login.to_owned(), counter, read_at: Instant::now() };
        self.0.insert(account.to_owned(), named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_name_counts_with_its_counter_and_for_a_minute() {
        let names = Names::default();
        names.note("account", "ada", 7);
        assert_eq!(names.at("account", 7).as_deref(), Some("ada"));
        assert_eq!((names.at("account", 8), names.at("another", 7)), (None, None));
        tokio::time::advance(LONGEST).await;
        assert_eq!(names.at("account", 7), None);
    }
}
