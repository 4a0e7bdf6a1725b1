//! Published keys by id, parsed once, refreshed by one fetch at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, watch};
use tracing::{Instrument as _, Span};

use super::{Jwk, JwkSet, KeySource, SourceError, VerifyingKey};
use crate::clock::Clock;

/// No fetch is waited for longer, whatever its source promises.
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// So many look-ups wait for the next fetch; what comes then is told that nobody can tell.
const IN_LINE: usize = 1024;

/// When the cache asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCacheSettings {
    /// After a fetch that brought no new key the next one waits this long, however many unknown key ids arrive, and they
    /// wait with it. One that did is no reason to wait: of two rotations in a row the second is learnt at once, too.
    /// Default 1 s: as long as a new key can be delayed by ids that somebody makes up.
    pub min_refresh: Duration,
    /// Keys older than this are fetched anew in the background, at their next use: as long as a withdrawn key can live on
    /// where nothing signed by its successor arrives. Default 30 s.
    pub max_age: Duration,
}

impl Default for KeyCacheSettings {
    fn default() -> Self {
        Self { min_refresh: Duration::from_secs(1), max_age: Duration::from_secs(30) }
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
/// | an id | is answered |
/// | --- | --- |
/// | known | from memory without waiting, even while a fetch runs or fails |
/// | unknown | by a fetch that began after it came, at most `min_refresh` later than the one before |
/// | unknown, after a fetch failed | `Unavailable`, until `min_refresh` has passed; the keys there are stay |
/// | unknown, while 1024 others wait for the next fetch | `Unavailable` |
#[derive(Clone)]
pub struct KeyCache(Arc<Shared>);

struct Shared {
    source: Arc<dyn KeySource>,
    clock: Clock,
    settings: KeyCacheSettings,
    keys: ArcSwap<Keys>,
    line: Semaphore,
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
    /// The last fetch.
    flight: Option<Flight>,
}

/// Closed once the fetch is over, be it by an answer, a failure or the end of the task that ran it. True when it brought
/// keys.
type Flight = watch::Receiver<bool>;

/// What came of asking for a fetch.
enum Refresh {
    /// One begins now.
    Begins(Flight),
    /// One was under way already.
    UnderWay(Flight),
    /// The next one may begin after this time.
    TooSoon(Duration),
    /// It is too soon for the next one, and the last one failed.
    FailedJustNow,
}

/// Waits for the end of a fetch, and tells whether it brought keys.
async fn landing(mut flight: Flight) -> bool {
    while flight.changed().await.is_ok() {}
    *flight.borrow()
}

impl KeyCache {
    /// An empty cache over `source`; the first look-up fills it.
    #[must_use]
    pub fn new(source: Arc<dyn KeySource>, clock: Clock, settings: KeyCacheSettings) -> Self {
        let (keys, line, attempts) = (ArcSwap::default(), Semaphore::new(IN_LINE), Mutex::default());
        Self(Arc::new(Shared { source, clock, settings, keys, line, attempts }))
    }

    /// Looks a key up by its id.
    pub async fn find(&self, kid: &str) -> KeyLookup {
        if let Some(key) = self.known(kid) {
            self.keep_fresh();
            return KeyLookup::Found(key);
        }
        let learnt = self.learn(kid).await;
        match self.known(kid) {
            Some(key) => KeyLookup::Found(key),
            None if learnt => KeyLookup::Unknown,
            None => KeyLookup::Unavailable,
        }
    }

    /// Waits until the key is there, or a fetch that began from now on has ended without it. False when the keys could
    /// not be had.
    // Threat 18: were an unknown id refused at once, whoever makes ids up all the time could keep a new key out.
    async fn learn(&self, kid: &str) -> bool {
        let next = match self.refresh(Span::current()) {
            // It may have asked before the key was published; the one after it has not.
            Refresh::UnderWay(flight) => {
                if !landing(flight).await {
                    return false;
                }
                if self.known(kid).is_some() {
                    return true;
                }
                self.refresh(Span::current())
            }
            next => next,
        };
        match next {
            Refresh::Begins(flight) | Refresh::UnderWay(flight) => landing(flight).await,
            Refresh::TooSoon(pause) => self.wait_for_next(kid, pause).await,
            Refresh::FailedJustNow => false,
        }
    }

    async fn wait_for_next(&self, kid: &str, pause: Duration) -> bool {
        let Ok(_place) = self.0.line.try_acquire() else { return false };
        tokio::time::sleep(pause).await;
        if self.known(kid).is_some() {
            return true;
        }
        match self.refresh(Span::current()) {
            Refresh::Begins(flight) | Refresh::UnderWay(flight) => landing(flight).await,
            Refresh::TooSoon(_) => true, // it has come and gone, without the key
            Refresh::FailedJustNow => false,
        }
    }

    /// Fetches the keys if there are none yet, and says whether there are now. For readiness checks.
    pub async fn warm(&self) -> bool {
        if self.0.keys.load().fetched_at.is_none()
            && let Refresh::Begins(flight) | Refresh::UnderWay(flight) = self.refresh(Span::current())
        {
            landing(flight).await;
        }
        self.0.keys.load().fetched_at.is_some()
    }

    /// How long ago the keys were last fetched; since the start of this process, as long as they never were.
    #[must_use]
    pub fn age(&self) -> Duration {
        let now = self.0.clock.uptime();
        self.0.keys.load().fetched_at.map_or(now, |at| now.saturating_sub(at))
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
            // Nobody waits for it, so it belongs to no request's trace.
            drop(self.refresh(Span::none()));
        }
    }

    /// Joins the fetch under way, or starts one unless the last was started too recently.
    fn refresh(&self, cause: Span) -> Refresh {
        let mut attempts = self.attempts();
        if let Some(flight) = attempts.flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Refresh::UnderWay(flight.clone());
        }
        let now = self.0.clock.uptime();
        let pause = |at: Duration| self.0.settings.min_refresh.saturating_sub(now.saturating_sub(at));
        if let Some(pause) = attempts.started_at.map(pause).filter(|pause| !pause.is_zero()) {
            let has_failed = attempts.flight.as_ref().is_some_and(|flight| !*flight.borrow());
            return if has_failed { Refresh::FailedJustNow } else { Refresh::TooSoon(pause) };
        }
        let (done, flight) = watch::channel(false);
        attempts.started_at = Some(now);
        attempts.flight = Some(flight.clone());
        drop(attempts);
        let cache = self.clone();
        // A task of its own, so that the fetch outlives the request that caused it.
        let fetch = async move {
            done.send_replace(cache.fetch().await);
        };
        tokio::spawn(fetch.instrument(cause));
        Refresh::Begins(flight)
    }

    #[tracing::instrument(name = "jwks.refresh", skip_all)]
    async fn fetch(&self) -> bool {
        let fetched = match tokio::time::timeout(FETCH_LIMIT, self.0.source.fetch()).await {
            Ok(answer) => answer.and_then(|set| self.replace(set)),
            Err(_) => Err(SourceError::new("the key set did not arrive in time")),
        };
        let outcome = if fetched.is_ok() { "success" } else { "failure" };
        metrics::counter!("tessera_jwks_refreshes_total", "outcome" => outcome).increment(1);
        if let Err(error) = &fetched {
            tracing::warn!(%error, "kept the old signing keys: {error}");
        }
        let is_fetched = fetched.is_ok();
        if fetched.is_ok_and(|brought_news| brought_news) {
            self.attempts().started_at = None;
        }
        is_fetched
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
