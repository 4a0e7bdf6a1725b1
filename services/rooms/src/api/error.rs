//! Every way a request is refused, in the words of the dialect. `contracts/meet.md` §2.5.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use meet_dialect::field_errors::FieldErrors;
use meet_dialect::refusal::{Detail, Refusal};
use store::{StoreCause, StoreError};

use crate::domain::access;
use crate::domain::pagination::InvalidPage;
use crate::domain::person::ClaimsRefusal;
use crate::domain::scopes::ScopeRefusal;
use crate::store::new_room::CreateError;

/// `Retry-After`, in seconds: a database that restarts is back by then, more often than not.
const TRY_AGAIN: &str = "2";

/// Why a request is refused; each displays the sentence that the client gets.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// What the dialect refuses on every route.
    #[error(transparent)]
    Dialect(#[from] Refusal),
    /// The id is one, but of no room.
    #[error("No Room matches the given query.")]
    NoSuchRoom,
    /// The list has no such page.
    #[error(transparent)]
    Page(#[from] InvalidPage),
    /// The query string is longer than allowed.
    #[error("Request query string is too long.")]
    QueryTooLong,
    /// No credential, or one that does not hold.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The claims name nobody who may call.
    #[error(transparent)]
    Claims(#[from] ClaimsRefusal),
    /// The token lacks a scope.
    #[error(transparent)]
    Scope(#[from] ScopeRefusal),
    /// The role does not suffice.
    #[error(transparent)]
    Refused(#[from] access::Refusal),
    /// Tokens cannot be checked, because nobody can be asked.
    #[error("Service temporarily unavailable, try again later.")]
    Unavailable,
    /// The service is switched off for everybody but administrators.
    #[error("This service is disabled.")]
    Disabled,
    /// No room can be made.
    #[error("A server error occurred.")]
    Create(#[source] CreateError),
    /// The database failed.
    #[error("{}", store_message(.0))]
    Store(#[from] StoreError),
}

fn store_message(error: &StoreError) -> &'static str {
    if error.is_unavailable() {
        "Service temporarily unavailable, try again later."
    } else {
        "A server error occurred."
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::Dialect(errors.into())
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Store(error) => Self::Store(error),
            // §8.3: what the original says to a taken slug.
            CreateError::NoFreeSlug => FieldErrors::of("slug", error.to_string()).into(),
            CreateError::Randomness(_) => Self::Create(error),
        }
    }
}

impl StoreCause for ApiError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Dialect(refusal) => refusal.status_code(),
            Self::Claims(ClaimsRefusal::InvalidSubject) => StatusCode::BAD_REQUEST,
            Self::Scope(_)
            | Self::Refused(_)
            | Self::Disabled
            | Self::Claims(ClaimsRefusal::BaseScopeMissing) => StatusCode::FORBIDDEN,
            Self::Unauthenticated(_) | Self::Claims(_) => StatusCode::UNAUTHORIZED,
            Self::NoSuchRoom | Self::Page(_) => StatusCode::NOT_FOUND,
            Self::QueryTooLong => StatusCode::URI_TOO_LONG,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Create(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        if status.is_server_error() {
            tracing::error!(error = self.cause(), "request failed: {}", self.cause());
        }
        let mut response = HttpResponse::build(status);
        match status {
            StatusCode::UNAUTHORIZED => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => response.insert_header((header::RETRY_AFTER, TRY_AGAIN)),
            _ => &mut response,
        };
        match self {
            Self::Dialect(refusal) => refusal.error_response(),
            Self::Claims(refusal @ ClaimsRefusal::InvalidSubject) => {
                response.json(FieldErrors::of("sub", refusal.to_string()))
            }
            other => response.json(Detail::new(other)),
        }
    }
}

impl ApiError {
    /// What an operator wants to read: the cause rather than the sentence for the client.
    fn cause(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Store(error) => error,
            Self::Create(error) => error,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use rstest::rstest;
    use store::StoreError;

    use super::ApiError;

    /// A database that is out of reach is worth another try later; what else it says is nobody's business.
    #[rstest]
    #[case::unreachable(
        StoreError::Unavailable("postgres.internal: refused".to_owned()),
        503,
        "Service temporarily unavailable, try again later."
    )]
    #[case::refused(StoreError::Query(diesel::result::Error::NotFound), 500, "A server error occurred.")]
    #[case::corrupt(StoreError::corrupt("role", "king"), 500, "A server error occurred.")]
    fn a_database_failure_tells_nothing(#[case] error: StoreError, #[case] status: u16, #[case] text: &str) {
        let error = ApiError::from(error);
        assert_eq!((error.status_code().as_u16(), error.to_string().as_str()), (status, text));
        assert_eq!(error.error_response().headers().contains_key("retry-after"), status == 503);
    }
}
