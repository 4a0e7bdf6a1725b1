//! Every way a request is refused, with its code, its status and its words. `contracts/ocs-provisioning.md` §1.2, §1.6, §3.2.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::{HttpRequest, HttpResponse};
use store::{StoreCause, StoreError};

use crate::answer::Shape;
use crate::value::Value;
use crate::version::{NOT_FOUND, SERVER_ERROR, UNAUTHORISED};

/// Seconds after which a client may try again what nobody can tell at the moment.
const TRY_AGAIN: u64 = 5;
/// By which scripts of a browser tell themselves from its pages, and are spared its password dialogue.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum OcsError {
    /// An operation refuses, with the code and the text that the contract gives it.
    #[error("{code}: {message}")]
    Failed {
        /// `meta.statuscode`.
        code: u16,
        /// `meta.message`.
        message: Cow<'static, str>,
        /// `data`.
        data: Value,
    },
    /// 401: Basic credentials that are no good, wherever they are sent.
    #[error("the credentials are no good")]
    Unauthorised,
    /// 401: nobody is recognised where somebody has to be.
    #[error("nobody is logged in")]
    NotLoggedIn,
    /// 412: a browser could have made this request by itself.
    #[error("the request may be forged")]
    Csrf,
    /// There is no such route.
    #[error("no such route")]
    UnknownRoute,
    /// 405: the route has other methods, which are told in `Allow`.
    #[error("no such method")]
    WrongMethod(String),
    /// 996: a required parameter is missing, or one has a type that it cannot have.
    #[error("the parameter {0} is missing or of another type")]
    BadParameter(Cow<'static, str>),
    /// 996: the answer is wanted in a format that nobody writes.
    #[error("there is no such format")]
    UnknownFormat,
    /// 413: the body is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// 429: too many attempts.
    #[error("too many attempts")]
    Throttled {
        /// Seconds until the next one may help.
        retry_after: u64,
    },
    /// 503: something that is needed does not answer.
    #[error("unavailable")]
    Unavailable,
    /// 996, or 503 when the database may answer later.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// 996; the cause is for the log.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl OcsError {
    /// A code with a text.
    pub fn with(code: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed { code, message: message.into(), data: Value::nothing() }
    }

    /// A code without a text.
    #[must_use]
    pub fn code(code: u16) -> Self {
        Self::with(code, "")
    }

    /// A code whose text is in `data.data.message`, as the configuration of apps tells it (§5.14).
    #[must_use]
    pub fn told_in_data(code: u16, message: &str) -> Self {
        let data = Value::of("data", Value::of("message", message));
        Self::Failed { code, message: Cow::Borrowed(""), data }
    }

    /// A failure that is nobody's fault but ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The answer to this request.
    #[must_use]
    pub fn response(&self, request: &HttpRequest, shape: Shape) -> HttpResponse {
        match self {
            Self::Failed { code, message, data } => shape.failure(*code, message, data.clone()),
            Self::Unauthorised => challenge(request, shape),
            Self::NotLoggedIn => {
                shape.failure(UNAUTHORISED, "Current user is not logged in", Value::nothing())
            }
            Self::Csrf => csrf(),
            Self::UnknownRoute => shape.fallback(shape.version.status(NOT_FOUND), NOT_FOUND, UNKNOWN_ROUTE),
            Self::WrongMethod(allowed) => {
                HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed.as_str())).finish()
            }
            Self::BadParameter(_) | Self::UnknownFormat => server_error(shape),
            Self::TooLarge => shape.failure(413, "Request Entity Too Large", Value::nothing()),
            Self::Throttled { retry_after } => {
                let status = shape.version.status(429);
                retry(shape.fallback(status, 429, "Too many requests"), *retry_after)
            }
            Self::Unavailable => self.unavailable(shape),
            Self::Store(error) if error.is_unavailable() => self.unavailable(shape),
            Self::Store(_) | Self::Internal(_) => {
                self.log();
                server_error(shape)
            }
        }
    }

    /// On both entry points: a client that only looks at the status has to see that nothing was done.
    fn unavailable(&self, shape: Shape) -> HttpResponse {
        self.log();
        let answer = shape.fallback(StatusCode::SERVICE_UNAVAILABLE, 503, "Service unavailable");
        retry(answer, TRY_AGAIN)
    }

    fn log(&self) {
        let cause: &(dyn std::error::Error + 'static) = match self {
            Self::Store(error) => error,
            Self::Internal(error) => &**error,
            other => other,
        };
        tracing::error!(error = cause, "request failed: {cause}");
    }
}

impl StoreCause for OcsError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// §1.6, with the line feed that the original's has.
const UNKNOWN_ROUTE: &str = "Invalid query, please check the syntax. API specifications are here: \
     http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.\n";

fn server_error(shape: Shape) -> HttpResponse {
    shape.fallback(shape.version.status(SERVER_ERROR), SERVER_ERROR, "Internal Server Error\n")
}

/// §3.2.1.
fn challenge(request: &HttpRequest, shape: Shape) -> HttpResponse {
    let is_script = request.headers().get(REQUESTED_WITH).is_some_and(|value| value == "XMLHttpRequest");
    let challenge = if is_script {
        "DummyBasic realm=\"Authorisation Required\""
    } else {
        "Basic realm=\"Authorisation Required\""
    };
    let mut answer = shape.fallback(StatusCode::UNAUTHORIZED, UNAUTHORISED, "Unauthorised");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    answer
}

/// §2.1: no envelope, whatever format is asked for.
fn csrf() -> HttpResponse {
    HttpResponse::PreconditionFailed()
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-cache, no-store, must-revalidate"))
        .body(r#"{"message":"CSRF check failed"}"#)
}

fn retry(mut answer: HttpResponse, seconds: u64) -> HttpResponse {
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}
