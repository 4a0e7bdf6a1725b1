//! A signing key as its owner keeps it.

use auth_claims::keys::{Algorithm, Jwk};
use chrono::{DateTime, Utc};

use crate::generate::GeneratedKey;
use crate::sealer::{ResealError, SealError, Sealer};

/// A row of the signing keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key's id: its RFC 7638 thumbprint.
    pub kid: String,
    /// The one algorithm it signs by.
    pub algorithm: Algorithm,
    /// The public half, for display. What is published is derived from the sealed half.
    pub public: Jwk,
    /// The private half (PKCS#8), sealed for this `kid`.
    pub sealed_private: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it signs.
    pub activates_at: DateTime<Utc>,
    /// From when on it no longer signs.
    pub retires_at: Option<DateTime<Utc>>,
    /// From when on it is not published any more.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, not signing yet.
    Published,
    /// May sign.
    Active,
    /// Published for the sake of what it signed.
    Retired,
    /// Over.
    Dead,
}

impl StoredKey {
    /// Seals a new key into a row.
    ///
    /// # Errors
    /// When sealing fails.
    pub fn seal(
        key: &GeneratedKey,
        sealer: &Sealer,
        created_at: DateTime<Utc>,
        activates_at: DateTime<Utc>,
    ) -> Result<Self, SealError> {
        Ok(Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm,
            public: key.public.clone(),
            sealed_private: sealer.seal(&key.pkcs8, &purpose(&key.kid))?,
            created_at,
            activates_at,
            retires_at: None,
            expires_at: None,
        })
    }

    /// The private half, sealed anew: what was sealed with `old` with `new`.
    ///
    /// # Errors
    /// [`ResealError`]: it was not sealed with `old`, or sealing fails.
    pub fn resealed(&self, old: &Sealer, new: &Sealer) -> Result<Vec<u8>, ResealError> {
        old.reseal(&self.sealed_private, &purpose(&self.kid), new)
    }

    /// Where the key is in its life at `now`.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        if self.expires_at.is_some_and(|at| at <= now) {
            KeyState::Dead
        } else if self.retires_at.is_some_and(|at| at <= now) {
            KeyState::Retired
        } else if self.activates_at <= now {
            KeyState::Active
        } else {
            KeyState::Published
        }
    }

    /// Of several active keys the greatest signs. The same on every replica.
    pub(crate) fn precedence(&self) -> (DateTime<Utc>, DateTime<Utc>, &str) {
        (self.activates_at, self.created_at, &self.kid)
    }
}

/// What a key's private half is sealed for. Bound to the id, so that no row can carry another row's key.
pub(crate) fn purpose(kid: &str) -> Vec<u8> {
    format!("signing-key:{kid}").into_bytes()
}
