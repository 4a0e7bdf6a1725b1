//! The keys at work in this process: loaded, advanced, replaced as a whole.
//!
//! Every replica runs [`SigningKeys::maintain`] every few seconds. It takes the rotation steps that are due (one
//! replica wins) and loads what others did, the command line's `keys rotate` included. Without news it costs one
//! query.
//!
//! A key that was made to sign at once may sign at one replica while another has not loaded it yet. So whoever asks for the
//! published keys is answered from the database: [`SigningKeys::refresh`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use auth_claims::SourceError;
use auth_claims::claims::AccessClaims;
use auth_claims::keys::{JwkSet, KeySource};
use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, FutureExt as _};
use identity::Identity;
use identity::signing_keys::SigningKeyError;
use store::{StoreCause as _, StoreError};
use token_signing::{Keyring, KeyringError, RotationPolicy, StoredKey};
use tokio::sync::Mutex;

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
    /// Of those that wait for a load; a later number came later.
    tickets: AtomicU64,
    /// One load at a time. Tickets below this number were drawn before the last load began.
    served: Mutex<u64>,
}

/// How long somebody who asks for the keys waits for what the database knows: less than services wait for them.
const REFRESH_PATIENCE: Duration = Duration::from_secs(2);

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
        let (tickets, served) = (AtomicU64::default(), Mutex::default());
        Ok(Self { identity, policy, loaded: ArcSwap::from_pointee(loaded), tickets, served })
    }

    /// Takes the steps that are due, and loads what has changed.
    pub(crate) async fn maintain(&self) -> Result<(), KeysError> {
        let mut served = self.served.lock().await;
        self.load(&mut served).await
    }

    /// Loads the keys, so that what any replica signed with before this call is among the published ones. Those who ask at
    /// the same time share one load, which has begun after the last of them asked. While the database is away or does not
    /// answer, the keys at hand are all there is to be known.
    pub(crate) async fn refresh(&self) {
        let ticket = self.tickets.fetch_add(1, Ordering::AcqRel);
        let mut served = self.served.lock().await;
        if ticket < *served {
            return;
        }
        match tokio::time::timeout(REFRESH_PATIENCE, self.load(&mut served)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "published the signing keys at hand"
                );
            }
            Err(_) => tracing::debug!("published the signing keys at hand: the database does not answer"),
        }
    }

    async fn load(&self, served: &mut u64) -> Result<(), KeysError> {
        // Whoever waits now shares what becomes of this load, a failure too: one after another they would wait for ever.
        *served = self.tickets.load(Ordering::Acquire);
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
        self.loaded.load().keyring.publishes(kid, self.identity.clock().now())
    }

    /// Whether this is, letter by letter, the encoded header of the access tokens of a key that is published now.
    pub(crate) fn heads(&self, header: &str) -> bool {
        self.loaded.load().keyring.heads(header, self.identity.clock().now())
    }

    /// The key set to publish now.
    pub(crate) fn published(&self) -> JwkSet {
        self.loaded.load().keyring.jwks(self.identity.clock().now())
    }
}

impl KeySource for SigningKeys {
    fn fetch(&self) -> BoxFuture<'_, Result<JwkSet, SourceError>> {
        async {
            self.refresh().await;
            Ok(self.published())
        }
        .boxed()
    }
}

fn load(identity: &Identity, rows: Vec<StoredKey>) -> Result<Loaded, KeysError> {
    let keyring = Keyring::from_stored(&rows, identity.secrets().sealer(), identity.clock().now())?;
    Ok(Loaded { rows, keyring })
}
