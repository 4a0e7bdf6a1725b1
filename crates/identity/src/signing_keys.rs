//! The keys that sign access tokens: kept here, planned by `token_signing`, operated by the auth server.
//!
//! What is stored is sealed under the master key. Every replica calls [`Identity::advance_keys`] now and then; of
//! several that find a step due one takes it, because each plans again under a lock, from the rows as they are then.

mod rows;

use chrono::{DateTime, Utc};
pub use rows::list;
use serde_json::json;
use store::{DbConn, StoreCause, StoreError};
use token_signing::{
    GenerateError, GeneratedKey, ManualRotation, RotationPolicy, RotationStep, SealError, Sealer, StoredKey,
};

use crate::Identity;
use crate::audit::{self, AuditEvent, Origin};
use crate::locks::Lock;

/// Why the keys could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No key could be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A new key could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl StoreCause for SigningKeyError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Generate(_) | Self::Seal(_) => None,
        }
    }
}

impl Identity {
    /// Every stored key, in the order in which they sign.
    ///
    /// # Errors
    /// [`SigningKeyError::Store`] when the database is away.
    pub async fn load_keys(&self) -> Result<Vec<StoredKey>, SigningKeyError> {
        self.db().read(|conn| list(conn).map_err(SigningKeyError::from)).await
    }

    /// Takes the steps that are due and returns every key. Without one it is one query and no write, so it may be
    /// called often and on every replica.
    ///
    /// # Errors
    /// [`SigningKeyError`] when the database is away or no key can be made.
    pub async fn advance_keys(&self, policy: &RotationPolicy) -> Result<Vec<StoredKey>, SigningKeyError> {
        let keys = self.load_keys().await?;
        let now = self.clock().now();
        if policy.plan(&keys, now).is_empty() {
            return Ok(keys);
        }
        let policy = *policy;
        self.change_keys(now, Origin::default(), move |keys| policy.plan(keys, now)).await
    }

    /// Rotates by hand and returns every key.
    ///
    /// # Errors
    /// [`SigningKeyError`] when the database is away or no key can be made.
    pub async fn rotate_keys(
        &self,
        policy: &RotationPolicy,
        manual: ManualRotation,
        origin: &Origin,
    ) -> Result<Vec<StoredKey>, SigningKeyError> {
        let (policy, now) = (*policy, self.clock().now());
        self.change_keys(now, origin.clone(), move |keys| policy.rotate_now(keys, now, manual)).await
    }

    async fn change_keys(
        &self,
        now: DateTime<Utc>,
        origin: Origin,
        plan: impl Fn(&[StoredKey]) -> Vec<RotationStep> + Send + 'static,
    ) -> Result<Vec<StoredKey>, SigningKeyError> {
        let sealer = self.secrets().sealer().clone();
        self.db()
            .write(move |conn| {
                Lock::SigningKeys.take(conn)?;
                for step in plan(&list(conn)?) {
                    let event = take(conn, &step, &sealer, now)?;
                    audit::insert(conn, &AuditEvent { origin: origin.clone(), ..event })?;
                }
                Ok(list(conn)?)
            })
            .await
    }
}

/// Seals every key anew, and returns how many there are.
pub(crate) fn reseal(conn: &mut DbConn, old: &Sealer, new: &Sealer) -> Result<usize, StoreError> {
    let keys = list(conn)?;
    for key in &keys {
        let sealed = key.resealed(old, new);
        let sealed = sealed.map_err(|error| StoreError::corrupt("signing_keys.sealed_private", error))?;
        rows::replace_sealed(conn, &key.kid, &sealed)?;
    }
    Ok(keys.len())
}

/// Carries one step out, and tells of it.
fn take(
    conn: &mut DbConn,
    step: &RotationStep,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<AuditEvent, SigningKeyError> {
    let event =
        |action: &'static str, kid: &str| AuditEvent::new(now, action, &Origin::default()).target(kid);
    Ok(match step {
        RotationStep::Create { algorithm, activates_at } => {
            let key = StoredKey::seal(&GeneratedKey::generate(*algorithm)?, sealer, now, *activates_at)?;
            rows::insert(conn, &key)?;
            event("signing_key.create", &key.kid)
                .detail(json!({ "algorithm": algorithm.as_str(), "activates_at": activates_at }))
        }
        RotationStep::Retire { kid, retires_at, expires_at } => {
            rows::retire(conn, kid, *retires_at, *expires_at)?;
            event("signing_key.retire", kid)
                .detail(json!({ "retires_at": retires_at, "expires_at": expires_at }))
        }
        RotationStep::Delete { kid } => {
            rows::delete(conn, kid)?;
            event("signing_key.delete", kid)
        }
    })
}
