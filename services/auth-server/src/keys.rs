//! The keys at work in this process: loaded, advanced, replaced as a whole.
//!
//! Every replica runs [`SigningKeys::maintain`] every few seconds. It takes the rotation steps that are due (one
//! replica wins) and loads what others did, the command line's `keys rotate` included. Without news it costs one
//! query.

use std::sync::Arc;

use arc_swap::ArcSwap;
use auth_claims::SourceError;
use auth_claims::claims::AccessClaims;
use auth_claims::keys::{JwkSet, KeySource};
use chrono::{DateTime, Utc};
use futures_util::future::{self, BoxFuture, FutureExt as _};
use identity::Identity;
use identity::signing_keys::SigningKeyError;
use store::{StoreCause as _, StoreError};
use token_signing::{Keyring, KeyringError, RotationPolicy, StoredKey};

use crate::settings::SigningSettings;

/// Why there is nothing to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The stored keys could not be read or advanced.
    #[error(transparent)]
    Stored(#[from] SigningKeyError),
    /// They cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl KeysError {
    /// Whether the same call may succeed a little later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Stored(error) => error.store_error().is_some_and(StoreError::is_unavailable),
            Self::Keyring(_) => false,
        }
    }
}

/// Signs, and publishes what it signs with.
pub(crate) struct SigningKeys {
    identity: Identity,
    policy: RotationPolicy,
    loaded: ArcSwap<Loaded>,
}

/// The rows a keyring was made of, to tell whether there is news.
struct Loaded {
    rows: Vec<StoredKey>,
    keyring: Keyring,
}

impl SigningKeys {
    /// Loads the keys; the very first start makes one.
    pub(crate) async fn start(identity: Identity, settings: &SigningSettings) -> Result<Self, KeysError> {
        let policy = settings.rotation_policy();
        let rows = identity.advance_keys(&policy).await?;
        let loaded = load(&identity, rows)?;
        Ok(Self { identity, policy, loaded: ArcSwap::from_pointee(loaded) })
    }

    /// Takes the steps that are due, and loads what has changed.
    pub(crate) async fn maintain(&self) -> Result<(), KeysError> {
        let rows = self.identity.advance_keys(&self.policy).await?;
        if self.loaded.load().rows != rows {
            self.loaded.store(Arc::new(load(&self.identity, rows)?));
            tracing::info!("loaded the signing keys");
        }
        Ok(())
    }

    /// Signs an access token. When no loaded key is active, which a jump of the clock can cause, they are brought up
    /// to date first.
    pub(crate) async fn sign(&self, claims: &AccessClaims, now: DateTime<Utc>) -> Result<String, KeysError> {
        let signed = self.loaded.load().keyring.sign(claims, now);
        if matches!(signed, Err(KeyringError::NoActiveKey)) {
            self.maintain().await?;
            return Ok(self.loaded.load().keyring.sign(claims, now)?);
        }
        Ok(signed?)
    }

    /// Whether a key of this id is published now.
    pub(crate) fn publishes(&self, kid: &str) -> bool {
        self.published().keys.iter().any(|key| key.kid == kid)
    }

    /// The key set to publish now.
    pub(crate) fn published(&self) -> JwkSet {
        self.loaded.load().keyring.jwks(self.identity.clock().now())
    }
}

impl KeySource for SigningKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        future::ready(Ok(self.published())).boxed()
    }
}

fn load(identity: &Identity, rows: Vec<StoredKey>) -> Result<Loaded, KeysError> {
    let keyring = Keyring::from_stored(&rows, identity.secrets().sealer(), identity.clock().now())?;
    Ok(Loaded { rows, keyring })
}
