//! Access tokens that somebody shows to the auth server itself.
//!
//! A resource server verifies tokens for its own audience and follows the revocation feed. Here tokens of every
//! audience are looked at, and the database itself says what is revoked: at once, whichever replica has revoked it
//! (contracts/oauth2.md §5). For introspection a look at it counts for a moment.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::claims::AccessClaims;
use auth_claims::keys::KeyCacheSettings;
use auth_claims::verify::{MAX_TOKEN_LEN, Verifier, VerifierSettings, VerifyError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{Identity, IdentityError};
use serde::Deserialize;

use crate::keys::SigningKeys;

/// The audience of the auth server's own internal API.
pub(crate) const INTERNAL_AUDIENCE: &str = "auth-server";

/// How many bytes of verified tokens are remembered, so that the next look at one costs no signature check.
const REMEMBERED: u64 = 4 * 1024 * 1024;

/// Why a token counts for nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenRefusal {
    /// It does not verify.
    #[error(transparent)]
    Invalid(VerifyError),
    /// Nobody can tell.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

/// Looks at tokens.
pub(crate) struct PresentedTokens {
    verifier: Verifier,
    keys: Arc<SigningKeys>,
    identity: Identity,
}

impl PresentedTokens {
    pub(crate) fn new(issuer: &str, keys: Arc<SigningKeys>, identity: Identity) -> Self {
        let settings = VerifierSettings {
            // The keys are in this process: asking for them costs nothing.
            keys: KeyCacheSettings { min_refresh: Duration::ZERO, ..KeyCacheSettings::default() },
            remembered_bytes: REMEMBERED,
            ..VerifierSettings::new(issuer, INTERNAL_AUDIENCE)
        };
        let verifier = Verifier::new(settings, Arc::clone(&keys) as _, identity.clock().clone());
        Self { verifier, keys, identity }
    }

    /// The claims of an access token of this issuer that is live now, whomever it is meant for. Asks the database.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<AccessClaims>, TokenRefusal> {
        let claims = self.genuine(token).await.map_err(TokenRefusal::Invalid)?;
        match self.identity.find_revocation(&claims).await? {
            None => Ok(claims),
            Some(reason) => Err(TokenRefusal::Invalid(VerifyError::Revoked(reason))),
        }
    }

    /// The same, and the name of the subject; none where the account is disabled or gone.
    pub(crate) async fn verify_naming(
        &self,
        token: &str,
    ) -> Result<(Arc<AccessClaims>, Option<String>), TokenRefusal> {
        let claims = self.genuine(token).await.map_err(TokenRefusal::Invalid)?;
        let standing = self.identity.find_token_standing(&claims).await?;
        match standing.revoked {
            None => Ok((claims, standing.username)),
            Some(reason) => Err(TokenRefusal::Invalid(VerifyError::Revoked(reason))),
        }
    }

    async fn genuine(&self, token: &str) -> Result<Arc<AccessClaims>, VerifyError> {
        // The verifier remembers keys and tokens for a while; a withdrawn key counts for nothing from its withdrawal on.
        if !token.split_once('.').is_some_and(|(header, _)| self.keys.heads(header)) {
            Box::pin(self.check_key(token)).await?;
        }
        self.verifier.verify_for_any_audience(token).await
    }

    async fn check_key(&self, token: &str) -> Result<(), VerifyError> {
        let kid = key_id(token).ok_or(VerifyError::Signature)?;
        if !self.keys.publishes(&kid) {
            // Another replica may sign with a key that this one has not loaded yet.
            self.keys.refresh().await;
            if !self.keys.publishes(&kid) {
                return Err(VerifyError::Signature);
            }
        }
        Ok(())
    }
}

/// The key a token names, without believing anything else of it.
fn key_id(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Header {
        kid: String,
    }
    let header = (token.len() <= MAX_TOKEN_LEN).then(|| token.split('.').next())??;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    Some(header.kid)
}
