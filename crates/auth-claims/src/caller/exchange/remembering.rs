//! Exchanged tokens, kept for a short time; one exchange at a time for each credential.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use tracing::Instrument as _;

use super::{Exchange, ExchangeError, ExchangeRefusal, ExchangeSource};
use crate::clock::Clock;

/// An answer is used this long at most, and never beyond its own life.
const LONGEST_USE: Duration = Duration::from_mins(1);
/// So many answers are remembered.
const REMEMBERED: usize = 10_000;
/// So many exchanges are under way or wait for their turn; what comes then is turned away.
const IN_LINE: usize = 1024;
/// Longer credentials are refused without asking.
const LONGEST_CREDENTIAL: usize = 16 * 1024;

type Flight = Shared<BoxFuture<'static, Result<Arc<Kept>, ExchangeError>>>;

/// A keyed hash of the credential: a dump of the memory shows no look-up key that could be tried out elsewhere.
type Key = [u8; 32];

/// An exchange over a source that is asked once for all requests with one credential.
///
/// | a credential | is answered |
/// | --- | --- |
/// | exchanged less than 60 s ago, its token alive | from memory, until somebody calls [`Exchange::forget`] |
/// | being exchanged | by the exchange under way |
/// | any other | by the source, unless 1024 exchanges are under way already |
///
/// The address of the client is no part of it: a wrong credential is one try for whoever was first, and the right one is
/// the same from everywhere. Only successes are remembered, 10 000 of them. A token that was revoked is noticed by whoever verifies it, and
/// forgotten then ([`Authenticator`](crate::caller::Authenticator)).
pub struct Remembering<S>(Arc<Broker<S>>);

struct Broker<S> {
    source: S,
    clock: Clock,
    /// None where the system has no random numbers: nothing is exchanged then.
    hasher: Option<hmac::Key>,
    answers: Cache<Key, Arc<Kept>>,
    flights: Mutex<HashMap<Key, Flight>>,
}

struct Kept {
    token: SecretString,
    until: Duration,
}

impl<S: ExchangeSource> Remembering<S> {
    /// Remembers nothing yet. Ages by this clock.
    #[must_use]
    pub fn new(source: S, clock: Clock) -> Self {
        let hasher = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).ok();
        let (answers, flights) = (Cache::new(REMEMBERED), Mutex::default());
        Self(Arc::new(Broker { source, clock, hasher, answers, flights }))
    }

    /// Where the tokens come from.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.0.source
    }

    async fn get(&self, token_type: &str, token: &str, address: IpAddr) -> Result<String, ExchangeError> {
        if token.len() > LONGEST_CREDENTIAL {
            return Err(ExchangeRefusal::Invalid.into());
        }
        let key = self.0.key(token_type, token).ok_or(ExchangeError::Unavailable)?;
        if let Some(kept) = self.0.remembered(&key) {
            return Ok(kept.token.expose_secret().to_owned());
        }
        let flight = self.0.flight(key, token_type, token, address).ok_or(ExchangeError::Unavailable)?;
        let kept = flight.await?;
        Ok(kept.token.expose_secret().to_owned())
    }
}

impl<S: ExchangeSource> Exchange for Remembering<S> {
    fn exchange<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a str,
        client_address: IpAddr,
    ) -> BoxFuture<'a, Result<String, ExchangeError>> {
        self.get(subject_token_type, subject_token, client_address).boxed()
    }

    fn forget(&self, subject_token_type: &str, subject_token: &str) {
        if let Some(key) = self.0.key(subject_token_type, subject_token) {
            self.0.answers.remove(&key);
        }
    }
}

impl<S> std::fmt::Debug for Remembering<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembering").field("remembered", &self.0.answers.len()).finish_non_exhaustive()
    }
}

impl<S: ExchangeSource> Broker<S> {
    fn key(&self, token_type: &str, token: &str) -> Option<Key> {
        let Some(hasher) = &self.hasher else {
            tracing::error!("nothing can be exchanged: the system has no random numbers");
            return None;
        };
        let mut context = hmac::Context::with_key(hasher);
        context.update(&token_type.len().to_be_bytes()); // so that no type and token run into each other
        context.update(token_type.as_bytes());
        context.update(token.as_bytes());
        let mut key = Key::default();
        key.copy_from_slice(context.sign().as_ref());
        Some(key)
    }

    fn remembered(&self, key: &Key) -> Option<Arc<Kept>> {
        let kept = self.answers.get(key)?;
        if self.clock.uptime() < kept.until {
            return Some(kept);
        }
        self.answers.remove(key);
        None
    }

    /// Joins the exchange of this credential that is under way, or starts one unless too many are.
    fn flight(self: &Arc<Self>, key: Key, token_type: &str, token: &str, address: IpAddr) -> Option<Flight> {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&key) {
            return Some(flight.clone());
        }
        if flights.len() >= IN_LINE {
            return None;
        }
        let landing = Landing { broker: Arc::clone(self), key };
        let (token_type, token) = (token_type.to_owned(), SecretString::from(token));
        let flight = async move {
            let outcome = landing.broker.ask(&token_type, &token, address).await;
            if let Ok(kept) = &outcome {
                landing.broker.answers.insert(landing.key, Arc::clone(kept));
            }
            outcome
        }
        // Of the trace of the request that began it, whoever polls it.
        .in_current_span()
        .boxed()
        .shared();
        flights.insert(key, flight.clone());
        drop(flights);
        tokio::spawn(flight.clone()); // it comes to its end even if those who wait for it go away
        Some(flight)
    }

    #[tracing::instrument(name = "token.exchange", skip_all, fields(subject_token_type = token_type))]
    async fn ask(
        &self,
        token_type: &str,
        token: &SecretString,
        address: IpAddr,
    ) -> Result<Arc<Kept>, ExchangeError> {
        let asked_at = self.clock.uptime();
        let outcome = self.source.ask(token_type, token, address).await;
        let label = match &outcome {
            Ok(_) => "success",
            Err(ExchangeError::Refused(_)) => "refused",
            Err(ExchangeError::Throttled { .. }) => "throttled",
            Err(ExchangeError::Unavailable) => "failure",
        };
        metrics::counter!("tessera_exchanges_total", "outcome" => label).increment(1);
        let exchanged = outcome?;
        let until = asked_at + exchanged.expires_in.min(LONGEST_USE);
        Ok(Arc::new(Kept { token: exchanged.access_token, until }))
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a flight off the list when it has ended, however it ended.
struct Landing<S: ExchangeSource> {
    broker: Arc<Broker<S>>,
    key: Key,
}

impl<S: ExchangeSource> Drop for Landing<S> {
    fn drop(&mut self) {
        let landed = self.broker.flights().remove(&self.key);
        drop(landed);
    }
}
