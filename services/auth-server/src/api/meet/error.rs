//! How the Meet token route answers, refusals above all (`contracts/meet.md` §2.4, §2.5, §4.4).

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CROSS_ORIGIN_OPENER_POLICY, REFERRER_POLICY, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use identity::IdentityError;
use serde_json::{Value, json};
use store::StoreError;

use crate::domain::fields::FieldErrors;
use crate::domain::throttle::Throttled;

/// How long a client should wait for a dependency to come back.
const RETRY_UNAVAILABLE: u64 = 2;

/// Why the route gives no token. The sentences are the contract's, final periods and their absence included.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeetError {
    /// `Accept` excludes JSON.
    #[error("Could not satisfy the request Accept header.")]
    NotAcceptable,
    /// Another `?format=`, or the feature is off.
    #[error("Not found.")]
    NotFound,
    /// Another method.
    #[error("Method \"{0}\" not allowed.")]
    Method(String),
    /// Another type of body; the raw header.
    #[error("Unsupported media type \"{0}\" in request.")]
    MediaType(String),
    /// The body does not parse; the whole sentence.
    #[error("{0}")]
    Parse(String),
    /// The body is too large.
    #[error("Request body is too large.")]
    TooLarge,
    /// The body is not an object; the whole sentence.
    #[error("{0}")]
    NonField(String),
    /// Fields are missing or malformed.
    #[error("invalid fields")]
    Fields(FieldErrors),
    /// Unknown application or wrong secret, also of an inactive one.
    #[error("Invalid credentials")]
    Credentials,
    /// Right secret of an inactive application.
    #[error("Application is inactive")]
    Inactive,
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
    /// Too many failures.
    #[error("Request was throttled. Expected available in {} seconds.", .0.retry_after)]
    Throttled(Throttled),
    /// A dependency is down.
    #[error("Service temporarily unavailable, try again later.")]
    Unavailable,
    /// A defect. The cause is logged where it is met, the client gets this sentence.
    #[error("Internal server error.")]
    Internal,
}

impl MeetError {
    /// The outcome in audit and metrics.
    pub(super) const fn outcome(&self) -> &'static str {
        match self {
            Self::Credentials => "invalid_client",
            Self::Inactive => "client_inactive",
            Self::Email => "invalid_email",
            Self::Domain => "foreign_domain",
            Self::User => "unknown_user",
            Self::Provisioning => "provisioning_failed",
            Self::Throttled(_) => "throttled",
            Self::Unavailable => "temporarily_unavailable",
            Self::Internal => "server_error",
            _ => "invalid_request",
        }
    }

    /// Why, for the audit trail: like the sentence on the wire, but never with a word of the request in it.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NotAcceptable | Self::Method(_) | Self::MediaType(_) => "negotiation",
            Self::NotFound => "the feature is off",
            Self::Parse(_) | Self::NonField(_) | Self::TooLarge => "the body is malformed",
            Self::Fields(_) => "fields are missing or malformed",
            Self::Credentials => "invalid credentials",
            Self::Inactive => "the application is inactive",
            Self::Email => "scope is no e-mail address",
            Self::Domain => "the e-mail domain is not one of the application's",
            Self::User => "unknown e-mail address",
            Self::Provisioning => "no account could be made",
            Self::Throttled(_) => "too many failures",
            Self::Unavailable => "a dependency is down",
            Self::Internal => "internal error",
        }
    }

    fn body(&self) -> Value {
        let sentence = self.to_string();
        match self {
            Self::Fields(errors) => json!(errors),
            Self::NonField(_) => json!({ "non_field_errors": [sentence] }),
            Self::Email | Self::Domain | Self::Provisioning => json!({ "error": sentence }),
            // §4.4: the seed's schema has `error` where the deployed server says `detail`; here both are said.
            Self::Credentials | Self::Inactive | Self::User => {
                json!({ "detail": sentence, "error": sentence })
            }
            _ => json!({ "detail": sentence }),
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

impl ResponseError for MeetError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::NotFound | Self::User => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Parse(_) | Self::NonField(_) | Self::Fields(_) | Self::Email => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Credentials | Self::Inactive => StatusCode::UNAUTHORIZED,
            Self::Domain => StatusCode::FORBIDDEN,
            Self::Provisioning => StatusCode::CONFLICT,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = respond(self.status_code());
        match self {
            Self::Credentials | Self::Inactive => response.insert_header((WWW_AUTHENTICATE, "Session")),
            Self::Throttled(throttled) => response.insert_header((RETRY_AFTER, throttled.retry_after)),
            Self::Unavailable => response.insert_header((RETRY_AFTER, RETRY_UNAVAILABLE)),
            _ => &mut response,
        };
        response.json(self.body())
    }
}

/// An answer with the headers every answer of this route has.
pub(super) fn respond(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((ALLOW, "POST, OPTIONS"))
        .insert_header((VARY, "origin, Accept-Language, Cookie"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((CONTENT_LANGUAGE, "en-us"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .insert_header((CACHE_CONTROL, "no-store"));
    response
}
