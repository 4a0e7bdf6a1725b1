//! A service that takes access tokens, put together: a verifier that knows the keys, a follower that knows the
//! revocations, and an authenticator for its handlers.
//!
//! The same whether the authorization server is asked over HTTP or in the same process: only the three sources differ.

use std::sync::Arc;

use crate::caller::{AddressOf, Authenticator, Exchange};
use crate::clock::Clock;
use crate::keys::KeySource;
use crate::revocations::{FeedLost, Follower, RevocationSource};
use crate::verify::{LostFeed, Verifier, VerifierSettings};

/// Where a service gets everything it needs to know its callers.
pub struct Sources {
    /// The published keys.
    pub keys: Arc<dyn KeySource>,
    /// The revocation feed.
    pub revocations: Arc<dyn RevocationSource>,
    /// What turns credentials that are no access token into one.
    pub exchange: Arc<dyn Exchange>,
}

/// What a service says of itself.
#[derive(Debug, Clone, Copy)]
pub struct ServiceProfile<'a> {
    /// Its id among the apps of the platform, by which it can be disabled, whatever its audience is.
    pub app: &'a str,
    /// The audience of its tokens.
    pub audience: &'a str,
    /// Where its clients are, for the authorization server to know whose credentials it is shown.
    pub client_address: AddressOf,
}

/// No key of the authorization server is known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no keys from the auth server")]
pub struct KeysMissing;

/// A running resource server. It follows the feed until it is dropped.
pub struct ResourceServer {
    service: String,
    authenticator: Authenticator,
    follower: Follower,
}

impl ResourceServer {
    /// Begins to follow the feed, on the current runtime. Nobody is let in before it was read once: whatever was revoked
    /// before this process began is unknown until then.
    #[must_use]
    pub fn start(issuer: &str, service: ServiceProfile<'_>, sources: Sources, clock: Clock) -> Self {
        let expected = VerifierSettings {
            service: Some(service.app.to_owned()),
            lost_feed: LostFeed::KeepServingOnceHeard,
            ..VerifierSettings::new(issuer, service.audience)
        };
        let verifier = Verifier::new(expected, sources.keys, clock.clone());
        let follower = Follower::spawn(sources.revocations, Arc::clone(verifier.revocations()), clock);
        let authenticator = Authenticator::new(verifier, Some(sources.exchange));
        let authenticator = authenticator.with_addresses(service.client_address);
        Self { service: service.app.to_owned(), authenticator, follower }
    }

    /// For the app's data.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        self.authenticator.clone()
    }

    /// Whether tokens can be checked; asks for the keys if there are none yet.
    ///
    /// # Errors
    /// [`KeysMissing`] while the authorization server cannot be asked.
    pub async fn ensure_keys(&self) -> Result<(), KeysMissing> {
        if self.authenticator.verifier().warm().await { Ok(()) } else { Err(KeysMissing) }
    }

    /// Sets the gauges whose value depends on the moment: the age of the keys and of the last word from the feed. For
    /// whoever renders the metrics.
    pub fn report(&self) {
        let age = self.authenticator.verifier().keys_age();
        metrics::gauge!("tessera_jwks_age_seconds", "service" => self.service.clone()).set(age.as_secs_f64());
        self.follower.report(&self.service);
    }

    /// Whether revocations arrive.
    ///
    /// # Errors
    /// [`FeedLost`] when the feed was silent for too long.
    pub fn ensure_feed(&self) -> Result<(), FeedLost> {
        self.follower.ensure_alive()
    }
}
