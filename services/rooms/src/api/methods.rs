//! Methods that a route does not have, and OPTIONS, which gives nothing away. `contracts/meet.md` §8.6.

use actix_web::{HttpRequest, web};
use meet_dialect::refusal::Refusal;

use super::authentication::Authenticated;
use super::authorization;
use super::error::ApiError;
use crate::app::App;

/// 405, to somebody with a valid token, whatever its scopes.
///
/// # Errors
/// Always.
pub async fn not_allowed(_: Authenticated, request: HttpRequest) -> Result<String, ApiError> {
    Err(Refusal::MethodNotAllowed(request.method().clone()).into())
}

/// 403: no scope gives OPTIONS. (A preflight is answered before it gets here.)
///
/// # Errors
/// Always.
pub async fn options(caller: Authenticated, app: web::Data<App>) -> Result<String, ApiError> {
    authorization::require(&caller, &app, None)?;
    Err(Refusal::MethodNotAllowed(actix_web::http::Method::OPTIONS).into())
}
