//! `GET /api2/ping/` and `/api2/auth/ping/` (`contracts/seatable-tokens.md` §11).

use actix_web::{HttpRequest, HttpResponse, web};
use seatable_dialect::SeaTableError;
use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use seatable_dialect::rates::Class;
use seatable_dialect::response;

use super::{caller, count};
use crate::app::App;

const PONG: &str = "pong";

/// Answers, to anybody.
///
/// # Errors
/// 429 to whoever asks too often.
#[utoipa::path(
    get,
    path = "/api2/ping/",
    tag = "SeaTable",
    responses(
        (status = 200, description = "A JSON text", body = String, example = json!("pong")),
        (status = 429, description = "Too many requests; `Retry-After`", body = DetailBody),
    ),
)]
pub(crate) async fn ping(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, SeaTableError> {
    count(&app, Class::Ping, &request)?;
    Ok(response::ok(&PONG))
}

/// Answers whoever has an Account-Token.
///
/// # Errors
/// 401 or 403 without one, 429 to whoever asks too often.
#[utoipa::path(
    get,
    path = "/api2/auth/ping/",
    tag = "SeaTable",
    responses(
        (status = 200, description = "A JSON text", body = String, example = json!("pong")),
        (status = 401, description = "Nobody knows the token, or its account is deleted", body = DetailBody),
        (status = 403, description = "No token, or a deactivated account", body = DetailBody),
        (status = 429, description = "Too many requests; `Retry-After`", body = DetailBody),
        (status = 503, description = "A dependency is down; `Retry-After`", body = ErrorMsgBody),
    ),
    security(("account_token" = [])),
)]
#[tracing::instrument(name = "account_token.ping", skip_all)]
pub(crate) async fn auth_ping(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    caller::account(&app, &request).await?;
    Ok(response::ok(&PONG))
}
