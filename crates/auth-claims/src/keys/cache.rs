//! Published keys by id, parsed once, refreshed by one fetch at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{Jwk, JwkSet, KeySource, SourceError, VerifyingKey};
use crate::clock::Clock;

/// No fetch is waited for longer, whatever its source promises.
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// When the cache asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCacheSettings {
    /// After a fetch that brought no new key the next one waits this long, however many unknown key ids arrive. One that
    /// did is no reason to wait: of two rotations in a row the second is learnt at once, too. Default 5 s.
    pub min_refresh: Duration,
    /// Keys older than this are fetched anew in the background, at their next use. Default 300 s.
    pub max_age: Duration,
}

impl Default for KeyCacheSettings {
    fn default() -> Self {
        Self { min_refresh: Duration::from_secs(5), max_age: Duration::from_mins(5) }
    }
}

/// What a look-up found.
#[derive(Debug, Clone)]
pub enum KeyLookup {
    /// The key.
    Found(Arc<VerifyingKey>),
    /// The issuer publishes no such key.
    Unknown,
    /// Nobody can tell: the keys could not be fetched.
    Unavailable,
}

/// The issuer's keys. Cheap to clone.
///
/// A known id is answered from memory without waiting, even while a refresh runs or fails. An unknown id waits for
/// the refresh under way or starts one; within `min_refresh` of the last one that brought nothing new it is simply
/// unknown. A failed refresh keeps the keys there are.
#[derive(Clone)]
pub struct KeyCache(Arc<Shared>);

struct Shared {
    source: Arc<dyn KeySource>,
    clock: Clock,
    settings: KeyCacheSettings,
    keys: ArcSwap<Keys>,
    attempts: Mutex<Attempts>,
}

#[derive(Default)]
struct Keys {
    published: HashMap<String, (Jwk, Arc<VerifyingKey>)>,
    fetched_at: Option<Duration>,
    generation: u64,
}

#[derive(Default)]
struct Attempts {
    started_at: Option<Duration>,
    failed: bool,
    /// Closed once the fetch is over, be it by an answer, a failure or the end of the task that ran it.
    flight: Option<watch::Receiver<()>>,
}

impl KeyCache {
    /// An empty cache over `source`; the first look-up fills it.
    #[must_use]
    pub fn new(source: Arc<dyn KeySource>, clock: Clock, settings: KeyCacheSettings) -> Self {
        let (keys, attempts) = (ArcSwap::default(), Mutex::default());
        Self(Arc::new(Shared { source, clock, settings, keys, attempts }))
    }

    /// Looks a key up by its id.
    pub async fn find(&self, kid: &str) -> KeyLookup {
        if let Some(key) = self.known(kid) {
            self.keep_fresh();
            return KeyLookup::Found(key);
        }
        if let Some(mut flight) = self.refresh() {
            // Nothing is ever sent: the wait ends when the sender is gone.
            let _ = flight.changed().await;
        }
        match self.known(kid) {
            Some(key) => KeyLookup::Found(key),
            None if self.attempts().failed => KeyLookup::Unavailable,
            None => KeyLookup::Unknown,
        }
    }

    /// Fetches the keys if there are none yet, and says whether there are now. For readiness checks.
    pub async fn warm(&self) -> bool {
        if self.0.keys.load().fetched_at.is_none()
            && let Some(mut flight) = self.refresh()
        {
            let _ = flight.changed().await;
        }
        self.0.keys.load().fetched_at.is_some()
    }

    /// Counts the times a key was withdrawn or replaced, and sees to it that old keys are fetched anew. Whoever
    /// remembers a verification compares this number, so that a withdrawn key takes its verifications with it.
    pub(crate) fn generation(&self) -> u64 {
        self.keep_fresh();
        self.0.keys.load().generation
    }

    fn known(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        self.0.keys.load().published.get(kid).map(|(_, key)| Arc::clone(key))
    }

    fn keep_fresh(&self) {
        let fetched_at = self.0.keys.load().fetched_at;
        let old = |at: Duration| self.0.clock.uptime().saturating_sub(at) >= self.0.settings.max_age;
        if fetched_at.is_some_and(old) {
            drop(self.refresh());
        }
    }

    /// Joins the fetch under way, or starts one unless the last was started too recently.
    fn refresh(&self) -> Option<watch::Receiver<()>> {
        let mut attempts = self.attempts();
        if let Some(flight) = attempts.flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Some(flight.clone());
        }
        let now = self.0.clock.uptime();
        let too_soon = |at: Duration| now.saturating_sub(at) < self.0.settings.min_refresh;
        if attempts.started_at.is_some_and(too_soon) {
            return None;
        }
        let (done, flight) = watch::channel(());
        attempts.started_at = Some(now);
        attempts.failed = true; // until the answer is there, and if the task dies before
        attempts.flight = Some(flight.clone());
        drop(attempts);
        let cache = self.clone();
        // A task of its own, so that the fetch outlives the request that caused it.
        tokio::spawn(async move {
            cache.fetch().await;
            drop(done);
        });
        Some(flight)
    }

    #[tracing::instrument(name = "jwks.refresh", skip_all)]
    async fn fetch(&self) {
        let fetched = match tokio::time::timeout(FETCH_LIMIT, self.0.source.fetch()).await {
            Ok(answer) => answer.and_then(|set| self.replace(set)),
            Err(_) => Err(SourceError::new("the key set did not arrive in time")),
        };
        let outcome = if fetched.is_ok() { "success" } else { "failure" };
        metrics::counter!("tessera_jwks_refreshes_total", "outcome" => outcome).increment(1);
        if let Err(error) = &fetched {
            tracing::warn!(%error, "kept the old signing keys: {error}");
        }
        let mut attempts = self.attempts();
        attempts.failed = fetched.is_err();
        if fetched.is_ok_and(|brought_news| brought_news) {
            attempts.started_at = None;
        }
    }

    /// Takes a key set in, and tells whether it holds a key that was not known.
    fn replace(&self, set: JwkSet) -> Result<bool, SourceError> {
        let old = self.0.keys.load();
        let mut published = HashMap::with_capacity(set.keys.len());
        for jwk in set.keys {
            let known = old.published.get(&jwk.kid).filter(|(known, _)| *known == jwk);
            let key = match known {
                Some((_, key)) => Arc::clone(key),
                None => match VerifyingKey::parse(&jwk) {
                    Ok(key) => Arc::new(key),
                    Err(error) => {
                        tracing::warn!(%error, "passed over a published key: {error}");
                        continue;
                    }
                },
            };
            published.insert(jwk.kid.clone(), (jwk, key));
        }
        if published.is_empty() {
            return Err(SourceError::new("the key set holds no usable key"));
        }
        let kept =
            |(kid, (jwk, _)): (&String, &(Jwk, _))| published.get(kid).is_some_and(|(new, _)| new == jwk);
        let generation = old.generation + u64::from(!old.published.iter().all(kept));
        let news = published.keys().any(|kid| !old.published.contains_key(kid));
        let fetched_at = Some(self.0.clock.uptime());
        self.0.keys.store(Arc::new(Keys { published, fetched_at, generation }));
        Ok(news)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
