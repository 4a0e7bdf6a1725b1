//! Refusals that every route words alike, and their envelope. `contracts/meet.md` §2.2, §2.3, §2.5.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::field_errors::FieldErrors;

/// Why a request is refused before it means anything; each displays the sentence that the client gets.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// `?format=` names something else than JSON, or there is nothing of this name.
    #[error("Not found.")]
    NotFound,
    /// `Accept` excludes JSON.
    #[error("Could not satisfy the request Accept header.")]
    NotAcceptable,
    /// The route does not know this method.
    #[error("Method \"{0}\" not allowed.")]
    MethodNotAllowed(Method),
    /// The body is in a form that is not read here; the raw header.
    #[error("Unsupported media type \"{0}\" in request.")]
    UnsupportedMediaType(String),
    /// The body is larger than allowed.
    #[error("Request body is too large.")]
    BodyTooLarge,
    /// The body cannot be read; the whole sentence.
    #[error("{0}")]
    Unreadable(String),
    /// Fields of the body are wrong, or the body has none.
    #[error("Invalid input.")]
    Fields(FieldErrors),
}

impl From<FieldErrors> for Refusal {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable(_) | Self::Fields(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Fields(errors) => response.json(errors),
            other => response.json(Detail::new(other)),
        }
    }
}

/// An error that is not about a field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error, example = json!({"detail": "Invalid token."}))]
pub struct Detail {
    /// One sentence.
    pub detail: String,
}

impl Detail {
    /// What an error displays.
    #[must_use]
    pub fn new(error: &impl std::error::Error) -> Self {
        Self { detail: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::body::to_bytes;
    use actix_web::http::Method;
    use rstest::rstest;

    use super::Refusal;
    use crate::field_errors::FieldErrors;

    #[rstest]
    #[case(Refusal::NotFound, 404, r#"{"detail":"Not found."}"#)]
    #[case(Refusal::NotAcceptable, 406, r#"{"detail":"Could not satisfy the request Accept header."}"#)]
    #[case(Refusal::MethodNotAllowed(Method::PATCH), 405, r#"{"detail":"Method \"PATCH\" not allowed."}"#)]
    #[case(
        Refusal::UnsupportedMediaType("text/plain; a=b".to_owned()),
        415,
        r#"{"detail":"Unsupported media type \"text/plain; a=b\" in request."}"#
    )]
    #[case(Refusal::BodyTooLarge, 413, r#"{"detail":"Request body is too large."}"#)]
    #[case(Refusal::Unreadable("JSON parse error - x".to_owned()), 400, r#"{"detail":"JSON parse error - x"}"#)]
    #[case(FieldErrors::of("scope", "no").into(), 400, r#"{"scope":["no"]}"#)]
    #[actix_web::test]
    async fn each_refusal_has_its_status_and_envelope(
        #[case] refusal: Refusal,
        #[case] status: u16,
        #[case] body: &str,
    ) {
        let response = refusal.error_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("content-type").unwrap(), "application/json");
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), body.as_bytes());
    }
}
