//! Every way a request is refused. `contracts/auvious-applications.md` §3.4, §8.
//!
//! 401 and 403 have OAuth bodies, which are rendered here; all others the body of Spring Boot, which names the path
//! and the time and is therefore rendered around the route, by [`super::boot`].

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use auth_client::applications::RegistryError;
use serde::Serialize;
use store::{StoreCause, StoreError};

use super::authentication::Unauthenticated;
use crate::app::AppError;
use crate::domain::command::BadBody;
use crate::domain::refusal::Refusal;
use crate::domain::sort::UnknownProperty;
use crate::store::lists::NoPage;

/// After how many seconds it is worth trying again when something is out of reach.
const TRY_AGAIN: &str = "5";

/// Why a request is refused; each displays the sentence that the client gets.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No credential, or one that does not hold.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The body asks for nothing.
    #[error(transparent)]
    Body(#[from] BadBody),
    /// Lists cannot be sorted like that.
    #[error(transparent)]
    Sort(#[from] UnknownProperty),
    /// The page would hold more than there is room for.
    #[error("The page is too large, ask for a smaller size")]
    PageTooLarge,
    /// The path leads nowhere.
    #[error("No resource at this path")]
    NoRoute,
    /// The path does not take this method, but those.
    #[error("Request method '{0}' is not supported")]
    Method(Method, &'static str),
    /// The client takes no JSON.
    #[error("Acceptable representations: [application/json]")]
    NotAcceptable,
    /// The body is larger than allowed.
    #[error("Request body is too large")]
    BodyTooLarge,
    /// The query string is longer than allowed.
    #[error("Query string is too long")]
    QueryTooLong,
    /// The body is no JSON by its type.
    #[error("Content-Type is not supported, application/json is")]
    MediaType,
    /// Tokens cannot be checked, because nobody can be asked.
    #[error("Service is temporarily unavailable")]
    Unavailable,
    /// The service is switched off for everybody but administrators.
    #[error("Service is disabled")]
    Disabled,
    /// The authorization server has not confirmed a change, which is therefore not made.
    #[error("Service is temporarily unavailable")]
    Registry(#[source] RegistryError),
    /// An answer could not be rendered.
    #[error("Internal server error")]
    Rendering(#[from] serde_json::Error),
    /// The database failed.
    #[error("{}", store_message(.0))]
    Store(#[from] StoreError),
}

fn store_message(error: &StoreError) -> &'static str {
    if error.is_unavailable() { "Service is temporarily unavailable" } else { "Internal server error" }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => Self::Refused(refusal),
            AppError::Registry(error) => Self::Registry(error),
            AppError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NoPage> for ApiError {
    fn from(error: NoPage) -> Self {
        match error {
            NoPage::TooLarge => Self::PageTooLarge,
            NoPage::Store(error) => Self::Store(error),
        }
    }
}

impl StoreCause for ApiError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// The body of 401 and 403.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OAuthError {
    /// The code.
    error: &'static str,
    /// A sentence.
    error_description: String,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Refused(Refusal::Forbidden) | Self::Disabled => StatusCode::FORBIDDEN,
            Self::Refused(Refusal::Unknown) | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Refused(Refusal::VersionMismatch | Refusal::IdTaken) => StatusCode::CONFLICT,
            Self::Refused(Refusal::Config(_) | Refusal::Id(_) | Refusal::NoOrganization)
            | Self::Body(_)
            | Self::Sort(_)
            | Self::PageTooLarge => StatusCode::BAD_REQUEST,
            Self::Method(..) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::QueryTooLong => StatusCode::URI_TOO_LONG,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unavailable | Self::Registry(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(error) if error.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Rendering(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        if status.is_server_error() {
            tracing::error!(error = self.cause(), "request failed: {}", self.cause());
        }
        let mut response = HttpResponse::build(status);
        match self {
            Self::Unauthenticated(problem) => {
                let error = match problem {
                    Unauthenticated::Absent => "unauthorized",
                    _ => "invalid_token",
                };
                let challenge = format!(
                    "Bearer realm=\"oauth2-resource\", error=\"{error}\", error_description=\"{problem}\""
                );
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
                response.json(OAuthError { error, error_description: problem.to_string() })
            }
            Self::Refused(Refusal::Forbidden) | Self::Disabled => {
                response.json(OAuthError { error: "access_denied", error_description: self.to_string() })
            }
            Self::Method(_, allowed) => response.insert_header((header::ALLOW, *allowed)).finish(),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, TRY_AGAIN)).finish()
            }
            _ => response.finish(),
        }
    }
}

impl ApiError {
    /// What an operator wants to read: the cause rather than the sentence for the client.
    fn cause(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Store(error) => error,
            Self::Rendering(error) => error,
            Self::Registry(error) => error,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use auth_client::applications::RegistryError;
    use rstest::rstest;
    use store::StoreError;

    use super::ApiError;

    /// What fails inside is nobody's business outside.
    #[rstest]
    #[case::unreachable(
        StoreError::Unavailable("postgres.internal: refused".to_owned()).into(),
        503,
        "Service is temporarily unavailable"
    )]
    #[case::refused(StoreError::Query(diesel::result::Error::NotFound).into(), 500, "Internal server error")]
    #[case::corrupt(StoreError::corrupt("type", "KING").into(), 500, "Internal server error")]
    #[case::registry(
        ApiError::Registry(RegistryError::Unconfirmed("auth.internal: refused".to_owned())),
        503,
        "Service is temporarily unavailable"
    )]
    fn a_failure_tells_nothing(#[case] error: ApiError, #[case] status: u16, #[case] text: &str) {
        assert_eq!((error.status_code().as_u16(), error.to_string().as_str()), (status, text));
        let retry = error.error_response().headers().get("retry-after").cloned();
        assert_eq!(retry.is_some(), status == 503);
    }
}
