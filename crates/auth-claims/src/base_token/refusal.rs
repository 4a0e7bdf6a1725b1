//! How a data plane refuses. `contracts/seatable-tokens.md` §13.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, ResponseError};

/// Why a request is refused. The status is 403 always, never 401, and clients compare the texts: the Python client
/// authenticates anew on exactly 403 with `Token expired.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BaseTokenRefusal {
    /// No header, a malformed one, no good signature, or a token for another base.
    #[error("Permission denied.")]
    Denied,
    /// A good token whose time is over.
    #[error("Token expired.")]
    Expired,
    /// A token that only reads, on a request that writes.
    #[error("You don't have permission to perform this operation on this base.")]
    ReadOnly,
}

impl BaseTokenRefusal {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        403
    }

    /// The body, `application/json`.
    #[must_use]
    pub const fn body(self) -> &'static str {
        match self {
            Self::Denied => r#"{"error_msg":"Permission denied."}"#,
            Self::Expired => r#"{"error_msg":"Token expired."}"#,
            Self::ReadOnly => {
                r#"{"error_msg":"You don't have permission to perform this operation on this base."}"#
            }
        }
    }
}

impl ResponseError for BaseTokenRefusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::Forbidden().content_type(ContentType::json()).body(self.body())
    }
}
