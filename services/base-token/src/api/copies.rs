//! Copying bases. `contracts/seatable-tokens.md` §11: no API-Token, link or share is copied.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use seatable_dialect::error::SeaTableError;
use seatable_dialect::parameters::Parameters;
use seatable_dialect::response;
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::openapi::{BadRequest, CopyForm, Forbidden, NotFound, Unauthorized};
use super::views::BaseBody;
use super::{arguments, bases};
use crate::app::{App, AppError, BasePath};
use crate::audit;
use crate::domain::access::Operation;
use crate::domain::name::BaseName;
use crate::domain::refusal::Refusal;
use crate::store::workspaces;

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Copy)]
pub struct CopyBody {
    dtable: BaseBody,
}

/// Copies a base that the caller may read into a workspace that the caller may create bases in.
///
/// # Errors
/// In this order: 400 for an argument, 404 for both workspaces and the base, 403, 400 for a name that is taken.
#[utoipa::path(
    post, path = "/api/v2.1/dtable-copy/", operation_id = "copyBase", tag = "Bases",
    security(("accountToken" = [])),
    request_body(content((CopyForm = "application/x-www-form-urlencoded"), (CopyForm = "multipart/form-data"),
        (CopyForm = "application/json"))),
    responses(
        (status = 200, description = "The copy", body = CopyBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
    )
)]
#[tracing::instrument(name = "bases.copy", skip_all, fields(account.id = %account.id()))]
pub async fn copy(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let workspace = arguments::number(&parameters, "src_workspace_id")?;
    let name = arguments::text(&parameters, "name")?;
    let destination = arguments::number(&parameters, "dst_workspace_id")?;
    let source = app.permit(account.id(), BasePath { workspace, name }, Operation::ReadBase).await;
    let source = match source {
        // §4.1: what is not there is told before what is not allowed.
        Err(error @ AppError::Refused(Refusal::Forbidden)) => {
            exists(&app, destination).await?;
            return Err(error.into());
        }
        outcome => outcome?,
    };
    let copied: BaseName = source.base().name.parse().map_err(|_| SeaTableError::invalid("name"))?;
    let appearance = source.base().appearance.clone();
    let made = bases::insert(&app, &account, destination, copied, appearance).await?;
    audit::record("base.copy", &made, account.claims());
    Ok(response::ok(&CopyBody { dtable: (&made).into() }))
}

async fn exists(app: &App, workspace: i64) -> Result<(), AppError> {
    let found = app.db.read(move |conn| workspaces::find(conn, workspace)).await?;
    found.map(drop).ok_or(AppError::Refused(Refusal::NoWorkspace(workspace)))
}
