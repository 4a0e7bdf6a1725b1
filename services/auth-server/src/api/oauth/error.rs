//! How the OAuth endpoints refuse (RFC 6749 §5.2, `contracts/oauth2.md` §3).
//!
//! One enum, one renderer. No sentence carries anything the client sent, so nothing secret can be echoed.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use identity::IdentityError;
use identity::accounts::SignInRefusal;
use identity::throttle::Throttled;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use super::form::FormFault;
use crate::domain::applications::BindingRefusal;
use crate::domain::audience::InvalidTarget;
use crate::domain::scope_policy::ScopeRefusal;

/// How long a client should wait for a dependency to come back.
const RETRY_UNAVAILABLE: u64 = 2;

/// Why an OAuth request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OAuthError {
    /// The body is no form.
    #[error(transparent)]
    Form(#[from] FormFault),
    /// A parameter is missing or empty.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// Parameters that are there but do not make sense.
    #[error("{0}")]
    Request(&'static str),
    /// Unknown client, wrong secret, inactive client: nobody is told which.
    #[error("client authentication failed")]
    Client {
        /// Whether to ask for Basic: when it was used, or nothing was sent.
        challenge: bool,
    },
    /// A code, refresh token or subject that is of no use.
    #[error("{description}")]
    Grant {
        /// The sentence.
        description: &'static str,
        /// Why, when the presenter may know.
        reason: Option<Reason>,
    },
    /// The application it is bound to does not let anybody in, or not the subject.
    #[error("{}", .0.sentence())]
    Application(BindingRefusal),
    /// A grant this server knows but this client is not registered for.
    #[error("the client is not registered for this grant")]
    UnauthorizedClient,
    /// A grant this server does not know.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
    /// The scope is not the client's to have.
    #[error(transparent)]
    Scope(#[from] ScopeRefusal),
    /// The audience is not the client's to address.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// Too many failures, or requests.
    #[error("too many attempts, try again later")]
    Throttled(Throttled),
    /// A dependency is down.
    #[error("temporarily unavailable")]
    Unavailable,
    /// A defect. The cause is logged where it is met, the client gets this sentence.
    #[error("internal error")]
    Internal,
}

/// What a service that exchanges a credential for its own client may be told (`contracts/oauth2.md` §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Right credentials of a disabled account.
    AccountDisabled,
    /// A credential that was good while its account was there.
    AccountDeleted,
    /// Right credentials without the code that the account needs.
    OtpRequired,
    /// Right credentials with a code that is wrong or used up.
    OtpInvalid,
}

/// The body of a refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OAuthErrorBody {
    /// The registered code.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// A sentence for the developer of the client.
    #[schema(example = "client authentication failed")]
    error_description: String,
    /// Why a subject is refused, when its presenter may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

impl OAuthError {
    /// `invalid_grant` with a sentence.
    pub(crate) const fn grant(description: &'static str) -> Self {
        Self::Grant { description, reason: None }
    }

    /// The registered error code; also the outcome in audit and metrics.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) | Self::Missing(_) | Self::Request(_) => "invalid_request",
            Self::Client { .. } => "invalid_client",
            Self::Grant { .. } | Self::Application(_) => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::Scope(_) => "invalid_scope",
            Self::Target(_) => "invalid_target",
            Self::Throttled(_) | Self::Unavailable => "temporarily_unavailable",
            Self::Internal => "server_error",
        }
    }

    /// The application that is the reason, if one is.
    pub(crate) const fn application(&self) -> Option<&BindingRefusal> {
        match self {
            Self::Application(refusal) => Some(refusal),
            _ => None,
        }
    }

    const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.retry_after),
            Self::Unavailable => Some(RETRY_UNAVAILABLE),
            _ => None,
        }
    }
}

impl From<Throttled> for OAuthError {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled(throttled)
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database is unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "request failed");
        Self::Internal
    }
}

impl From<IdentityError> for OAuthError {
    fn from(error: IdentityError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the directory is unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "request failed");
        Self::Internal
    }
}

/// Why a user's own credential is refused, as far as whoever exchanges it may know (`contracts/oauth2.md` §4).
impl From<SignInRefusal> for OAuthError {
    fn from(refusal: SignInRefusal) -> Self {
        let told = |description, reason| Self::Grant { description, reason: Some(reason) };
        match refusal {
            SignInRefusal::BadCredentials => Self::grant("the credentials are not valid"),
            SignInRefusal::Disabled => told("the account is disabled", Reason::AccountDisabled),
            SignInRefusal::OtpRequired => told("a second factor is required", Reason::OtpRequired),
            SignInRefusal::OtpInvalid => told("the second factor is not valid", Reason::OtpInvalid),
            SignInRefusal::Throttled { retry_after } => Self::Throttled(Throttled { retry_after }),
            SignInRefusal::Failed(error) => error.into(),
        }
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Form(FormFault::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Form(_)
            | Self::Missing(_)
            | Self::Request(_)
            | Self::Grant { .. }
            | Self::Application(_)
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::Scope(_)
            | Self::Target(_) => StatusCode::BAD_REQUEST,
            Self::Client { .. } => StatusCode::UNAUTHORIZED,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
        if matches!(self, Self::Client { challenge: true }) {
            response.insert_header((WWW_AUTHENTICATE, r#"Basic realm="oauth2/client""#));
        }
        if let Some(seconds) = self.retry_after() {
            response.insert_header((RETRY_AFTER, seconds));
        }
        let reason = match self {
            Self::Grant { reason, .. } => *reason,
            _ => None,
        };
        response.json(OAuthErrorBody { error: self.code(), error_description: self.to_string(), reason })
    }
}
