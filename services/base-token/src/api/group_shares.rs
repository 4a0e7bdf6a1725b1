//! Sharing a base with groups. `contracts/seatable-tokens.md` §11.3.

use std::collections::BTreeSet;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use auth_client::directory::DirectoryGroup;
use seatable_dialect::error::SeaTableError;
use seatable_dialect::parameters::{Given, Parameters};
use seatable_dialect::response::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::openapi::{
    BadRequest, Forbidden, GroupShareChange, GroupShareForm, NotFound, Unauthorized, Unavailable,
};
use super::{arguments, path};
use crate::app::{App, AppError};
use crate::audit;
use crate::domain::access::Operation;
use crate::domain::permission::Permission;
use crate::domain::refusal::{Partner, Refusal};
use crate::domain::workspace::Owner;
use crate::store::shares::{self, Terms};

const GROUP_ID: &str = "group_id";
const GROUP_IDS: &str = "group_ids";
/// So many groups may be named at once.
const MOST_GROUPS: usize = 100;

/// The groups a base is shared with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupShares)]
pub struct ListBody {
    dtable_group_share_list: Vec<ListedShare>,
}

/// A group a base is shared with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupShare)]
struct ListedShare {
    /// The number of the group.
    group_id: i64,
    /// Nothing when the group is gone.
    group_name: String,
    /// `r` or `rw`.
    #[schema(value_type = String)]
    permission: Permission,
}

/// What was shared with a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewGroupShare)]
pub struct AddedBody {
    dtable_group_share: AddedShare,
}

/// §11.3: the number is a text here, and nowhere else.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AddedGroupShare)]
struct AddedShare {
    /// The number of the group, as a text.
    group_id: String,
    group_name: String,
    /// `r` or `rw`.
    #[schema(value_type = String)]
    permission: Permission,
}

/// The groups that a base is shared with, the first one first.
///
/// # Errors
/// 404 for workspace and base; 403; 503.
#[utoipa::path(
    get, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/group-shares/",
    operation_id = "listGroupShares", tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base")),
    responses(
        (status = 200, description = "The groups", body = ListBody),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "group_shares.list", skip_all, fields(account.id = %account.id()))]
pub async fn list(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let found = app.permit(account.id(), path::base(&request)?, Operation::Share).await?;
    let base = found.base().id;
    let shared = app.db.read(move |conn| shares::groups(conn, base)).await?;
    let own = if shared.is_empty() { Vec::new() } else { app.groups_of(account.id()).await? };
    let mut dtable_group_share_list = Vec::with_capacity(shared.len());
    for (group_id, permission) in shared {
        let group_name = group_name(&app, &own, group_id).await?;
        dtable_group_share_list.push(ListedShare { group_id, group_name, permission });
    }
    Ok(response::ok(&ListBody { dtable_group_share_list }))
}

/// Among the caller's groups, or asked for one by one: whoever shared it has left that group.
async fn group_name(app: &App, own: &[DirectoryGroup], number: i64) -> Result<String, AppError> {
    if let Some(group) = own.iter().find(|group| group.number == number) {
        return Ok(group.name.clone());
    }
    Ok(app.directory.group(number).await?.map(|group| group.name).unwrap_or_default())
}

/// Shares a base with a group that the caller is in; or with several, of which the answer tells the first.
///
/// # Errors
/// In this order: 400 for an argument, 404 for workspace and base, 403, 400 for a group that the caller is not in, the one
/// whose workspace it is, and one it is shared with already; 503.
#[utoipa::path(
    post, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/group-shares/",
    operation_id = "addGroupShare", tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base")),
    request_body(content((GroupShareForm = "application/x-www-form-urlencoded"),
        (GroupShareForm = "multipart/form-data"), (GroupShareForm = "application/json"))),
    responses(
        (status = 200, description = "It is shared", body = AddedBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "group_shares.add", skip_all, fields(account.id = %account.id()))]
