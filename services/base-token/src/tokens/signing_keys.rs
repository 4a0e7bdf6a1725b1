//! The keys of Base-Tokens that are verified by a published key: made, rotated and used. `bases.tokens.signing = "es256"`.

use std::sync::{Arc, PoisonError, RwLock};

use auth_claims::base_token::BaseClaims;
use auth_claims::clock::Clock;
use auth_claims::keys::{Algorithm, JwkSet};
use store::{Db, DbConn};
use token_signing::{GeneratedKey, Keyring, RotationPolicy, RotationStep, Sealer, StoredKey, TokenType};

use super::{BASE_TOKEN_LIFETIME, TokenError};
use crate::store::signing_keys as rows;

/// The keys at work.
pub struct SigningKeys {
    db: Db,
    sealer: Sealer,
    clock: Clock,
    ring: RwLock<Arc<Keyring>>,
}

/// A key stays published for as long as a token that it signed lives.
fn policy() -> RotationPolicy {
    let longest_token = BASE_TOKEN_LIFETIME.to_std().unwrap_or_default();
    RotationPolicy { algorithm: Algorithm::Es256, longest_token, ..RotationPolicy::default() }
}

impl SigningKeys {
    /// Opens the keys of the database; the first start makes one.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn open(db: &Db, sealer: Sealer, clock: Clock) -> Result<Self, TokenError> {
        let ring = RwLock::new(Arc::new(Keyring::from_stored(&[], &sealer, clock.now())?));
        let keys = Self { db: db.clone(), sealer, clock, ring };
        keys.advance().await?;
        Ok(keys)
    }

    /// Takes the steps that are due, and learns what other replicas did. Without a step it is one query.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn advance(&self) -> Result<(), TokenError> {
        let now = self.clock.now();
        let mut stored = self.db.read(rows::list).await?;
        if !policy().plan(&stored, now).is_empty() {
            let (sealer, clock) = (self.sealer.clone(), self.clock.clone());
            stored = self.db.write(move |conn| rotate(conn, &sealer, &clock)).await?;
        }
        let ring = Arc::new(Keyring::from_stored(&stored, &self.sealer, self.clock.now())?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    fn ring(&self) -> Arc<Keyring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys to verify with, now.
    #[must_use]
    pub fn published(&self) -> JwkSet {
        self.ring().jwks(self.clock.now())
    }

    /// Signs.
    ///
    /// # Errors
    /// No key is active.
    pub fn sign(&self, claims: &BaseClaims) -> Result<String, TokenError> {
        Ok(self.ring().sign_as(TokenType::IdToken, claims, self.clock.now())?)
    }
}

/// Plans anew under the lock, from the rows as they are then: of several replicas one makes the next key.
fn rotate(conn: &mut DbConn, sealer: &Sealer, clock: &Clock) -> Result<Vec<StoredKey>, TokenError> {
    rows::lock(conn)?;
    let now = clock.now();
    for step in policy().plan(&rows::list(conn)?, now) {
        match step {
            RotationStep::Create { algorithm, activates_at } => {
                let key = StoredKey::seal(&GeneratedKey::generate(algorithm)?, sealer, now, activates_at)?;
                rows::insert(conn, &key)?;
                tracing::info!(kid = key.kid, "made the signing key {}", key.kid);
            }
            RotationStep::Retire { kid, retires_at, expires_at } => {
                rows::retire(conn, &kid, retires_at, expires_at)?;
            }
            RotationStep::Delete { kid } => rows::delete(conn, &kid)?,
        }
    }
    Ok(rows::list(conn)?)
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SigningKeys").field(&self.ring()).finish()
    }
}
