//! Bearer tokens on the internal API, refused in the words of RFC 6750 §3.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use auth_claims::caller::{self, Credential, Rejection};
use auth_claims::claims::{AccessClaims, SubjectKind};
use auth_claims::scopes::Scope;
use auth_claims::verify::VerifyError;
use identity::IdentityError;
use serde_json::json;

use crate::app::App;
use crate::presented::{INTERNAL_AUDIENCE, TokenRefusal};

/// Why an internal request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BearerError {
    /// No bearer token at all.
    #[error("a bearer token is required")]
    Missing,
    /// The header or a parameter is malformed.
    #[error("{0}")]
    Request(&'static str),
    /// The body is larger than any request needs.
    #[error("the body is too large")]
    TooLarge,
    /// `If-Match` is missing.
    #[error("the request must be conditional: If-Match")]
    Unconditional,
    /// What `If-Match` names is over.
    #[error("something else was told meanwhile")]
    Late,
    /// What the request is about is not there.
    #[error("{0}")]
    NotFound(&'static str),
    /// The request is understood, and not carried out.
    #[error("{0}")]
    Refused(String),
    /// The token is of no use here.
    #[error("the access token is not valid")]
    Token,
    /// It is not a service's, or lacks the scope.
    #[error("the access token lacks the scope {0}")]
    Scope(&'static str),
    /// Its subject lacks the role.
    #[error("the subject of the access token lacks the role")]
    Role,
    /// A dependency is down.
    #[error("temporarily unavailable")]
    Unavailable,
    /// A defect. The cause is logged where it is met.
    #[error("internal error")]
    Internal,
}

/// Lets a service in whose token is live, for the auth server, and holds `scope`.
///
/// # Errors
/// 401 without such a token, 403 without the scope.
pub(crate) async fn require(
    app: &App,
    request: &HttpRequest,
    scope: &'static str,
) -> Result<String, BearerError> {
    let claims = claims(app, request).await?;
    if claims.kind == SubjectKind::Client && holds(&claims, scope) {
        Ok(claims.client_id.clone())
    } else {
        Err(BearerError::Scope(scope))
    }
}

/// The claims of a live token for the auth server, whoever's it is.
///
/// # Errors
/// 401 without such a token.
pub(crate) async fn claims(app: &App, request: &HttpRequest) -> Result<Arc<AccessClaims>, BearerError> {
    let credential = caller::bearer(request).map_err(|rejection| match rejection {
        Rejection::Missing => BearerError::Missing,
        _ => BearerError::Request("the Authorization header is malformed"),
    })?;
    let Credential::Bearer(token) = credential else { return Err(BearerError::Missing) };
    let claims = app.tokens.verify(&token).await?;
    if claims.aud.contains(INTERNAL_AUDIENCE) { Ok(claims) } else { Err(BearerError::Token) }
}

/// Whether a token holds a scope.
pub(crate) fn holds(claims: &AccessClaims, scope: &str) -> bool {
    claims.scope.iter().map(Scope::as_str).any(|held| held == scope)
}

impl BearerError {
    const fn code(&self) -> &'static str {
        match self {
            Self::Missing | Self::Request(_) | Self::TooLarge | Self::Unconditional => "invalid_request",
            Self::Late | Self::Refused(_) => "conflict",
            Self::NotFound(_) => "not_found",
            Self::Token => "invalid_token",
            Self::Scope(_) | Self::Role => "insufficient_scope",
            Self::Unavailable => "temporarily_unavailable",
            Self::Internal => "server_error",
        }
    }

    /// RFC 6750 §3.1: a request that shows no token is told nothing but the scheme.
    fn challenge(&self) -> Option<String> {
        let code = self.code();
        match self {
            Self::Missing => Some("Bearer".to_owned()),
            Self::Token => Some(format!("Bearer error=\"{code}\", error_description=\"{self}\"")),
            Self::Scope(scope) => Some(format!("Bearer error=\"{code}\", scope=\"{scope}\"")),
            Self::Role => Some(format!("Bearer error=\"{code}\"")),
            Self::Request(_)
            | Self::TooLarge
            | Self::Unconditional
            | Self::Late
            | Self::NotFound(_)
            | Self::Refused(_)
            | Self::Unavailable
            | Self::Internal => None,
        }
    }
}

impl From<TokenRefusal> for BearerError {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Invalid(VerifyError::Unavailable) => Self::Unavailable,
            TokenRefusal::Invalid(_) => Self::Token,
            TokenRefusal::Failed(error) => error.into(),
        }
    }
}

impl From<IdentityError> for BearerError {
    fn from(error: IdentityError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = &error as &dyn std::error::Error, "the directory is unavailable");
            return Self::Unavailable;
        }
        tracing::error!(error = &error as &dyn std::error::Error, "request failed");
        Self::Internal
    }
}

impl ResponseError for BearerError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Token => StatusCode::UNAUTHORIZED,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unconditional => StatusCode::PRECONDITION_REQUIRED,
            Self::Late => StatusCode::PRECONDITION_FAILED,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Scope(_) | Self::Role => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(challenge) = self.challenge() {
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if matches!(self, Self::Unavailable) {
            response.insert_header((RETRY_AFTER, 2));
        }
        response.json(json!({ "error": self.code(), "error_description": self.to_string() }))
    }
}
