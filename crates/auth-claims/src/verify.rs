//! Verification of access tokens.
//!
//! The header is read by hand and the signature checked by aws-lc, rather than through a JWT library: a library's
//! header type cannot tell a `crit` that is `null` from none, its validation reads the system's clock instead of the
//! [`Clock`], and it parses the key anew for each token. The tests sign and read with one, so that two implementations
//! have to agree.

mod checks;
mod remembered;
mod token;

use std::sync::Arc;
use std::time::Duration;

pub use self::checks::{LostFeed, VerifierSettings};
use self::remembered::Remembered;
use self::token::Compact;
use crate::claims::AccessClaims;
use crate::clock::Clock;
use crate::keys::{KeyCache, KeyLookup, KeySource};
use crate::revocations::{RevocationIndex, RevocationReason};
use crate::roles::Role;

/// Longer tokens are refused before anything is done with them (contracts/oauth2.md §7).
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// The most leeway any setting gives a clock (contracts/oauth2.md §7).
pub const MAX_LEEWAY: Duration = Duration::from_secs(5);

/// Why a token is not accepted. The variants stand in the order of the checks: an expired token of a foreign issuer
/// is `Expired`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Too long, not three base64url parts, no JSON, or a required claim is missing.
    #[error("the token is malformed")]
    Malformed,
    /// Bad signature, unknown key, another algorithm than the key's, a forbidden header member, or a wrong `typ`.
    #[error("the token's signature is not valid")]
    Signature,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// Issued by somebody else.
    #[error("the token is from another issuer")]
    Issuer,
    /// Meant for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// Revoked, and why.
    #[error("the token was revoked: {}", .0.as_str())]
    Revoked(RevocationReason),
    /// Nobody can tell: the issuer's keys, or by setting its revocation feed, are out of reach.
    #[error("tokens cannot be verified at the moment")]
    Unavailable,
    /// Nothing is wrong with the token: the service is switched off for everybody but administrators.
    #[error("the service is disabled")]
    ServiceDisabled,
}

/// Verifies access tokens of one issuer for one audience. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    settings: VerifierSettings,
    keys: KeyCache,
    revocations: Arc<RevocationIndex>,
    remembered: Remembered,
    clock: Clock,
}

