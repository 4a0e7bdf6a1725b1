//! Groups, which are the platform's: the directory keeps them. `contracts/seatable-tokens.md` §11.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use auth_client::directory::{DirectoryError, DirectoryGroup};
use seatable_dialect::error::SeaTableError;
use seatable_dialect::parameters::Parameters;
use seatable_dialect::response::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::openapi::{BadRequest, Forbidden, GroupForm, NotFound, Unauthorized, Unavailable};
use super::path;
use super::views::{admins, internal};
use crate::app::{App, AppError};
use crate::domain::access::GroupRole;
use crate::domain::refusal::Refusal;
use crate::domain::workspace::Owner;
use crate::store::{listings, workspaces};

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group, example = json!({
    "id": 12, "name": "Logistics", "owner": "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local",
    "admins": ["5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local"], "member_count": 3
}))]
pub struct GroupBody {
    /// Its number.
    id: i64,
    name: String,
    /// The internal id of its owner; nothing where it has none.
    owner: String,
    /// The internal ids of owner and administrators.
    admins: Vec<String>,
    member_count: i64,
}

impl From<&DirectoryGroup> for GroupBody {
    fn from(group: &DirectoryGroup) -> Self {
        Self {
            id: group.number,
            name: group.name.clone(),
            owner: internal(group.owner.as_deref()),
            admins: admins(group),
            member_count: group.member_count,
        }
    }
}

/// The groups that the caller is in.
///
/// # Errors
/// 503.
#[utoipa::path(
    get, path = "/api/v2.1/groups/", operation_id = "listGroups", tag = "Groups",
    security(("accountToken" = [])),
    responses(
        (status = 200, description = "The groups", body = [GroupBody]),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "groups.list", skip_all, fields(account.id = %account.id()))]
pub async fn list(account: Account, app: Data<App>) -> Result<HttpResponse, SeaTableError> {
    let groups = app.groups_of(account.id()).await?;
    Ok(response::ok(&groups.iter().map(GroupBody::from).collect::<Vec<_>>()))
}

/// Makes a group, whose owner and first member is the caller, with its workspace.
///
/// # Errors
/// 400 for the name; 503.
#[utoipa::path(
    post, path = "/api/v2.1/groups/", operation_id = "createGroup", tag = "Groups",
    security(("accountToken" = [])),
    request_body(content((GroupForm = "application/x-www-form-urlencoded"), (GroupForm = "multipart/form-data"),
        (GroupForm = "application/json"))),
    responses(
        (status = 201, description = "The group", body = GroupBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "groups.create", skip_all, fields(account.id = %account.id()))]
pub async fn create(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    const NAME: &str = "name";
    let parameters = Parameters::read(&request, payload).await?;
    let name = parameters.text(NAME).map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| SeaTableError::invalid(NAME))?;
    // What the directory takes for a name is for it to say.
    let group = match app.directory.create_group(name, account.id().as_str()).await {
        Err(DirectoryError::Refused(_)) => return Err(SeaTableError::invalid(NAME)),
        outcome => outcome.map_err(AppError::from)?,
    };
    // §1: the workspace is there as soon as the group is. If this fails, the next list makes it.
    app.workspace_of(Owner::Group(group.number)).await?;
    Ok(response::created(&GroupBody::from(&group)))
}

/// Removes a group whose workspace is empty, on behalf of its owner or an administrator.
///
/// # Errors
/// In this order: 404, 403, 400 while the workspace holds bases; 503.
#[utoipa::path(
    delete, path = "/api/v2.1/groups/{group_id}/", operation_id = "deleteGroup", tag = "Groups",
    security(("accountToken" = [])),
    params(("group_id" = i64, Path, description = "The number of the group")),
    responses(
        (status = 200, description = "It is gone", body = Success),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "groups.delete", skip_all, fields(account.id = %account.id()))]
pub async fn delete(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let number = path::numbered(&request)?;
    let unknown = || SeaTableError::group_not_found(number);
    app.directory.group(number).await.map_err(AppError::from)?.ok_or_else(unknown)?;
    let role = app.memberships(account.id()).await?.role_in(number);
    if !matches!(role, Some(GroupRole::Owner | GroupRole::Admin)) {
        return Err(AppError::from(Refusal::Forbidden).into());
    }
    let holds_bases = app.db.read(move |conn| {
        let workspace = workspaces::find_of(conn, &Owner::Group(number))?;
        workspace.map_or(Ok(false), |workspace| listings::holds_bases(conn, workspace.id))
    });
    if holds_bases.await? {
        return Err(SeaTableError::group_has_bases());
    }
    match app.directory.delete_group(number, account.id().as_str()).await {
        Ok(true) => Ok(response::success()),
        Ok(false) => Err(unknown()),
        Err(DirectoryError::Refused(_)) => Err(SeaTableError::permission_denied()),
        Err(error) => Err(AppError::from(error).into()),
    }
}
