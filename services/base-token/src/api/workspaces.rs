//! Workspaces with the bases in them, and what is shared. `contracts/seatable-tokens.md` §11.2.

mod bodies;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use auth_client::directory::{GroupRole, Membership};
use seatable_dialect::error::SeaTableError;
use seatable_dialect::response;
use serde::Serialize;
use utoipa::ToSchema;

pub use self::bodies::ListBody;
use self::bodies::{GroupDetail, Head, PseudoHead, SharedDetail, WorkspaceBody};
use super::account::Account;
use super::openapi::{BadRequest, Forbidden, Unauthorized, Unavailable};
use super::views::{ListedBaseBody, People, SharedBaseBody, admins, internal};
use crate::app::{App, AppError};
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::workspace::{Owner, Workspace};
use crate::store::bases;
use crate::store::listings::{self, SharedBase};

/// What the caller finds in their workspaces.
#[derive(Default)]
struct Contents {
    bases: HashMap<i64, Vec<Base>>,
    shared: Vec<SharedBase>,
    shared_with_groups: Vec<(i64, SharedBase)>,
    people: People,
}

/// The caller's workspaces: two that are none, their own, and those of their groups. Their own and those of groups are made
/// when they are missing.
///
/// # Errors
/// 400 for `detail`; 503.
#[utoipa::path(
    get, path = "/api/v2.1/workspaces/", operation_id = "listWorkspaces", tag = "Workspaces",
    security(("accountToken" = [])),
    params(("detail" = Option<bool>, Query, description = "Whether to tell more than id, name and type. Default: true")),
    responses(
        (status = 200, description = "The workspaces", body = ListBody),
        (status = 400, response = BadRequest),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "workspaces.list", skip_all, fields(account.id = %account.id()))]
pub async fn list(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let detailed = detail(request.query_string())?;
    let memberships = app.groups_and_roles(account.id()).await?;
    let workspaces = workspaces(&app, account.id(), &memberships).await?;
    let contents = if detailed {
        Some(contents(&app, account.id(), &workspaces, &memberships, &request).await?)
    } else {
        None
    };
    let workspace_list = render(&workspaces, &memberships, contents.as_ref());
    Ok(response::ok(&ListBody { workspace_list }))
}

/// The last value counts.
fn detail(query: &str) -> Result<bool, SeaTableError> {
    let values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "detail");
    match values.last() {
        None => Ok(true),
        Some((_, value)) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some((_, value)) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(SeaTableError::invalid("detail")),
    }
}

/// The caller's own workspace and those of their groups, by owner.
async fn workspaces(
    app: &App,
    caller: &AccountId,
    memberships: &[Membership],
) -> Result<BTreeMap<Owner, i64>, AppError> {
    let groups: Vec<i64> = memberships.iter().map(|membership| membership.group.number).collect();
    let (own, numbers) = (caller.clone(), groups.clone());
    let found = app.db.read(move |conn| listings::workspaces_of(conn, &own, &numbers)).await?;
    let mut all: BTreeMap<Owner, i64> =
        found.into_iter().map(|Workspace { id, owner }| (owner, id)).collect();
    let wanted = groups.into_iter().map(Owner::Group).chain([Owner::Account(caller.clone())]);
    for owner in wanted {
        if let Entry::Vacant(missing) = all.entry(owner) {
            let id = app.workspace_of(missing.key().clone()).await?;
            missing.insert(id);
        }
    }
    Ok(all)
}

async fn contents(
    app: &App,
    caller: &AccountId,
    workspaces: &BTreeMap<Owner, i64>,
    memberships: &[Membership],
    request: &HttpRequest,
) -> Result<Contents, AppError> {
    let ids: Vec<i64> = workspaces.values().copied().collect();
    let groups: Vec<i64> = memberships.iter().map(|membership| membership.group.number).collect();
    let caller = caller.clone();
    let read = app.db.read(move |conn| {
        let bases = bases::list(conn, &ids)?;
        Ok::<_, AppError>((
            bases,
            listings::shared_with(conn, &caller)?,
            listings::shared_with_groups(conn, &groups)?,
        ))
    });
    let (bases, shared, shared_with_groups) = read.await?;
    let sharers = shared.iter().chain(shared_with_groups.iter().map(|(_, shared)| shared));
    let people = app.people(sharers.map(|shared| &shared.shared_by), request).await?;
    let mut by_workspace: HashMap<i64, Vec<Base>> = HashMap::new();
    for base in bases {
        by_workspace.entry(base.workspace_id).or_default().push(base);
    }
    Ok(Contents { bases: by_workspace, shared, shared_with_groups, people })
}

