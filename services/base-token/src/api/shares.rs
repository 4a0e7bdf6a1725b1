//! Sharing a base with people. `contracts/seatable-tokens.md` §11.3.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use seatable_dialect::error::SeaTableError;
use seatable_dialect::parameters::Parameters;
use seatable_dialect::response::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::openapi::{BadRequest, Forbidden, NotFound, ShareDelete, ShareForm, Unauthorized, Unavailable};
use super::views::People;
use super::{arguments, path};
use crate::app::App;
use crate::audit;
use crate::domain::access::Operation;
use crate::domain::id::AccountId;
use crate::domain::permission::Permission;
use crate::domain::refusal::{Partner, Refusal};
use crate::domain::workspace::Owner;
use crate::store::shares::{self, Terms};

const EMAIL: &str = "email";

/// Whom a base is shared with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserShares)]
pub struct ListBody {
    user_list: Vec<ShareBody>,
}

/// Somebody a base is shared with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserShare)]
struct ShareBody {
    /// The internal id.
    email: String,
    /// Nothing when the account is gone.
    name: String,
    contact_email: String,
    avatar_url: String,
    /// `r` or `rw`.
    #[schema(value_type = String)]
    permission: Permission,
}

/// Whom a base is shared with, the first one first.
///
/// # Errors
/// 404 for workspace and base; 403; 503.
#[utoipa::path(
    get, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/share/", operation_id = "listUserShares",
    tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base")),
    responses(
        (status = 200, description = "The people", body = ListBody),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "shares.list", skip_all, fields(account.id = %account.id()))]
pub async fn list(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let found = app.permit(account.id(), path::base(&request)?, Operation::Share).await?;
    let base = found.base().id;
    let shared = app.db.read(move |conn| shares::accounts(conn, base)).await?;
    let people = app.people(shared.iter().map(|(id, _)| id), &request).await?;
    let user_list = shared.iter().map(|(id, permission)| share(&people, id, *permission)).collect();
    Ok(response::ok(&ListBody { user_list }))
}

fn share(people: &People, id: &AccountId, permission: Permission) -> ShareBody {
    let contact_email = people.get(id).and_then(|person| person.email.clone()).unwrap_or_default();
    ShareBody {
        email: id.internal(),
        name: people.name(id),
        contact_email,
        avatar_url: people.avatar(),
        permission,
    }
}

/// Shares a base with somebody.
///
/// # Errors
/// In this order: 400 for an argument, 404 for workspace and base, 403, 400 for nobody's id, the owner's, and for somebody
/// it is shared with already; 503.
#[utoipa::path(
    post, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/share/", operation_id = "addUserShare",
    tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base")),
    request_body(content((ShareForm = "application/x-www-form-urlencoded"), (ShareForm = "multipart/form-data"),
        (ShareForm = "application/json"))),
    responses(
        (status = 201, description = "It is shared", body = Success),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "shares.add", skip_all, fields(account.id = %account.id()))]
pub async fn add(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let with = arguments::account(&parameters, EMAIL)?;
    let permission = arguments::permission(&parameters)?;
    let at = path::base(&request)?;
    let found = app.permit(account.id(), at.clone(), Operation::Share).await?;
    // Whether there is such an account is told to those only who may share with it.
    let people = app.people([&with], &request).await?;
    if people.get(&with).is_none() || found.workspace().owner == Owner::Account(with.clone()) {
        return Err(SeaTableError::invalid(EMAIL));
    }
    let terms = Terms { permission, shared_by: account.id().clone(), created_at: app.clock.now() };
    let base = app
        .change(account.id(), at, Operation::Share, move |conn, permitted| {
            let base = permitted.base();
            if shares::add_account(conn, base.id, &with, &terms)? {
                Ok(base.clone())
            } else {
                Err(Refusal::AlreadyShared { base: base.name.clone(), with: Partner::User }.into())
            }
        })
        .await?;
    audit::record("base.share", &base, account.claims());
    Ok(response::created(&Success { success: true }))
}

/// Gives somebody another permission.
///
/// # Errors
/// In this order: 400 for an argument, 404 for workspace and base, 403, 404 for somebody it is not shared with.
#[utoipa::path(
    put, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/share/", operation_id = "updateUserShare",
    tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base")),
    request_body(content((ShareForm = "application/x-www-form-urlencoded"), (ShareForm = "multipart/form-data"),
        (ShareForm = "application/json"))),
    responses(
        (status = 200, description = "It is changed", body = Success),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
    )
)]
#[tracing::instrument(name = "shares.update", skip_all, fields(account.id = %account.id()))]
pub async fn update(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let with = arguments::account(&parameters, EMAIL)?;
    let permission = arguments::permission(&parameters)?;
    let base = app
        .change(account.id(), path::base(&request)?, Operation::Share, move |conn, permitted| {
            let base = permitted.base();
            let changed = shares::change_account(conn, base.id, &with, permission)?;
            if changed { Ok(base.clone()) } else { Err(not_shared(&with).into()) }
        })
        .await?;
    audit::record("base.share.update", &base, account.claims());
    Ok(response::success())
}

/// Ends the sharing with somebody.
///
/// # Errors
/// In this order: 400 for the argument, 404 for workspace and base, 403, 404 for somebody it is not shared with.
#[utoipa::path(
    delete, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/share/", operation_id = "deleteUserShare",
    tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base")),
    request_body(content((ShareDelete = "application/x-www-form-urlencoded"), (ShareDelete = "multipart/form-data"),
        (ShareDelete = "application/json"))),
    responses(
        (status = 200, description = "It is ended", body = Success),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
    )
)]
#[tracing::instrument(name = "shares.delete", skip_all, fields(account.id = %account.id()))]
pub async fn delete(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let with = arguments::account(&parameters, EMAIL)?;
    let base = app
        .change(account.id(), path::base(&request)?, Operation::Share, move |conn, permitted| {
            let base = permitted.base();
            let ended = shares::remove_account(conn, base.id, &with)?;
            if ended { Ok(base.clone()) } else { Err(not_shared(&with).into()) }
        })
        .await?;
    audit::record("base.share.delete", &base, account.claims());
    Ok(response::success())
}

fn not_shared(with: &AccountId) -> Refusal {
    Refusal::NotShared(Partner::User, with.internal())
}