pub async fn add(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let (numbers, argument) = numbers(&parameters)?;
    let permission = arguments::permission(&parameters)?;
    let at = path::base(&request)?;
    let found = app.permit(account.id(), at.clone(), Operation::Share).await?;
    // Of groups that the caller is not in nothing is told, not even whether there are such.
    let own = app.groups_of(account.id()).await?;
    let named =
        |number: &i64| own.iter().find(|group| group.number == *number).map(|group| group.name.clone());
    let home = &found.workspace().owner;
    if numbers.iter().any(|number| named(number).is_none() || *home == Owner::Group(*number)) {
        return Err(SeaTableError::invalid(argument));
    }
    let Some((first, group_name)) = numbers.first().and_then(|first| Some((*first, named(first)?))) else {
        return Err(SeaTableError::invalid(argument));
    };
    let terms = Terms { permission, shared_by: account.id().clone(), created_at: app.clock.now() };
    let base = app
        .change(account.id(), at, Operation::Share, move |conn, permitted| {
            let base = permitted.base();
            for number in &numbers {
                if !shares::add_group(conn, base.id, *number, &terms)? {
                    return Err(
                        Refusal::AlreadyShared { base: base.name.clone(), with: Partner::Group }.into()
                    );
                }
            }
            Ok(base.clone())
        })
        .await?;
    audit::record("base.group_share", &base, account.claims());
    let dtable_group_share = AddedShare { group_id: first.to_string(), group_name, permission };
    Ok(response::ok(&AddedBody { dtable_group_share }))
}

/// The groups that are named, each once, and by which parameter.
fn numbers(parameters: &Parameters) -> Result<(Vec<i64>, &'static str), SeaTableError> {
    let several = parameters.list(GROUP_IDS);
    if several.is_empty() || parameters.value(GROUP_ID) != Given::Absent {
        return Ok((vec![arguments::number(parameters, GROUP_ID)?], GROUP_ID));
    }
    let invalid = || SeaTableError::invalid(GROUP_IDS);
    if several.len() > MOST_GROUPS {
        return Err(invalid());
    }
    let numbers: Result<BTreeSet<i64>, _> = several.iter().map(|text| text.parse()).collect();
    Ok((numbers.map_err(|_| invalid())?.into_iter().collect(), GROUP_IDS))
}

/// Gives a group another permission.
///
/// # Errors
/// In this order: 400 for the argument, 404 for workspace and base, 403, 404 for a group it is not shared with.
#[utoipa::path(
    put, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/group-shares/{group_id}/",
    operation_id = "updateGroupShare", tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base"),
        ("group_id" = i64, Path, description = "The number of the group")),
    request_body(content((GroupShareChange = "application/x-www-form-urlencoded"),
        (GroupShareChange = "multipart/form-data"), (GroupShareChange = "application/json"))),
    responses(
        (status = 200, description = "It is changed", body = Success),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "group_shares.update", skip_all, fields(account.id = %account.id()))]
pub async fn update(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let permission = arguments::permission(&parameters)?;
    let number = path::group(&request)?;
    let base = app
        .change(account.id(), path::base(&request)?, Operation::Share, move |conn, permitted| {
            let base = permitted.base();
            let changed = shares::change_group(conn, base.id, number, permission)?;
            if changed { Ok(base.clone()) } else { Err(not_shared(number).into()) }
        })
        .await?;
    audit::record("base.group_share.update", &base, account.claims());
    Ok(response::success())
}

/// Ends the sharing with a group.
///
/// # Errors
/// In this order: 404 for workspace and base, 403, 404 for a group it is not shared with.
#[utoipa::path(
    delete, path = "/api/v2.1/workspace/{workspace_id}/dtable/{base_name}/group-shares/{group_id}/",
    operation_id = "deleteGroupShare", tag = "Shares", security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace"),
        ("base_name" = String, Path, description = "The name of the base"),
        ("group_id" = i64, Path, description = "The number of the group")),
    responses(
        (status = 200, description = "It is ended", body = Success),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "group_shares.delete", skip_all, fields(account.id = %account.id()))]
pub async fn delete(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let number = path::group(&request)?;
    let base = app
        .change(account.id(), path::base(&request)?, Operation::Share, move |conn, permitted| {
            let base = permitted.base();
            let ended = shares::remove_group(conn, base.id, number)?;
            if ended { Ok(base.clone()) } else { Err(not_shared(number).into()) }
        })
        .await?;
    audit::record("base.group_share.delete", &base, account.claims());
    Ok(response::success())
}

fn not_shared(group: i64) -> Refusal {
    Refusal::NotShared(Partner::Group, group.to_string())
}
