//! Methods that a path does not have, OPTIONS, and paths that lead nowhere. `contracts/auvious-applications.md` §8.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::authentication::Authenticated;
use super::error::ApiError;

/// The methods of a path: those of its operations, as 405 names them, and all that are answered, as OPTIONS does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Methods {
    pub(super) operations: &'static str,
    pub(super) all: &'static str,
}

impl Methods {
    /// 405.
    pub(super) fn not_allowed(self, _: &Authenticated, request: &HttpRequest) -> ApiError {
        ApiError::Method(request.method().clone(), self.operations)
    }

    /// What Spring answers to OPTIONS by default.
    pub(super) fn options(self, _: &Authenticated) -> HttpResponse {
        HttpResponse::Ok().insert_header((header::ALLOW, self.all)).finish()
    }
}

/// 404, to somebody with a valid token.
///
/// # Errors
/// Always.
pub async fn nowhere(_: Authenticated) -> Result<HttpResponse, ApiError> {
    Err(ApiError::NoRoute)
}
