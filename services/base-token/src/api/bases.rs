//! Creating, renaming and deleting bases. `contracts/seatable-tokens.md` §11.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use auth_claims::clock::Clock;
use seatable_dialect::error::SeaTableError;
use seatable_dialect::parameters::{Given, Parameters};
use seatable_dialect::response::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::account::Account;
use super::arguments::{self, AppearanceChange};
use super::openapi::{BadRequest, BaseChange, BaseDelete, Forbidden, NewBaseForm, NotFound, Unauthorized};
use super::path;
use super::views::BaseBody;
use crate::app::{App, AppError, BasePath};
use crate::audit;
use crate::domain::access::Operation;
use crate::domain::base::{Appearance, Base, NewBase};
use crate::domain::name::BaseName;
use crate::domain::refusal::Refusal;
use crate::domain::workspace::Owner;
use crate::store::{bases, trash};

/// What a base was made, or changed to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Table)]
pub struct TableBody {
    table: BaseBody,
}

/// Where a base is to lie.
enum Place {
    /// In the caller's own workspace.
    Own,
    /// In that of an owner.
    Of(Owner),
    /// In the workspace of this number.
    In(i64),
}

impl Place {
    /// Of two that are named the owner counts.
    fn of(parameters: &Parameters) -> Result<Self, SeaTableError> {
        match parameters.value("owner") {
            Given::Absent | Given::Null => {}
            Given::Text(text) => {
                let owner = Owner::from_text(text).ok_or_else(|| SeaTableError::invalid("owner"))?;
                return Ok(Self::Of(owner));
            }
            Given::NotText => return Err(SeaTableError::invalid("owner")),
        }
        match parameters.value("workspace_id") {
            Given::Absent | Given::Null => Ok(Self::Own),
            Given::Text(_) | Given::NotText => arguments::number(parameters, "workspace_id").map(Self::In),
        }
    }

    /// The workspace, made if its owner has none yet. Of strangers and of groups that the caller is not in, nothing is
    /// told, not even whether there are such.
    async fn workspace(self, app: &App, account: &Account) -> Result<i64, AppError> {
        let owner = match self {
            Self::In(id) => return Ok(id),
            Self::Own => Owner::Account(account.id().clone()),
            Self::Of(owner) => owner,
        };
        let own = match &owner {
            Owner::Account(id) => id == account.id(),
            Owner::Group(number) => app.memberships(account.id()).await?.role_in(*number).is_some(),
        };
        if own { app.workspace_of(owner).await } else { Err(Refusal::Forbidden.into()) }
    }
}

/// Creates a base.
///
/// # Errors
/// In this order: 400 for an argument, 404 for the workspace, 403, 400 for a name that is taken.
#[utoipa::path(
    post, path = "/api/v2.1/dtables/", operation_id = "createBase", tag = "Bases",
    security(("accountToken" = [])),
    request_body(content((NewBaseForm = "application/x-www-form-urlencoded"), (NewBaseForm = "multipart/form-data"),
        (NewBaseForm = "application/json"))),
    responses(
        (status = 201, description = "The base", body = TableBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
    )
)]
#[tracing::instrument(name = "bases.create", skip_all, fields(account.id = %account.id()))]
pub async fn create(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let name = arguments::base_name(&parameters, "name")?;
    let place = Place::of(&parameters)?;
    let appearance = AppearanceChange::of(&parameters)?.over(&Appearance::default());
    let workspace = place.workspace(&app, &account).await?;
    let made = insert(&app, &account, workspace, name, appearance).await?;
    audit::record("base.create", &made, account.claims());
    Ok(response::created(&TableBody { table: (&made).into() }))
}

/// Puts a new base into a workspace, if the caller may.
pub(super) async fn insert(
    app: &App,
    account: &Account,
    workspace: i64,
    name: BaseName,
    appearance: Appearance,
) -> Result<Base, AppError> {
    let new = NewBase {
        uuid: Uuid::new_v4(),
        workspace_id: workspace,
        name,
        appearance,
        created_by: account.id().clone(),
    };
    let now = app.clock.now();
    app.change_workspace(account.id(), workspace, Operation::ChangeBases, move |conn, _| {
        let made = bases::insert(conn, &new, now)?;
        made.ok_or_else(|| Refusal::BaseNameTaken(new.name.to_string()).into())
    })
    .await
}

/// Gives a base another name, colour or icon.
///
/// # Errors
/// In this order: 400 for an argument, 404 for workspace and base, 403, 400 for a name that is taken.
#[utoipa::path(
    put, path = "/api/v2.1/workspace/{workspace_id}/dtable/", operation_id = "updateBase", tag = "Bases",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace")),
    request_body(content((BaseChange = "application/x-www-form-urlencoded"), (BaseChange = "multipart/form-data"),
        (BaseChange = "application/json"))),
    responses(
        (status = 200, description = "The base as it is now", body = TableBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
    )
)]
#[tracing::instrument(name = "bases.update", skip_all, fields(account.id = %account.id()))]
pub async fn update(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let name = arguments::text(&parameters, "name")?;
    let new_name = arguments::optional_base_name(&parameters, "new_name")?;
    let appearance = AppearanceChange::of(&parameters)?;
    if new_name.is_none() && appearance.is_empty() {
        return Err(SeaTableError::invalid("new_name"));
    }
    let at = BasePath { workspace: path::workspace_id(&request)?, name };
    let (by, clock) = (account.id().clone(), app.clock.clone());
    let changed = app
        .change(account.id(), at, Operation::ChangeBases, move |conn, permitted| {
            let before = permitted.base();
            let mut base = Base { appearance: appearance.over(&before.appearance), ..before.clone() };
            if let Some(name) = &new_name {
                base.name = name.to_string();
            }
            stamp(&mut base, &by, &clock);
            if bases::update(conn, &base)? { Ok(base) } else { Err(Refusal::BaseNameTaken(base.name).into()) }
        })
        .await?;
    audit::record("base.update", &changed, account.claims());
    Ok(response::ok(&TableBody { table: (&changed).into() }))
}

fn stamp(base: &mut Base, by: &crate::domain::id::AccountId, clock: &Clock) {
    base.modified_by = by.clone();
    base.updated_at = clock.now();
}

/// Puts a base into the trash. Its tokens stay, and exchange for nothing until it is restored. §8.1.
///
/// # Errors
/// In this order: 400 without a name, 404 for workspace and base, 403.
#[utoipa::path(
    delete, path = "/api/v2.1/workspace/{workspace_id}/dtable/", operation_id = "deleteBase", tag = "Bases",
    security(("accountToken" = [])),
    params(("workspace_id" = i64, Path, description = "The number of the workspace")),
    request_body(content((BaseDelete = "application/x-www-form-urlencoded"), (BaseDelete = "multipart/form-data"),
        (BaseDelete = "application/json"))),
    responses(
        (status = 200, description = "It is in the trash", body = Success),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
    )
)]
#[tracing::instrument(name = "bases.delete", skip_all, fields(account.id = %account.id()))]
pub async fn delete(
    account: Account,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let parameters = Parameters::read(&request, payload).await?;
    let name = arguments::text(&parameters, "name")?;
    let at = BasePath { workspace: path::workspace_id(&request)?, name };
    let (by, now) = (account.id().clone(), app.clock.now());
    let gone = app
        .change(account.id(), at, Operation::ChangeBases, move |conn, permitted| {
            trash::put(conn, permitted.base().id, &by, now)?;
            Ok(permitted.base().clone())
        })
        .await?;
    audit::record("base.delete", &gone, account.claims());
    Ok(response::success())
}
