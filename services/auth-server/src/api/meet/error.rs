//! How the Meet token route refuses (`contracts/meet.md` §2.5, §4.4).

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use identity::IdentityError;
use identity::applications::ApplicationRefusal;
use identity::throttle::Throttled;
use meet_dialect::refusal::Refusal;
use serde_json::{Value, json};
use store::StoreError;

use crate::binding::BindingError;
use crate::domain::applications::BindingRefusal;
use crate::fresh_second::NoFreshSecond;

/// How long a client should wait for a dependency to come back.
const RETRY_UNAVAILABLE: u64 = 2;

/// Why the route gives no token. The sentences are the contract's, final periods and their absence included.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeetError {
    /// What the dialect refuses on every route; also when the feature is off.
    #[error(transparent)]
    Dialect(#[from] Refusal),
    /// Unknown application or wrong secret, also of an inactive one.
    #[error("Invalid credentials")]
    Credentials,
    /// Right secret of an inactive application.
    #[error("Application is inactive")]
    Inactive,
    /// Right secret of an application that is bound to one (in Auvious' sense) which is not to be used.
    #[error("{}", bound(.0))]
    Bound(BindingRefusal),
    /// `scope` is no e-mail address.
    #[error("Scope should be a valid email address.")]
    Email,
    /// The e-mail's domain is not one of the application's.
    #[error("This application is not authorized for this email domain.")]
    Domain,
    /// Nobody has this e-mail, and nobody is created.
    #[error("User not found.")]
    User,
    /// A user could be neither created nor found.
    #[error("Failed to create or retrieve provisional user.")]
    Provisioning,
    /// Too many failures, or requests.
    #[error("Request was throttled. Expected available in {} seconds.", .0.retry_after)]
    Throttled(Throttled),
    /// A dependency is down.
    #[error("Service temporarily unavailable, try again later.")]
    Unavailable,
    /// A defect. The cause is logged where it is met, the client gets this sentence.
    #[error("Internal server error.")]
    Internal,
}

/// Row 7 where its state may be told, and row 6 where it is not the client's to use.
const fn bound(refusal: &BindingRefusal) -> &'static str {
    match refusal.why {
        ApplicationRefusal::Disabled | ApplicationRefusal::Expired => "Application is inactive",
        ApplicationRefusal::Unknown | ApplicationRefusal::Foreign | ApplicationRefusal::Deleted => {
            "Invalid credentials"
        }
    }
}

impl From<Throttled> for MeetError {
    fn from(throttled: Throttled) -> Self {
        Self::Throttled(throttled)
    }
}

impl MeetError {
    /// The outcome in audit and metrics.
    pub(super) const fn outcome(&self) -> &'static str {
        match self {
            Self::Credentials => "invalid_client",
            Self::Inactive => "client_inactive",
            Self::Bound(_) => "application_refused",
            Self::Email => "invalid_email",
            Self::Domain => "foreign_domain",
            Self::User => "unknown_user",
            Self::Provisioning => "provisioning_failed",
            Self::Throttled(_) => "throttled",
            Self::Unavailable => "temporarily_unavailable",
            Self::Internal => "server_error",
            Self::Dialect(_) => "invalid_request",
        }
    }

    /// Why, for the audit trail: like the sentence on the wire, but never with a word of the request in it.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Dialect(refusal) => match refusal {
                Refusal::NotFound => "the feature is off",
                Refusal::Unreadable(_) | Refusal::BodyTooLarge => "the body is malformed",
                Refusal::Fields(_) => "fields are missing or malformed",
                Refusal::NotAcceptable | Refusal::MethodNotAllowed(_) | Refusal::UnsupportedMediaType(_) => {
                    "negotiation"
                }
            },
            Self::Credentials => "invalid credentials",
            Self::Inactive => "the application is inactive",
            Self::Bound(refusal) => refusal.sentence(),
            Self::Email => "scope is no e-mail address",
            Self::Domain => "the e-mail domain is not one of the application's",
            Self::User => "unknown e-mail address",
            Self::Provisioning => "no account could be made",
            Self::Throttled(_) => "too many failures",
            Self::Unavailable => "a dependency is down",
            Self::Internal => "internal error",
        }
    }

    /// The application (in Auvious' sense) that is the reason, if one is.
    pub(super) const fn application(&self) -> Option<&BindingRefusal> {
        match self {
            Self::Bound(refusal) => Some(refusal),
            _ => None,
        }
    }

    fn body(&self) -> Value {
        let sentence = self.to_string();
        match self {
            Self::Email | Self::Domain | Self::Provisioning => json!({ "error": sentence }),
            // §4.4: the seed's schema has `error` where the deployed server says `detail`; here both are said.
            Self::Credentials | Self::Inactive | Self::Bound(_) | Self::User => {
                json!({ "detail": sentence, "error": sentence })
            }
            _ => json!({ "detail": sentence }),
        }
    }
}

impl From<BindingError> for MeetError {
    fn from(error: BindingError) -> Self {
        match error {
            BindingError::Refused(refusal) => Self::Bound(refusal),
            BindingError::Failed(error) => error.into(),
        }
    }
}

impl From<StoreError> for MeetError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database is unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "request failed");
        Self::Internal
    }
}

impl From<IdentityError> for MeetError {
    fn from(error: IdentityError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the directory is unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "request failed");
        Self::Internal
    }
}

impl From<NoFreshSecond> for MeetError {
    fn from(error: NoFreshSecond) -> Self {
        match error {
            NoFreshSecond::Clock => {
                tracing::warn!(%error, "a token would have been dead from the start");
                Self::Unavailable
            }
            NoFreshSecond::Directory(error) => error.into(),
        }
    }
}

impl ResponseError for MeetError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Dialect(refusal) => refusal.status_code(),
            Self::Email => StatusCode::BAD_REQUEST,
            Self::User => StatusCode::NOT_FOUND,
            Self::Credentials | Self::Inactive | Self::Bound(_) => StatusCode::UNAUTHORIZED,
            Self::Domain => StatusCode::FORBIDDEN,
            Self::Provisioning => StatusCode::CONFLICT,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Dialect(refusal) = self {
            return refusal.error_response();
        }
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Credentials | Self::Inactive | Self::Bound(_) => {
                response.insert_header((WWW_AUTHENTICATE, "Session"))
            }
            Self::Throttled(throttled) => response.insert_header((RETRY_AFTER, throttled.retry_after)),
            Self::Unavailable => response.insert_header((RETRY_AFTER, RETRY_UNAVAILABLE)),
            _ => &mut response,
        };
        response.json(self.body())
    }
}
