//! Checks credentials of any kind against one verifier.

use std::sync::Arc;

use actix_web::HttpRequest;

use super::{Credential, Exchange, ExchangeError, Rejection, bearer};
use crate::claims::AccessClaims;
use crate::verify::{Verifier, VerifyError};

/// Turns credentials into verified claims. Cheap to clone; put it into the app's data once.
#[derive(Clone)]
pub struct Authenticator {
    verifier: Verifier,
    exchange: Option<Arc<dyn Exchange>>,
}

impl Authenticator {
    /// Without an exchange only access tokens get in.
    #[must_use]
    pub fn new(verifier: Verifier, exchange: Option<Arc<dyn Exchange>>) -> Self {
        Self { verifier, exchange }
    }

    /// The verifier behind it.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Authenticates by the request's Bearer token.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub async fn authenticate(&self, request: &HttpRequest) -> Result<Arc<AccessClaims>, Rejection> {
        let credential = bearer(request)?;
        self.admit(&credential).await
    }

    /// Authenticates by any credential.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub async fn admit(&self, credential: &Credential) -> Result<Arc<AccessClaims>, Rejection> {
        match credential {
            Credential::Bearer(token) => self.verify(token).await,
            Credential::Subject { token_type, token } => self.exchange(token_type, token).await,
        }
    }

    /// Answers without waiting, if this credential was verified before.
    pub(super) fn recall(&self, credential: &Credential) -> Option<Result<Arc<AccessClaims>, Rejection>> {
        match credential {
            Credential::Bearer(token) => {
                self.verifier.recall(token).map(|outcome| outcome.map_err(Rejection::from))
            }
            Credential::Subject { .. } => None,
        }
    }

    async fn verify(&self, token: &str) -> Result<Arc<AccessClaims>, Rejection> {
        Ok(self.verifier.verify(token).await?)
    }

    async fn exchange(&self, token_type: &str, token: &str) -> Result<Arc<AccessClaims>, Rejection> {
        let Some(exchange) = &self.exchange else {
            tracing::error!(token_type, "a credential needs an exchange, and there is none");
            return Err(Rejection::Unavailable);
        };
        let first = self.verify(&exchange.exchange(token_type, token).await?).await;
        if !matches!(first, Err(Rejection::Invalid(VerifyError::Revoked(_) | VerifyError::Expired))) {
            return first;
        }
        // What a cache remembered is over. The credential may still be good, and if it is not, the authorization
        // server knows best why.
        exchange.forget(token_type, token);
        self.verify(&exchange.exchange(token_type, token).await?).await
    }
}

impl From<ExchangeError> for Rejection {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refused(refusal) => Self::Refused(refusal),
            ExchangeError::Throttled { retry_after } => Self::Throttled { retry_after },
            ExchangeError::Unavailable => Self::Unavailable,
        }
    }
}
