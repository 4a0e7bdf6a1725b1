//! Follows the revocation feed and keeps an index up to date.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{RevocationIndex, RevocationPage, RevocationSource, SourceError};
use crate::clock::Clock;

/// Room for the answer to a long poll to arrive, beyond the wait that was asked for.
const ANSWER_MARGIN: Duration = Duration::from_secs(10);
/// An empty answer that comes faster than this was not waited for: the next question is held back a little.
const HASTY: Duration = Duration::from_millis(200);

/// A service that has heard nothing for longer says that it is not ready (contracts/oauth2.md §6).
pub const LONGEST_SILENCE: Duration = Duration::from_mins(1);

/// How the feed is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerSettings {
    /// How long the source may wait for news. Default 25 s; the feed grants at most 30.
    pub wait: Duration,
    /// First pause after a failure, doubled for each further one. Default 100 ms.
    pub first_pause: Duration,
    /// Longest pause after failures. Default 2 s.
    pub longest_pause: Duration,
    /// How often outdated revocations are dropped from memory. Default 60 s.
    pub prune_every: Duration,
}

impl Default for FollowerSettings {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(25),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(2),
            prune_every: Duration::from_mins(1),
        }
    }
}

/// How the feed is doing, for readiness and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedHealth {
    /// Time since the feed last answered; `None` before it was first read to its end.
    pub silent_for: Option<Duration>,
}

/// A feed that was silent for too long, or never spoke: whoever lives on it is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the revocation feed was silent for longer than {LONGEST_SILENCE:?}, or never spoke")]
pub struct FeedLost;

impl FeedHealth {
    /// Whether the feed answered within `limit`. The contract's default limit is 60 s, well above one long poll.
    #[must_use]
    pub fn is_alive(self, limit: Duration) -> bool {
        self.silent_for.is_some_and(|silence| silence <= limit)
    }
}

/// A task that follows the feed; it ends when this value is dropped.
#[derive(Debug)]
pub struct Follower {
    task: JoinHandle<()>,
    index: Arc<RevocationIndex>,
    clock: Clock,
}

impl Follower {
    /// Starts following from the feed's beginning, on the current runtime.
    #[must_use]
    pub fn spawn(source: Arc<dyn RevocationSource>, index: Arc<RevocationIndex>, clock: Clock) -> Self {
        Self::spawn_with(source, index, clock, FollowerSettings::default())
    }

    /// The same, with settings.
    #[must_use]
    pub fn spawn_with(
        source: Arc<dyn RevocationSource>,
        index: Arc<RevocationIndex>,
        clock: Clock,
        settings: FollowerSettings,
    ) -> Self {
        let reader = Reader {
            source,
            index: Arc::clone(&index),
            clock: clock.clone(),
            settings,
            next: 0,
            pruned_at: clock.uptime(),
        };
        Self { task: tokio::spawn(reader.follow()), index, clock }
    }

    /// How the feed is doing.
    #[must_use]
    pub fn health(&self) -> FeedHealth {
        self.index.health(&self.clock)
    }

    /// Sets the gauges of this service's feed: how long ago it was last heard, and how many revocations are held.
    pub fn report(&self, service: &str) {
        let silence = self.health().silent_for.unwrap_or_else(|| self.clock.uptime());
        metrics::gauge!("tessera_revocation_lag_seconds", "service" => service.to_owned())
            .set(silence.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("tessera_revocations_held", "service" => service.to_owned())
            .set(self.index.len() as f64);
    }

    /// The readiness check of a service that follows the feed.
    ///
    /// # Errors
    /// When the feed was silent for longer than [`LONGEST_SILENCE`], or never spoke.
    pub fn ensure_alive(&self) -> Result<(), FeedLost> {
        if self.health().is_alive(LONGEST_SILENCE) { Ok(()) } else { Err(FeedLost) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RevocationIndex {
    /// How the feed that fills this index is doing.
    #[must_use]
    pub fn health(&self, clock: &Clock) -> FeedHealth {
        FeedHealth { silent_for: self.last_contact().map(|at| clock.uptime().saturating_sub(at)) }
    }
}

struct Reader {
    source: Arc<dyn RevocationSource>,
    index: Arc<RevocationIndex>,
    clock: Clock,
    settings: FollowerSettings,
    next: i64,
    pruned_at: Duration,
}

impl Reader {
    async fn follow(mut self) {
        let mut failures = 0_u32;
        loop {
            let asked_at = tokio::time::Instant::now();
            let pause = match self.read().await {
                Ok(entries) => {
                    failures = 0;
                    if entries == 0 && asked_at.elapsed() < HASTY { HASTY } else { Duration::ZERO }
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    if u32::is_power_of_two(failures) {
                        tracing::warn!(%error, failures, "the revocation feed failed: {error}");
                    }
                    self.pause_after(failures)
                }
            };
            self.prune();
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Asks once and takes the answer in; how many entries there were. A trace of its own: no request causes it.
    #[tracing::instrument(name = "revocations.poll", parent = None, skip_all)]
    async fn read(&mut self) -> Result<usize, SourceError> {
        // The first question does not wait: an empty feed shall make the service ready at once.
        let wait = if self.index.last_contact().is_none() { Duration::ZERO } else { self.settings.wait };
        let page = tokio::time::timeout(wait + ANSWER_MARGIN, self.source.after(self.next, wait))
            .await
            .map_err(|_| SourceError::new("the revocation feed did not answer in time"))??;
        self.take_in(&page)
    }

    fn take_in(&mut self, page: &RevocationPage) -> Result<usize, SourceError> {
        if page.next < self.next {
            // The feed knows less than we read from it: an older database stands behind it. What it says comes
            // again from the start. What we know stays until it expires or is lifted: rather too much than too little.
            tracing::warn!(expected = self.next, got = page.next, "the revocation feed starts over");
            self.index.start_over();
            self.next = 0;
            return Ok(1);
        }
        if !page.entries.is_empty() && page.next == self.next {
            return Err(SourceError::new("the revocation feed does not move on"));
        }
        for entry in &page.entries {
            self.index.apply(entry);
        }
        self.next = page.next;
        // Until its end was reached once, the feed is known in parts only.
        if page.entries.is_empty() || self.index.last_contact().is_some() {
            self.index.note_contact(self.clock.uptime());
        }
        Ok(page.entries.len())
    }

    /// Doubles with every failure, up to the limit, and spreads the followers of a restarted server over half of it.
    fn pause_after(&self, failures: u32) -> Duration {
        let doubled = self.settings.first_pause.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let pause = doubled.min(self.settings.longest_pause);
        let spread = u32::try_from(RandomState::new().hash_one(failures) % 1024).unwrap_or(0);
        pause / 2 + pause.saturating_mul(spread) / 2048
    }

    fn prune(&mut self) {
        let now = self.clock.uptime();
        if now.saturating_sub(self.pruned_at) >= self.settings.prune_every {
            self.pruned_at = now;
            self.index.prune(self.clock.unix());
        }
    }
}
