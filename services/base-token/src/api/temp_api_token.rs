//! Temporary API-Tokens. `contracts/seatable-tokens.md` §7.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use seatable_dialect::SeaTableError;
use seatable_dialect::error::{DetailBody, ErrorMsgBody};
use seatable_dialect::response::{self, no_store};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::path;
use crate::app::App;

/// A temporary API-Token.
#[derive(Serialize, ToSchema)]
#[schema(as = TemporaryApiToken)]
pub struct TemporaryTokenBody {
    /// Good for an hour, at `/api/v2.1/dtable/app-access-token/` only.
    #[schema(
        example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.5MDbQnD_dEMBQejxBFU_lLZh8hrOR4K0bOKAA00pmz8"
    )]
    api_token: String,
}

/// A temporary API-Token of a base, for whoever may write in it.
///
/// # Errors
/// In this order: 404 for workspace and base, 403.
#[utoipa::path(
    get, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/temp-api-token/",
    operation_id = "getTemporaryApiToken", tag = "API-Tokens",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path), ("base_name" = String, Path)),
    responses(
        (status = 200, description = "The token", body = TemporaryTokenBody),
        (status = 401, description = "No Account-Token", body = DetailBody),
        (status = 403, description = "The caller may not write", body = ErrorMsgBody),
        (status = 404, description = "No such workspace or base", body = ErrorMsgBody),
    )
)]
#[tracing::instrument(name = "temporary_api_token.issue", skip_all, fields(account.id = %account.id()))]
pub async fn issue(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let api_token = app.issue_temporary_token(account.id(), path::base(&request)?).await?;
    Ok(no_store(response::ok(&TemporaryTokenBody { api_token })))
}
