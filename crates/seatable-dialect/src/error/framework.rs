//! `{"detail": "…"}`: authentication, throttling, method, parsing. `contracts/seatable-tokens.md` §2.2, §2.3, §4.1.

use actix_web::http::{Method, StatusCode};
use auth_claims::caller::{ExchangeRefusal, Rejection};
use auth_claims::revocations::RevocationReason;
use auth_claims::verify::VerifyError;

use super::SeaTableError;
use crate::header::HeaderFault;

impl SeaTableError {
    /// 403: nobody says who calls, or the account is deactivated.
    #[must_use]
    pub fn not_authenticated() -> Self {
        Self::detail(StatusCode::FORBIDDEN, "Authentication credentials were not provided.")
    }

    /// 401: nobody knows the token.
    #[must_use]
    pub fn invalid_token() -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "Invalid token")
    }

    /// 401: the token of an account that is gone.
    #[must_use]
    pub fn account_deleted() -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "User inactive or deleted")
    }

    /// 405, with those methods that are allowed.
    #[must_use]
    pub fn method_not_allowed(method: &Method, allowed: &str) -> Self {
        Self::MethodNotAllowed { method: method.to_string(), allowed: allowed.to_owned() }
    }

    /// 404: the path leads nowhere.
    #[must_use]
    pub fn not_found() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Not found.")
    }

    /// 400: a body that cannot be parsed, as `kind`.
    pub fn parse(kind: &str, reason: impl std::fmt::Display) -> Self {
        Self::detail(StatusCode::BAD_REQUEST, format!("{kind} parse error - {reason}"))
    }

    /// 415.
    #[must_use]
    pub fn unsupported_media_type(content_type: &str) -> Self {
        let text = format!("Unsupported media type \"{content_type}\" in request.");
        Self::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    }

    /// 413.
    #[must_use]
    pub fn too_large() -> Self {
        Self::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.")
    }
}

impl From<HeaderFault> for SeaTableError {
    fn from(fault: HeaderFault) -> Self {
        let text = match fault {
            HeaderFault::Missing => return Self::not_authenticated(),
            HeaderFault::NoToken => "Invalid token header. No credentials provided.",
            HeaderFault::Spaces => "Invalid token header. Token string should not contain spaces.",
            HeaderFault::Unreadable => return Self::invalid_token(),
        };
        Self::detail(StatusCode::UNAUTHORIZED, text)
    }
}

impl From<Rejection> for SeaTableError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Missing
            | Rejection::Refused(ExchangeRefusal::AccountDisabled)
            | Rejection::Invalid(VerifyError::Revoked(RevocationReason::AccountDisabled)) => {
                Self::not_authenticated()
            }
            Rejection::Refused(ExchangeRefusal::AccountDeleted)
            | Rejection::Invalid(VerifyError::Revoked(RevocationReason::AccountDeleted)) => {
                Self::account_deleted()
            }
            Rejection::Throttled { retry_after } => Self::Throttled { retry_after },
            Rejection::Unavailable => Self::Unavailable,
            Rejection::ServiceDisabled => Self::Disabled,
            Rejection::Malformed | Rejection::Encoding | Rejection::Invalid(_) | Rejection::Refused(_) => {
                Self::invalid_token()
            }
        }
    }
}
