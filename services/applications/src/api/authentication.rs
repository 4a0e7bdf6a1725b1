//! Who calls. `contracts/auvious-applications.md` §2.1, §3.4.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use auth_claims::caller::{Caller, Dialect, Rejection, bearer_token};
use auth_claims::claims::AccessClaims;
use auth_claims::verify::VerifyError;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::error::ApiError;
use crate::domain::access::Requester;

/// How refresh tokens of the platform begin; no access token does.
const REFRESH_TOKEN: &str = "trt_";

/// How this API takes credentials and words its refusals.
#[derive(Debug)]
pub struct Auvious;

impl Dialect for Auvious {
    type Error = ApiError;
}

/// What is wrong with a credential, in the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// There is none.
    #[error("Full authentication is required to access this resource")]
    Absent,
    /// It is no token of the platform for this service.
    #[error("Cannot convert access token to JSON")]
    NoToken,
    /// Its time is over.
    #[error("Access token expired")]
    Expired,
    /// It was revoked.
    #[error("Invalid access token")]
    Revoked,
    /// It is a token for another purpose.
    #[error("Encoded token is a refresh token")]
    RefreshToken,
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Unauthenticated(match rejection {
            Rejection::Missing => Unauthenticated::Absent,
            Rejection::Invalid(VerifyError::Expired) => Unauthenticated::Expired,
            Rejection::Invalid(VerifyError::Revoked(_)) => Unauthenticated::Revoked,
            Rejection::Throttled { .. }
            | Rejection::Unavailable
            | Rejection::Invalid(VerifyError::Unavailable) => {
                return Self::Unavailable;
            }
            Rejection::ServiceDisabled => return Self::Disabled,
            Rejection::Malformed | Rejection::Encoding | Rejection::Invalid(_) | Rejection::Refused(_) => {
                Unauthenticated::NoToken
            }
        })
    }
}

/// Somebody with a valid token.
#[derive(Debug, Clone)]
pub struct Authenticated {
    requester: Requester,
    caller: Caller<Auvious>,
}

impl Authenticated {
    /// What they may do and see.
    #[must_use]
    pub fn requester(&self) -> &Requester {
        &self.requester
    }

    /// The claims of the token.
    #[must_use]
    pub fn claims(&self) -> &AccessClaims {
        self.caller.claims()
    }
}

impl FromRequest for Authenticated {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_refresh_token = bearer_token(request).is_ok_and(|token| token.starts_with(REFRESH_TOKEN));
        let caller = Caller::<Auvious>::from_request(request, payload);
        async move {
            let caller = caller.await.map_err(|error| match error {
                ApiError::Unauthenticated(Unauthenticated::NoToken) if is_refresh_token => {
                    ApiError::Unauthenticated(Unauthenticated::RefreshToken)
                }
                other => other,
            })?;
            let AccessClaims { organization_id, roles, permissions, .. } = caller.claims();
            let permissions = permissions.iter().map(String::as_str);
            let requester = Requester::new(organization_id.as_deref(), roles.iter().copied(), permissions);
            Ok(Self { requester, caller })
        }
        .boxed_local()
    }
}
