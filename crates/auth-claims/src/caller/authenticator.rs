//! Checks credentials of any kind against one verifier.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::HttpRequest;

use super::{Credential, Exchange, ExchangeError, Rejection, bearer};
use crate::claims::AccessClaims;
use crate::verify::{Verifier, VerifyError};

/// From which address a client sent a request.
pub type AddressOf = fn(&HttpRequest) -> IpAddr;

/// Turns credentials into verified claims. Cheap to clone; put it into the app's data once.
#[derive(Clone)]
pub struct Authenticator {
    verifier: Verifier,
    exchange: Option<Arc<dyn Exchange>>,
    address_of: AddressOf,
}

impl Authenticator {
    /// Without an exchange only access tokens get in. Clients are where their connections come from.
    #[must_use]
    pub fn new(verifier: Verifier, exchange: Option<Arc<dyn Exchange>>) -> Self {
        Self { verifier, exchange, address_of: peer }
    }

    /// The same, for a service that knows better where its clients are, behind its proxies. Nothing that a client wrote
    /// itself may count: whose wrong passwords these are is decided by it.
    #[must_use]
    pub fn with_addresses(self, address_of: AddressOf) -> Self {
        Self { address_of, ..self }
    }

    /// From which address a client sent this request, as the authorization server is told.
    #[must_use]
    pub fn client_address(&self, request: &HttpRequest) -> IpAddr {
        (self.address_of)(request)
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
        self.admit(&credential, self.client_address(request)).await
    }

    /// Authenticates by any credential, which a client at this address presents.
    ///
    /// # Errors
    /// Why nobody is let in.
    pub async fn admit(
        &self,
        credential: &Credential,
        address: IpAddr,
    ) -> Result<Arc<AccessClaims>, Rejection> {
        match credential {
            Credential::Bearer(token) => self.verify(token).await,
            Credential::Subject { token_type, token } => self.exchange(token_type, token, address).await,
        }
    }

    /// Whether the service is there for everybody. For ways into it that lead past [`Authenticator::admit`], which asks
    /// this by itself.
    ///
    /// # Errors
    /// [`Rejection::ServiceDisabled`]; [`Rejection::Unavailable`] when nobody can tell.
    pub fn ensure_enabled(&self) -> Result<(), Rejection> {
        Ok(self.verifier.ensure_enabled()?)
    }

    /// [`Authenticator::ensure_enabled`] as far as is known, for ways in that go on while the authorization server is away.
    ///
    /// # Errors
    /// [`Rejection::ServiceDisabled`].
    pub fn ensure_not_disabled(&self) -> Result<(), Rejection> {
        Ok(self.verifier.ensure_not_disabled()?)
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

    async fn exchange(
        &self,
        token_type: &str,
        token: &str,
        address: IpAddr,
    ) -> Result<Arc<AccessClaims>, Rejection> {
        let Some(exchange) = &self.exchange else {
            tracing::error!(token_type, "a credential needs an exchange, and there is none");
            return Err(Rejection::Unavailable);
        };
        let first = self.verify(&exchange.exchange(token_type, token, address).await?).await;
        if !matches!(first, Err(Rejection::Invalid(VerifyError::Revoked(_) | VerifyError::Expired))) {
            return first;
        }
        // What a cache remembered is over. The credential may still be good, and if it is not, the authorization
        // server knows best why.
        exchange.forget(token_type, token);
        self.verify(&exchange.exchange(token_type, token, address).await?).await
    }
}

/// There is none only without a network, in a unit test.
fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
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
