//! Every way a request is refused, in the words of the dialect. `contracts/rdv-sign-in.md` §4.4, §12.2, §13.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use auth_claims::caller::Rejection;
use serde::Serialize;
use store::{StoreCause, StoreError};

use crate::failure::{AuthFailure, Failure};
use crate::response;
use crate::texts::{self, Language};
use crate::violations::Violations;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// Seconds after which a client may try again what nobody can tell at the moment.
const TRY_AGAIN: &str = "5";

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum RdvError {
    /// 401 of a protected resource: no credential, or one that does not hold.
    #[error("not authenticated")]
    Unauthenticated,
    /// 400 with an empty body: the body cannot be parsed.
    #[error("the body cannot be parsed")]
    BadJson,
    /// 413: the body is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// 403: the agent may not do this.
    #[error("forbidden")]
    Forbidden(ForbiddenText),
    /// 404: no absence has this id.
    #[error("no such absence")]
    NotFoundAbsence,
    /// 404: no agent has this e-mail address.
    #[error("no such agent")]
    NotFoundAgent,
    /// 404: no organisation has this id, which is told as it was given.
    #[error("no such organisation")]
    NotFoundOrganisation(String),
    /// 404: there is no such route.
    #[error("no such route")]
    NotFound,
    /// 422: what is wrong with a record.
    #[error("the record is not valid")]
    Invalid(Violations),
    /// 429: too many attempts.
    #[error("too many attempts")]
    Throttled {
        /// Seconds until the next attempt may help.
        retry_after: u64,
        /// How many there may be in a window.
        limit: u32,
    },
    /// A refusal of an endpoint below `/api/v1/auth`.
    #[error("refused")]
    Auth {
        /// Why.
        failure: AuthFailure,
        /// In which language it is told.
        language: Language,
    },
    /// 503: credentials cannot be checked, because nobody can be asked.
    #[error("unavailable")]
    Unavailable,
    /// 500, or 503 when the database may answer later.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// 500; the cause is for the log.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What was refused, as far as the sentence tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForbiddenText {
    /// Looking at an organisation.
    Organisation,
    /// Anything else.
    Action,
    /// Anything, at a service that is switched off for everybody but administrators.
    Service,
}

impl RdvError {
    /// A failure that is nobody's fault but ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<Rejection> for RdvError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Throttled { .. } | Rejection::Unavailable => Self::Unavailable,
            Rejection::ServiceDisabled => Self::Forbidden(ForbiddenText::Service),
            // §4.4: the same answer whatever is wrong.
            _ => Self::Unauthenticated,
        }
    }
}

impl From<Violations> for RdvError {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl StoreCause for RdvError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl ResponseError for RdvError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::BadJson => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFoundAbsence | Self::NotFoundAgent | Self::NotFoundOrganisation(_) | Self::NotFound => {
                StatusCode::NOT_FOUND
            }
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Auth { failure, .. } => failure.status(),
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let json = |errors: &str| response::json(status, &Failure::new([errors]));
        match self {
            Self::Unauthenticated => response::json(status, &Refused { errors: [texts::UNAUTHENTICATED] }),
            Self::BadJson => HttpResponse::build(status).finish(),
            Self::TooLarge => json("Request Entity Too Large"),
            Self::Forbidden(text) => response::json(status, &Forbidden::new(*text)),
            Self::NotFoundAbsence => response::json(status, &NotFound { not_found: "absence" }),
            Self::NotFoundAgent => response::json(status, &NotFound { not_found: "agent" }),
            Self::NotFoundOrganisation(id) => json(&format!("Couldn't find Organisation with 'id'={id}")),
            Self::NotFound => json("Not Found"),
            Self::Invalid(violations) => response::json(status, &Invalid::new(violations)),
            Self::Throttled { retry_after, limit } => throttled(*retry_after, *limit),
            Self::Auth { failure, language } => failure.response(*language),
            Self::Unavailable | Self::Store(_) | Self::Internal(_) => self.failed(status),
        }
    }
}

impl RdvError {
    fn failed(&self, status: StatusCode) -> HttpResponse {
        let cause = self.cause();
        tracing::error!(error = cause, "request failed: {cause}");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let mut response = response::json(status, &Failure::new(["Service Unavailable"]));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(TRY_AGAIN));
            return response;
        }
        response::json(status, &Failure::new(["Internal Server Error"]))
    }

    /// What an operator wants to read: the cause rather than the variant.
    fn cause(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Store(error) => error,
            Self::Internal(error) => &**error,
            other => other,
        }
    }
}

/// `Content-Type` without a charset: §13 names it so.
fn throttled(retry_after: u64, limit: u32) -> HttpResponse {
    HttpResponse::TooManyRequests()
        .insert_header((RATE_LIMIT, limit.to_string()))
        .insert_header((RATE_REMAINING, "0"))
        .insert_header((RETRY_AFTER, retry_after.to_string()))
        .json(Refused { errors: [texts::THROTTLED] })
}

/// `{"errors":[…]}`, without `success`.
#[derive(Serialize)]
struct Refused {
    errors: [&'static str; 1],
}

#[derive(Serialize)]
struct NotFound {
    not_found: &'static str,
}

#[derive(Serialize)]
struct Forbidden {
    errors: [ForbiddenBase; 1],
    error_messages: [&'static str; 1],
}

#[derive(Serialize)]
struct ForbiddenBase {
    base: &'static str,
}

impl Forbidden {
    const fn new(text: ForbiddenText) -> Self {
        let message = match text {
            ForbiddenText::Organisation => texts::FORBIDDEN_ORGANISATION,
            ForbiddenText::Action => texts::FORBIDDEN,
            ForbiddenText::Service => texts::FORBIDDEN_SERVICE,
        };
        Self { errors: [ForbiddenBase { base: "forbidden" }], error_messages: [message] }
    }
}

#[derive(Serialize)]
struct Invalid<'a> {
    success: bool,
    errors: &'a Violations,
    error_messages: Vec<String>,
}

impl<'a> Invalid<'a> {
    fn new(violations: &'a Violations) -> Self {
        Self { success: false, errors: violations, error_messages: violations.messages() }
    }
}

#[cfg(test)]
mod tests;
