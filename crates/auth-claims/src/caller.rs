//! From a request to verified claims, or to the dialect's own refusal.
//!
//! A handler asks for a [`Caller`] of its dialect. To accept one more kind of credential, override
//! [`Dialect::credential`] and turn what the request carries into a [`Credential::Subject`], which is exchanged
//! ([`exchange`]). Device sessions are such a kind, which every dialect accepts unless it says otherwise ([`device`]).

mod authenticator;
pub mod exchange;
mod header;

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, ResponseError, web};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture, Ready, ready};

pub use self::authenticator::{AddressOf, Authenticator};
pub use self::exchange::{Exchange, ExchangeError, ExchangeRefusal};
pub use self::header::{bearer, bearer_token};
use crate::claims::AccessClaims;
use crate::device;
use crate::scopes::Scope;
use crate::verify::VerifyError;

/// What a request offers to prove who calls.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// An access token, verified here.
    Bearer(String),
    /// Anything else, exchanged once at the authorization server.
    Subject {
        /// A `subject_token_type` of contracts/oauth2.md §4.
        token_type: &'static str,
        /// The credential.
        token: String,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer(..)"),
            Self::Subject { token_type, .. } => write!(f, "Subject({token_type}, ..)"),
        }
    }
}

/// Why nobody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The request carries no credential this dialect knows.
    #[error("no credential was given")]
    Missing,
    /// The scheme's word is there, but not exactly one value after it, or several headers.
    #[error("the credential is malformed")]
    Malformed,
    /// The value is not UTF-8.
    #[error("the credential is not UTF-8")]
    Encoding,
    /// The token does not verify. Never `VerifyError::Unavailable` or `VerifyError::ServiceDisabled`.
    #[error(transparent)]
    Invalid(VerifyError),
    /// The authorization server refuses to exchange it.
    #[error(transparent)]
    Refused(#[from] ExchangeRefusal),
    /// The authorization server does not look at it yet: too many wrong ones came before.
    #[error("too many failed attempts, try again in {retry_after} seconds")]
    Throttled {
        /// Whole seconds, at least one.
        retry_after: u64,
    },
    /// Nobody can tell at the moment.
    #[error("credentials cannot be checked at the moment")]
    Unavailable,
    /// The credential holds, but the service is switched off for everybody but administrators.
    #[error("the service is disabled")]
    ServiceDisabled,
}

impl From<VerifyError> for Rejection {
    /// What nobody can tell is no verdict on the token, and neither is what is said of the service.
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Unavailable => Self::Unavailable,
            VerifyError::ServiceDisabled => Self::ServiceDisabled,
            other => Self::Invalid(other),
        }
    }
}

/// How one API family takes credentials and words its refusals.
pub trait Dialect: 'static {
    /// The family's error, which renders a [`Rejection`] in its words.
    type Error: From<Rejection> + ResponseError + 'static;

    /// Finds the credential in a request. By default the Bearer token of the `Authorization` header, and without one
    /// the three values of a device session.
    ///
    /// # Errors
    /// `Missing`, `Malformed`, `Encoding` or `Refused`.
    fn credential(request: &HttpRequest) -> Result<Credential, Rejection> {
        device::credential_after_bearer(request)
    }
}

/// Who calls: verified claims. Finds `web::Data<Authenticator>` in the app's data.
pub struct Caller<D> {
    claims: Arc<AccessClaims>,
    dialect: PhantomData<fn() -> D>,
}

impl<D> Caller<D> {
    /// What is known about the caller.
    #[must_use]
    pub fn claims(&self) -> &AccessClaims {
        &self.claims
    }

    /// Gives the caller back if its token holds this exact scope.
    ///
    /// # Errors
    /// [`MissingScope`], naming it.
    pub fn require(&self, scope: &Scope) -> Result<&Self, MissingScope> {
        if self.claims.scope.contains(scope) { Ok(self) } else { Err(MissingScope(scope.clone())) }
    }
}

impl<D> Clone for Caller<D> {
    fn clone(&self) -> Self {
        Self { claims: Arc::clone(&self.claims), dialect: PhantomData }
    }
}

impl<D> std::fmt::Debug for Caller<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Caller").field(&self.claims.sub).finish()
    }
}

impl<D> Deref for Caller<D> {
    type Target = AccessClaims;

    fn deref(&self) -> &AccessClaims {
        &self.claims
    }
}

/// The token lacks a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scope {0} is required")]
pub struct MissingScope(pub Scope);

impl<D: Dialect> FromRequest for Caller<D> {
    type Error = D::Error;
    type Future = Either<Ready<Result<Self, D::Error>>, LocalBoxFuture<'static, Result<Self, D::Error>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = |outcome: Result<_, Rejection>| match outcome {
            Ok(claims) => Ok(Self { claims, dialect: PhantomData }),
            Err(rejection) => Err(rejection.into()),
        };
        let Some(authenticator) = request.app_data::<web::Data<Authenticator>>() else {
            tracing::error!("no Authenticator is mounted in this app");
            return Either::Left(ready(caller(Err(Rejection::Unavailable))));
        };
        let credential = match D::credential(request) {
            Ok(credential) => credential,
            Err(rejection) => return Either::Left(ready(caller(Err(rejection)))),
        };
        if let Some(outcome) = authenticator.recall(&credential) {
            return Either::Left(ready(caller(outcome)));
        }
        let address = authenticator.client_address(request);
        let authenticator = authenticator.get_ref().clone();
        Either::Right(async move { caller(authenticator.admit(&credential, address).await) }.boxed_local())
    }
}
