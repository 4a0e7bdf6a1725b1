//! Who calls. `contracts/meet.md` §5, §6.
//!
//! Agents of `contracts/rdv-sign-in.md` call with their device session instead of a Bearer token (its §4). It is exchanged
//! for a token of this service, with which they are somebody with a token of their own.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use auth_claims::caller::{Caller, Credential, Dialect, ExchangeRefusal, Rejection};
use auth_claims::claims::AccessClaims;
use auth_claims::device::credential_after_bearer;
use auth_claims::revocations::RevocationReason;
use auth_claims::verify::VerifyError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::LocalBoxFuture;

use super::error::ApiError;
use crate::app::App;
use crate::domain::person::Person;

/// How this API takes credentials and words its refusals.
#[derive(Debug)]
pub struct Meet;

impl Dialect for Meet {
    type Error = ApiError;

    fn credential(request: &HttpRequest) -> Result<Credential, Rejection> {
        match credential_after_bearer(request)? {
            Credential::Bearer(token) => Ok(Credential::Bearer(unwrapped(token))),
            other @ Credential::Subject { .. } => Ok(other),
        }
    }
}

/// §6.3: some providers wrap tokens in base64. A JWT has dots, which base64 has not, so it never looks like one.
fn unwrapped(token: String) -> String {
    if token.contains('.') {
        return token;
    }
    match STANDARD.decode(&token).map(String::from_utf8) {
        Ok(Ok(wrapped)) => wrapped,
        _ => token,
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        Self::Unauthenticated(match rejection {
            Rejection::Missing => "Authentication credentials were not provided.",
            Rejection::Malformed => "Invalid token header.",
            Rejection::Encoding => "Invalid token encoding.",
            Rejection::Invalid(VerifyError::Expired) => "Token expired.",
            Rejection::Invalid(VerifyError::Revoked(reason)) => revoked(reason),
            Rejection::Refused(ExchangeRefusal::AccountDisabled) => "User account is disabled.",
            Rejection::Throttled { .. }
            | Rejection::Unavailable
            | Rejection::Invalid(VerifyError::Unavailable) => {
                return Self::Unavailable;
            }
            Rejection::ServiceDisabled => return Self::Disabled,
            Rejection::Invalid(_) | Rejection::Refused(_) => "Invalid token.",
        })
    }
}

/// §6.2, checks 2, 3, 6 and 7.
fn revoked(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::ClientDeleted => "Application not found.",
        RevocationReason::ClientDisabled => "Application is disabled.",
        RevocationReason::AccountDeleted => "User not found.",
        RevocationReason::AccountDisabled => "User account is disabled.",
        _ => "Invalid token.",
    }
}

/// A person with a valid token, whatever it permits.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who.
    pub person: Person,
    caller: Caller<Meet>,
}

impl Authenticated {
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
        let caller = Caller::<Meet>::from_request(request, payload);
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            let caller = caller.await?;
            let app = app.ok_or(ApiError::Unavailable)?;
            let person = Person::from_claims(caller.claims(), &app.settings.base_scopes)?;
            Ok(Self { person, caller })
        })
    }
}
