//! What a verifier expects of claims.

use std::time::Duration;

use super::{MAX_LEEWAY, VerifyError};
use crate::claims::AccessClaims;
use crate::keys::KeyCacheSettings;

/// What a verifier expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierSettings {
    /// The only accepted `iss`.
    pub issuer: String,
    /// Must be among `aud`.
    pub audience: String,
    /// The id of the service among the apps of the platform. Default: none, and the verifier's service cannot be
    /// disabled.
    pub service: Option<String>,
    /// How long after `exp` a token still counts. Default 0: contracts/meet.md §6.1 wants none. At most 5 s.
    pub expiry_leeway: Duration,
    /// How far in the future `iat` and `nbf` may lie. Default 5 s, since the clocks of two replicas differ: without
    /// it, a token used at once after it was issued could be refused. At most 5 s.
    pub clock_skew: Duration,
    /// When keys are fetched.
    pub keys: KeyCacheSettings,
    /// What to do once the revocation feed is lost.
    pub lost_feed: LostFeed,
    /// How many bytes of verified tokens are remembered. Default 16 MiB; 0 remembers none.
    pub remembered_bytes: u64,
}

/// What a verifier does when nobody tells it about revocations any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostFeed {
    /// Goes on; the readiness check and the lag metric tell the operator.
    KeepServing,
    /// The same once the feed has been read to its end; until then refuses every token as `Unavailable`. For a service
    /// that follows a feed: when it was just started, it knows of no revocation at all.
    KeepServingOnceHeard,
    /// Refuses every token as `Unavailable` once the feed was silent for longer than this, or never spoke.
    RefuseAfter(Duration),
}

impl VerifierSettings {
    /// The defaults for one issuer and one audience.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            service: None,
            expiry_leeway: Duration::ZERO,
            clock_skew: MAX_LEEWAY,
            keys: KeyCacheSettings::default(),
            lost_feed: LostFeed::KeepServing,
            remembered_bytes: 16 * 1024 * 1024,
        }
    }

    /// Checks everything that needs nothing but the claims and the time.
    pub(super) fn check(
        &self,
        claims: &AccessClaims,
        audience: Option<&str>,
        now: i64,
    ) -> Result<(), VerifyError> {
        let latest_start = now.saturating_add(seconds(self.clock_skew));
        if claims.iat > latest_start || claims.nbf.is_some_and(|nbf| nbf > latest_start) {
            return Err(VerifyError::NotYetValid);
        }
        if claims.exp.saturating_add(seconds(self.expiry_leeway)) <= now {
            return Err(VerifyError::Expired);
        }
        if claims.iss != self.issuer {
            return Err(VerifyError::Issuer);
        }
        if audience.is_some_and(|audience| !claims.aud.contains(audience)) {
            return Err(VerifyError::Audience);
        }
        Ok(())
    }
}

/// Whole seconds, never more than the contract allows.
fn seconds(leeway: Duration) -> i64 {
    i64::try_from(leeway.min(MAX_LEEWAY).as_secs()).unwrap_or(0)
}
