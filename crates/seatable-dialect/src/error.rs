//! Every way a request is refused, in the one of three families that clients look for. `contracts/seatable-tokens.md`
//! §2.3, and the error tables of its other sections.
//!
//! | family | shape | made by |
//! | --- | --- | --- |
//! | framework | `{"detail": "…"}` | [`SeaTableError::detail`] and the constructors in `framework` |
//! | application | `{"error_msg": "…"}` | [`SeaTableError::error_msg`] and the constructors in `application` |
//! | serializer | `{"<field>": ["…"]}` | [`FieldErrors`] |

mod application;
mod bodies;
mod fields;
mod framework;

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use store::{StoreCause, StoreError};

pub use self::bodies::{DetailBody, ErrorMsgBody, FieldErrorsBody};
pub use self::fields::FieldErrors;
use crate::response;

/// Seconds after which a client may try again what nobody can tell at the moment.
const TRY_AGAIN: &str = "5";

/// Why a request is refused. Its body is a JSON object, always.
#[derive(Debug, thiserror::Error)]
pub enum SeaTableError {
    /// Of the framework's family.
    #[error("{text}")]
    Detail {
        /// The status.
        status: StatusCode,
        /// The sentence.
        text: Cow<'static, str>,
    },
    /// Of the application's family.
    #[error("{text}")]
    ErrorMsg {
        /// The status.
        status: StatusCode,
        /// The sentence.
        text: Cow<'static, str>,
    },
    /// 400 of the serializer's family.
    #[error("the parameters are refused")]
    Fields(FieldErrors),
    /// 405.
    #[error("the method {method} is not allowed")]
    MethodNotAllowed {
        /// The request's.
        method: String,
        /// Those that are, for `Allow`.
        allowed: String,
    },
    /// 429 (§12).
    #[error("throttled for {retry_after} s")]
    Throttled {
        /// Whole seconds until the next request may help, at least one.
        retry_after: u64,
    },
    /// 503: nobody can tell at the moment.
    #[error("unavailable")]
    Unavailable,
    /// 503: the service is switched off for everybody but administrators. Not 403, by which clients know that a token is
    /// worth nothing: tokens stay as good as they were.
    #[error("the service is disabled")]
    Disabled,
    /// 500, or 503 when the database may answer later.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// 500; the cause is for the log.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SeaTableError {
    /// `{"detail": "…"}`
    pub fn detail(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Detail { status, text: text.into() }
    }

    /// `{"error_msg": "…"}`
    pub fn error_msg(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self::ErrorMsg { status, text: text.into() }
    }

    /// A failure that is nobody's fault but ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<FieldErrors> for SeaTableError {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

impl StoreCause for SeaTableError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl ResponseError for SeaTableError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Detail { status, .. } | Self::ErrorMsg { status, .. } => *status,
            Self::Fields(_) => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::Disabled => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        match self {
            Self::Detail { text, .. } => detail(status, text),
            Self::ErrorMsg { text, .. } => error_msg(status, text),
            Self::Fields(errors) => errors.response(),
            Self::MethodNotAllowed { method, allowed } => {
                let mut response = detail(status, &format!("Method \"{method}\" not allowed."));
                // What is allowed is written down in the service: it is always a header value.
                if let Ok(allowed) = HeaderValue::from_str(allowed) {
                    response.headers_mut().insert(ALLOW, allowed);
                }
                response
            }
            Self::Throttled { retry_after } => throttled(*retry_after),
            Self::Disabled => disabled(status),
            Self::Unavailable | Self::Store(_) | Self::Internal(_) => self.failed(status),
        }
    }
}

impl SeaTableError {
    fn failed(&self, status: StatusCode) -> HttpResponse {
        let cause = self.cause();
        tracing::error!(error = cause, "request failed: {cause}");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let mut response = error_msg(status, "Service Unavailable");
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(TRY_AGAIN));
            return response;
        }
        error_msg(status, "Internal Server Error")
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

fn detail(status: StatusCode, text: &str) -> HttpResponse {
    response::json(status, &DetailBody { detail: text.to_owned() })
}

fn error_msg(status: StatusCode, text: &str) -> HttpResponse {
    response::json(status, &ErrorMsgBody { error_msg: text.to_owned() })
}

/// Somebody has switched it off, so it is nothing that is over in a moment.
fn disabled(status: StatusCode) -> HttpResponse {
    let mut response = error_msg(status, "Service is disabled.");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

/// §12: clients read the header and the sentence.
fn throttled(retry_after: u64) -> HttpResponse {
    let seconds = if retry_after == 1 { "second" } else { "seconds" };
    let text = format!("Request was throttled. Expected available in {retry_after} {seconds}.");
    let mut response = detail(StatusCode::TOO_MANY_REQUESTS, &text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

#[cfg(test)]
mod tests;
