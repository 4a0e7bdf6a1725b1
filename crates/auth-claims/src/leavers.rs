//! Accounts that are deleted, for services that keep things of people in databases of their own.
//!
//! | moment | what happens |
//! | --- | --- |
//! | the feed tells of a deleted account | it waits here; nobody who follows the feed is held up |
//! | at once | the service is asked, for many accounts together, which of them anything belongs to |
//! | for each of those | what belongs to it is removed, in the service's own transaction |
//! | a failure | it is tried again, after a pause that grows from one second to one minute |
//! | a minute later | a second look: a request that was let in before the deletion may have written after the first |
//!
//! Nothing is remembered on disk. A service that starts reads the feed from its beginning, where a deleted account stands
//! for thirty days, and asks for all of them again; so does every replica. Hence both questions of [`Belongings`] have to
//! be cheap and to mean the same when they are asked twice. A service that was away for longer than thirty days keeps what
//! it has of those who were deleted meanwhile, under ids that nobody gets again.

mod waiting;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use self::waiting::Waiting;
pub(crate) use self::waiting::Watched;
use crate::revocations::RevocationIndex;
use crate::source::SourceError;

/// So many accounts are asked about at a time.
const BATCH: usize = 500;
/// From the first look to the second: longer than any request takes.
const SECOND_LOOK: Duration = Duration::from_mins(1);
/// The pause after a failure, doubled for each further one in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What a service keeps of people. Other replicas may do the same at the same time.
pub trait Belongings: Send + Sync + 'static {
    /// The name of the service, for logs and metrics.
    fn service(&self) -> &'static str;

    /// Which of these accounts anything belongs to. One query or few, for up to 500 accounts.
    fn holders_among(&self, accounts: Vec<String>) -> BoxFuture<'_, Result<Vec<String>, SourceError>>;

    /// Removes or anonymises what belongs to an account, and records it. For one that nothing belongs to any more it does
    /// nothing.
    fn part_with(&self, account: String) -> BoxFuture<'_, Result<(), SourceError>>;
}

/// A task that sees to deleted accounts; it ends when this value is dropped.
#[derive(Debug)]
pub struct Leavers(JoinHandle<()>);

impl Leavers {
    /// Starts it, on the current runtime, with what this index hears of the feed.
    #[must_use]
    pub fn watch(index: &RevocationIndex, belongings: Arc<dyn Belongings>) -> Self {
        let task = Task { waiting: index.watch_leavers(), belongings, later: BTreeSet::new(), failures: 0 };
        for outcome in ["done", "failed"] {
            let service = task.belongings.service();
            metrics::counter!("tessera_leavers_total", "service" => service, "outcome" => outcome)
                .increment(0);
        }
        Self(tokio::spawn(task.run()))
    }
}

impl Drop for Leavers {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Which look at an account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    First,
    Second,
}

struct Task {
    waiting: Arc<Waiting>,
    belongings: Arc<dyn Belongings>,
    /// Who is looked at later, by when: after a failure, or a second time.
    later: BTreeSet<(Instant, String, Look)>,
    /// Failures in a row.
    failures: u32,
}

impl Task {
    async fn run(mut self) {
        loop {
            let (accounts, look) = self.next().await;
            let failed = self.see_to(&accounts).await;
            self.failures = if failed.is_empty() { 0 } else { self.failures.saturating_add(1) };
            let now = Instant::now();
            for account in accounts {
                if failed.contains(&account) {
                    self.later.insert((now + self.pause(), account, look));
                } else if look == Look::First {
                    self.later.insert((now + SECOND_LOOK, account, Look::Second));
                }
            }
        }
    }

    /// Waits for accounts, those that the feed has just told of or those whose time has come.
    async fn next(&mut self) -> (Vec<String>, Look) {
        let waiting = Arc::clone(&self.waiting);
        let Some((due, ..)) = self.later.first() else { return (waiting.take(BATCH).await, Look::First) };
        tokio::select! {
            accounts = waiting.take(BATCH) => (accounts, Look::First),
            () = sleep_until(*due) => self.due(),
        }
    }

    /// Those whose time has come and who are looked at for the same time.
    fn due(&mut self) -> (Vec<String>, Look) {
        let (now, mut accounts) = (Instant::now(), Vec::new());
        let look = self.later.first().map_or(Look::Second, |(_, _, look)| *look);
        while let Some((due, _, other)) = self.later.first() {
            if *due > now || *other != look || accounts.len() == BATCH {
                break;
            }
            accounts.extend(self.later.pop_first().map(|(_, account, _)| account));
        }
        (accounts, look)
    }

    /// Sees to each of these; with whom it failed.
    async fn see_to(&self, accounts: &[String]) -> BTreeSet<String> {
        let service = self.belongings.service();
        let holders = match self.belongings.holders_among(accounts.to_vec()).await {
            Ok(holders) => holders,
            Err(error) => {
                self.complain(&error);
                return accounts.iter().cloned().collect();
            }
        };
        let mut failed = BTreeSet::new();
        for account in holders {
            let done = self.belongings.part_with(account.clone()).await;
            let outcome = if done.is_ok() { "done" } else { "failed" };
            metrics::counter!("tessera_leavers_total", "service" => service, "outcome" => outcome)
                .increment(1);
            match done {
                Ok(()) => {
                    tracing::info!(account.id = account, service, "{service}: account {account} has left");
                }
                Err(error) => {
                    self.complain(&error);
                    failed.insert(account);
                }
            }
        }
        failed
    }

    fn complain(&self, error: &SourceError) {
        let service = self.belongings.service();
        if self.failures.saturating_add(1).is_power_of_two() {
            tracing::warn!(%error, service, "{service}: what deleted accounts leave is removed later: {error}");
        }
    }

    fn pause(&self) -> Duration {
        FIRST_PAUSE.saturating_mul(1 << self.failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
    }
}