impl Verifier {
    /// A verifier with an empty revocation index and no keys yet; the first token fetches them.
    #[must_use]
    pub fn new(settings: VerifierSettings, source: Arc<dyn KeySource>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            keys: KeyCache::new(source, clock.clone(), settings.keys),
            revocations: Arc::new(RevocationIndex::new()),
            remembered: Remembered::new(settings.remembered_bytes),
            settings,
            clock,
        }))
    }

    /// The revocations tokens are checked against; give it to a `Follower`.
    #[must_use]
    pub fn revocations(&self) -> &Arc<RevocationIndex> {
        &self.0.revocations
    }

    /// The clock tokens are checked against.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Verifies a token in compact form.
    ///
    /// # Errors
    /// The first check that fails, in the order of [`VerifyError`]'s variants.
    pub async fn verify(&self, token: &str) -> Result<Arc<AccessClaims>, VerifyError> {
        self.verify_for(token, Some(&self.0.settings.audience)).await
    }

    /// Verifies a token whomever it is meant for. This is for the issuer itself, which introspects, revokes and
    /// exchanges the tokens of others; a service that calls it accepts tokens that were never meant for it.
    ///
    /// # Errors
    /// As [`Verifier::verify`], except `Audience`.
    pub async fn verify_for_any_audience(&self, token: &str) -> Result<Arc<AccessClaims>, VerifyError> {
        self.verify_for(token, None).await
    }

    /// Answers without waiting when the token was verified before. `None` when it has to be verified.
    #[must_use]
    pub fn recall(&self, token: &str) -> Option<Result<Arc<AccessClaims>, VerifyError>> {
        self.recall_for(token, Some(&self.0.settings.audience))
    }

    async fn verify_for(
        &self,
        token: &str,
        audience: Option<&str>,
    ) -> Result<Arc<AccessClaims>, VerifyError> {
        match self.recall_for(token, audience) {
            Some(outcome) => outcome,
            // Boxed, for it is large and seldom needed.
            None => Box::pin(self.look_at(token, audience)).await,
        }
    }

    async fn look_at(&self, token: &str, audience: Option<&str>) -> Result<Arc<AccessClaims>, VerifyError> {
        let compact = Compact::parse(token)?;
        let generation = self.0.keys.generation();
        let key = match self.0.keys.find(compact.kid()?).await {
            KeyLookup::Found(key) => key,
            KeyLookup::Unknown => return Err(VerifyError::Signature),
            KeyLookup::Unavailable => return Err(VerifyError::Unavailable),
        };
        let claims = Arc::new(compact.claims(&key)?);
        let verdict = self.check(&claims, audience);
        if matches!(verdict, Ok(()) | Err(VerifyError::ServiceDisabled)) {
            self.0.remembered.insert(token, Arc::clone(&claims), generation);
        }
        verdict.map(|()| claims)
    }

    fn recall_for(
        &self,
        token: &str,
        audience: Option<&str>,
    ) -> Option<Result<Arc<AccessClaims>, VerifyError>> {
        if token.len() > MAX_TOKEN_LEN {
            return Some(Err(VerifyError::Malformed));
        }
        let claims = self.0.remembered.get(token, self.0.keys.generation())?;
        let outcome = self.check(&claims, audience);
        if matches!(outcome, Err(VerifyError::Expired | VerifyError::Revoked(_))) {
            self.0.remembered.remove(token);
        }
        Some(outcome.map(|()| claims))
    }

    /// How long ago the keys were last fetched. They are fetched anew when a token asks for them, so an idle service's age
    /// without bound.
    #[must_use]
    pub fn keys_age(&self) -> Duration {
        self.0.keys.age()
    }

    /// Whether keys are at hand, for readiness checks; fetches them when there are none.
    pub async fn warm(&self) -> bool {
        self.0.keys.warm().await
    }

    fn check(&self, claims: &AccessClaims, audience: Option<&str>) -> Result<(), VerifyError> {
        let Inner { settings, revocations, clock, .. } = &*self.0;
        settings.check(claims, audience, clock.unix())?;
        if let Some(reason) = revocations.find(claims) {
            return Err(VerifyError::Revoked(reason));
        }
        if claims.roles.contains(&Role::GlobalAdmin) { self.ensure_informed() } else { self.ensure_enabled() }
    }

    /// Whether the service is there for everybody: what whoever is let in without an access token has to ask.
    ///
    /// # Errors
    /// `ServiceDisabled`; `Unavailable` when nobody can tell, as for tokens.
    pub fn ensure_enabled(&self) -> Result<(), VerifyError> {
        self.ensure_informed()?;
        self.ensure_not_disabled()
    }

    /// [`Verifier::ensure_enabled`] as far as is known: a service that has not heard the feed yet takes itself for enabled.
    /// For what is let in without an access token and has to go on while the authorization server is away.
    ///
    /// # Errors
    /// `ServiceDisabled`.
    pub fn ensure_not_disabled(&self) -> Result<(), VerifyError> {
        let Inner { settings, revocations, .. } = &*self.0;
        let is_disabled = |service: &String| revocations.is_service_disabled(service);
        if settings.service.as_ref().is_some_and(is_disabled) {
            return Err(VerifyError::ServiceDisabled);
        }
        Ok(())
    }

    fn ensure_informed(&self) -> Result<(), VerifyError> {
        let Inner { settings, revocations, clock, .. } = &*self.0;
        let informed = match settings.lost_feed {
            LostFeed::RefuseAfter(limit) => revocations.health(clock).is_alive(limit),
            LostFeed::KeepServingOnceHeard => revocations.health(clock).silent_for.is_some(),
            LostFeed::KeepServing => true,
        };
        if informed { Ok(()) } else { Err(VerifyError::Unavailable) }
    }
}
