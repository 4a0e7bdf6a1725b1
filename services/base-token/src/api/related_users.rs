//! Who has to do with a base, for whoever holds a Base-Token. `contracts/seatable-tokens.md` §11, §13.

use std::collections::BTreeSet;

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use auth_claims::base_token::Access;
use auth_claims::caller::Authenticator;
use seatable_dialect::error::{DetailBody, SeaTableError};
use seatable_dialect::rates::Class;
use seatable_dialect::response;
use serde::Serialize;
use service_kit::client_address;
use utoipa::ToSchema;
use uuid::Uuid;

use super::openapi::{Forbidden, NotFound, Unavailable};
use super::path;
use super::views::UserBody;
use crate::app::{App, AppError};
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::refusal::Refusal;
use crate::domain::workspace::{Owner, Workspace};
use crate::store::{bases, shares, workspaces};

/// The most people of whom a base tells.
const MOST_USERS: usize = 1000;

/// Who has to do with a base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RelatedUsers)]
pub struct RelatedBody {
    user_list: Vec<UserBody>,
}

/// Who may see the base: whose workspace it is, and with whom it is shared, directly or through a group. What an anonymous
/// visitor got from an external link opens the base, and nobody's name.
///
/// # Errors
/// 403 for the token, in the words of §13; 429; 404 for a base that is gone or in the trash; 503.
#[utoipa::path(
    get, path = "/api/v2.1/dtables/{dtable_uuid}/related-users/", operation_id = "listRelatedUsers", tag = "Bases",
    security(("baseToken" = [])),
    params(("dtable_uuid" = String, Path, description = "The UUID of the base, with or without hyphens")),
    responses(
        (status = 200, description = "The people", body = RelatedBody),
        (status = 403, response = Forbidden),
        (status = 404, response = NotFound),
        (status = 429, description = "Too many requests for this base", body = DetailBody),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "bases.related_users", skip_all)]
pub async fn list(
    request: HttpRequest,
    app: Data<App>,
    authenticator: Data<Authenticator>,
) -> Result<HttpResponse, SeaTableError> {
    // A Base-Token does not say whether its holder is an administrator.
    authenticator.ensure_not_disabled()?;
    let named = path::segment(&request, 3)?;
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let access = app.verify_base_token(authorization, &named, Access::Read)?;
    if access.username.is_empty() && access.app_name.is_empty() {
        return Err(SeaTableError::permission_denied());
    }
    let uuid = Uuid::try_parse(&named).map_err(|_| SeaTableError::permission_denied())?;
    let (id, now) = (uuid.as_hyphenated().to_string(), app.clock.uptime());
    app.rates.of_id(Class::User, &id, client_address(&request), now)?;
    let related = related(&app, uuid).await?;
    let people = app.people(related.iter(), &request).await?;
    let there = related.iter().filter(|id| people.get(id).is_some());
    Ok(response::ok(&RelatedBody { user_list: there.map(|id| people.user(id)).collect() }))
}

/// The accounts, ascending, at most [`MOST_USERS`] of them.
async fn related(app: &App, uuid: Uuid) -> Result<Vec<AccountId>, AppError> {
    let read = app.db.read(move |conn| {
        let gone = || AppError::from(Refusal::NoBase(uuid.as_hyphenated().to_string()));
        let base = bases::find_by_uuid(conn, uuid)?.ok_or_else(gone)?;
        if base.trashed_at.is_some() {
            return Err(Refusal::NoBase(base.shown_name().into_owned()).into());
        }
        let workspace = workspaces::find(conn, base.workspace_id)?.ok_or_else(gone)?;
        partners(conn, &workspace, &base)
    });
    let (mut accounts, groups) = read.await?;
    for group in groups {
        if accounts.len() >= MOST_USERS {
            break;
        }
        let members = app.directory.members(group).await?;
        accounts.extend(members.iter().filter_map(|member| member.id.parse::<AccountId>().ok()));
    }
    Ok(accounts.into_iter().take(MOST_USERS).collect())
}

/// The accounts and the groups of a base.
fn partners(
    conn: &mut store::DbConn,
    workspace: &Workspace,
    base: &Base,
) -> Result<(BTreeSet<AccountId>, BTreeSet<i64>), AppError> {
    let mut accounts: BTreeSet<_> = shares::accounts(conn, base.id)?.into_iter().map(|(id, _)| id).collect();
    let mut groups: BTreeSet<_> =
        shares::groups(conn, base.id)?.into_iter().map(|(number, _)| number).collect();
    match &workspace.owner {
        Owner::Account(id) => drop(accounts.insert(id.clone())),
        Owner::Group(number) => drop(groups.insert(*number)),
    }
    Ok((accounts, groups))
}
