//! The exchange of foreign credentials for access tokens (RFC 8693), remembered for a short time.

mod answer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth_claims::caller::{Exchange, ExchangeError, ExchangeRefusal};
use auth_claims::clock::Clock;
use aws_lc_rs::{hmac, rand};
use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use url::Url;

use crate::Authority;
use crate::settings::{AuthoritySettings, Endpoints};
use crate::transport::{Answer, AuthorityError, TOKEN_ANSWER, Transport};

/// An answer is used this long at most, and never beyond its own life.
const LONGEST_USE: Duration = Duration::from_mins(1);
/// So many answers are remembered.
const REMEMBERED: usize = 10_000;
/// So many exchanges run at once; more wait for their turn, within the request's timeout.
const AT_ONCE: usize = 64;
/// So many wait for their turn; what comes then is turned away.
const IN_LINE: usize = 1024;
/// Longer credentials are refused without asking.
const LONGEST_CREDENTIAL: usize = 16 * 1024;

type Flight = Shared<BoxFuture<'static, Result<Arc<Exchanged>, ExchangeError>>>;

/// A keyed hash of the credential: a dump of the memory shows no look-up key that could be tried out elsewhere.
type Key = [u8; 32];

pub(crate) struct Exchanges(Arc<Broker>);

struct Broker {
    settings: Arc<AuthoritySettings>,
    token_url: Url,
    transport: Transport,
    clock: Clock,
    hasher: hmac::Key,
    answers: Cache<Key, Arc<Exchanged>>,
    flights: Mutex<HashMap<Key, Flight>>,
    turns: Semaphore,
}

struct Exchanged {
    token: SecretString,
    until: Duration,
}

impl Exchange for Authority {
    fn exchange<'a>(
        &'a self,
        subject_token_type: &'a str,
        subject_token: &'a str,
    ) -> BoxFuture<'a, Result<String, ExchangeError>> {
        self.0.exchanges.get(subject_token_type, subject_token).boxed()
    }

    fn forget(&self, subject_token_type: &str, subject_token: &str) {
        let kept = &self.0.exchanges.0;
        kept.answers.remove(&kept.key(subject_token_type, subject_token));
    }
}

impl Exchanges {
    pub(crate) fn new(
        settings: &Arc<AuthoritySettings>,
        endpoints: &Endpoints,
        transport: Transport,
        clock: Clock,
    ) -> Result<Self, AuthorityError> {
        let hasher = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
            .map_err(|_| AuthorityError::Settings("the system has no random numbers".to_owned()))?;
        Ok(Self(Arc::new(Broker {
            settings: Arc::clone(settings),
            token_url: endpoints.token.clone(),
            transport,
            clock,
            hasher,
            answers: Cache::new(REMEMBERED),
            flights: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        })))
    }

    async fn get(&self, token_type: &str, token: &str) -> Result<String, ExchangeError> {
        if token.len() > LONGEST_CREDENTIAL {
            return Err(ExchangeRefusal::Invalid.into());
        }
        let key = self.0.key(token_type, token);
        if let Some(exchanged) = self.0.remembered(&key) {
            return Ok(exchanged.token.expose_secret().to_owned());
        }
        let flight = self.0.flight(key, token_type, token).ok_or(ExchangeError::Unavailable)?;
        let exchanged = flight.await?;
        Ok(exchanged.token.expose_secret().to_owned())
    }
}

impl Broker {
    fn key(&self, token_type: &str, token: &str) -> Key {
        let mut context = hmac::Context::with_key(&self.hasher);
        context.update(&token_type.len().to_be_bytes()); // so that no type and token run into each other
        context.update(token_type.as_bytes());
        context.update(token.as_bytes());
        let mut key = Key::default();
        key.copy_from_slice(context.sign().as_ref());
        key
    }

    fn remembered(&self, key: &Key) -> Option<Arc<Exchanged>> {
        let exchanged = self.answers.get(key)?;
        if self.clock.uptime() < exchanged.until {
            return Some(exchanged);
        }
        self.answers.remove(key);
        None
    }

    /// Joins the exchange of this credential that is under way, or starts one unless too many are.
    fn flight(self: &Arc<Self>, key: Key, token_type: &str, token: &str) -> Option<Flight> {
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
            let outcome = landing.broker.ask(&token_type, &token).await;
            if let Ok(exchanged) = &outcome {
                landing.broker.answers.insert(landing.key, Arc::clone(exchanged));
            }
            outcome
        }
        .boxed()
        .shared();
        flights.insert(key, flight.clone());
        drop(flights);
        tokio::spawn(flight.clone()); // it comes to its end even if those who wait for it go away
        Some(flight)
    }

    #[tracing::instrument(name = "token.exchange", skip_all, fields(subject_token_type = token_type))]
    async fn ask(&self, token_type: &str, token: &SecretString) -> Result<Arc<Exchanged>, ExchangeError> {
        let asked_at = self.clock.uptime();
        let outcome = match self.send(token_type, token).await {
            Ok(answer) => answer::judge(&answer).map(|success| {
                let life = Duration::from_secs(success.expires_in).min(LONGEST_USE);
                Arc::new(Exchanged { token: success.access_token.into(), until: asked_at + life })
            }),
            Err(error) => {
                tracing::warn!(%error, "could not exchange a credential: {error}");
                Err(ExchangeError::Unavailable)
            }
        };
        let label = match &outcome {
            Ok(_) => "success",
            Err(ExchangeError::Refused(_)) => "refused",
            Err(ExchangeError::Unavailable) => "failure",
        };
        metrics::counter!("tessera_exchanges_total", "outcome" => label).increment(1);
        outcome
    }

    async fn send(&self, token_type: &str, token: &SecretString) -> Result<Answer, AuthorityError> {
        let _turn = tokio::time::timeout(self.settings.timeout, self.turns.acquire())
            .await
            .map_err(|_| AuthorityError::Unreachable("too many exchanges at once".to_owned()))?;
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token.expose_secret()),
            ("subject_token_type", token_type),
        ];
        form.extend(self.settings.audience.as_deref().map(|audience| ("audience", audience)));
        // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
        let half = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (id, secret) = (&self.settings.client_id, self.settings.client_secret.expose_secret());
        let request = self.transport.client().post(self.token_url.clone()).form(&form);
        let request = request.basic_auth(half(id), Some(half(secret)));
        self.transport.send(request, Duration::ZERO, TOKEN_ANSWER).await
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a flight off the list when it has ended, however it ended.
struct Landing {
    broker: Arc<Broker>,
    key: Key,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let landed = self.broker.flights().remove(&self.key);
        drop(landed);
    }
}