fn render(
    workspaces: &BTreeMap<Owner, i64>,
    memberships: &[Membership],
    contents: Option<&Contents>,
) -> Vec<WorkspaceBody> {
    let mut list = vec![
        WorkspaceBody::Starred { head: PseudoHead::new("starred"), table_list: contents.map(|_| Vec::new()) },
        WorkspaceBody::Shared {
            head: PseudoHead::new("shared"),
            detail: contents.map(|contents| SharedDetail {
                shared_table_list: contents
                    .shared
                    .iter()
                    .map(|shared| contents.people.shared(shared))
                    .collect(),
                shared_view_list: Vec::new(),
            }),
        },
    ];
    for (owner, id) in workspaces {
        match owner {
            Owner::Account(_) => list.push(WorkspaceBody::Personal {
                head: Head { id: *id, name: "personal".to_owned(), r#type: "personal" },
                table_list: contents.map(|contents| contents.listed(*id)),
            }),
            Owner::Group(number) => {
                let of_group = memberships.iter().find(|membership| membership.group.number == *number);
                list.extend(of_group.map(|membership| group(*id, membership, contents)));
            }
        }
    }
    list
}

fn group(id: i64, membership: &Membership, contents: Option<&Contents>) -> WorkspaceBody {
    let group = &membership.group;
    let detail = contents.map(|contents| GroupDetail {
        group_id: group.number,
        group_owner: internal(group.owner.as_deref()),
        group_admins: admins(group),
        group_member_count: group.member_count,
        is_admin: membership.role != GroupRole::Member,
        table_list: contents.listed(id),
        group_shared_dtables: contents.shared_with(group.number),
        group_shared_views: Vec::new(),
    });
    WorkspaceBody::Group { head: Head { id, name: group.name.clone(), r#type: "group" }, detail }
}

impl Contents {
    fn listed(&self, workspace: i64) -> Vec<ListedBaseBody> {
        self.bases.get(&workspace).into_iter().flatten().map(ListedBaseBody::from).collect()
    }

    fn shared_with(&self, group: i64) -> Vec<SharedBaseBody> {
        let of_group = self.shared_with_groups.iter().filter(|(number, _)| *number == group);
        of_group.map(|(_, shared)| self.people.shared(shared)).collect()
    }
}

/// What is shared with the caller directly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedBases)]
pub struct SharedListBody {
    table_list: Vec<SharedBaseBody>,
}

/// The bases that are shared with the caller directly, in the order in which they were.
///
/// # Errors
/// 503.
#[utoipa::path(
    get, path = "/api/v2.1/dtables/shared/", operation_id = "listSharedBases", tag = "Workspaces",
    security(("accountToken" = [])),
    responses(
        (status = 200, description = "The bases", body = SharedListBody),
        (status = 401, response = Unauthorized),
        (status = 403, response = Forbidden),
        (status = 503, response = Unavailable),
    )
)]
#[tracing::instrument(name = "workspaces.shared", skip_all, fields(account.id = %account.id()))]
pub async fn shared(
    account: Account,
    request: HttpRequest,
    app: Data<App>,
) -> Result<HttpResponse, SeaTableError> {
    let caller = account.id().clone();
    let shared = app.db.read(move |conn| listings::shared_with(conn, &caller)).await?;
    let people = app.people(shared.iter().map(|shared| &shared.shared_by), &request).await?;
    let table_list = shared.iter().map(|shared| people.shared(shared)).collect();
    Ok(response::ok(&SharedListBody { table_list }))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::detail;

    #[rstest]
    #[case("", Some(true))]
    #[case("detail=true", Some(true))]
    #[case("detail=FALSE", Some(false))]
    #[case("detail=false&detail=True", Some(true))]
    #[case("other=false", Some(true))]
    #[case("detail=", None)]
    #[case("detail=0", None)]
    fn details_are_told_unless_they_are_not_wanted(#[case] query: &str, #[case] expected: Option<bool>) {
        assert_eq!(detail(query).ok(), expected);
    }
}
