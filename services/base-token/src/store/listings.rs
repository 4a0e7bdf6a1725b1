//! What an account finds in its workspaces and among what is shared with it, in a number of queries that does not grow.

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::bases::Row;
use super::schema::{bases, group_shares, user_shares, workspaces as table};
use super::shares::{account, allowed};
use super::workspaces::{ACCOUNT, GROUP, workspace};
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::permission::Permission;
use crate::domain::workspace::Workspace;

/// A base that somebody shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedBase {
    /// The base.
    pub base: Base,
    /// What for.
    pub permission: Permission,
    /// By whom. The account may be gone.
    pub shared_by: AccountId,
}

/// Whether a workspace holds a base that is not in the trash.
///
/// # Errors
/// The database's.
pub fn holds_bases(conn: &mut DbConn, workspace_id: i64) -> Result<bool, StoreError> {
    let held = bases::table.filter(bases::workspace_id.eq(workspace_id)).filter(bases::trashed_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(held)).get_result::<bool>(conn)?)
}

/// The workspaces of an account and of groups, as far as there are any.
///
/// # Errors
/// The database's.
pub fn workspaces_of(
    conn: &mut DbConn,
    account: &AccountId,
    groups: &[i64],
) -> Result<Vec<Workspace>, StoreError> {
    let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let own = table::owner_kind.eq(ACCOUNT).and(table::owner.eq(account.as_str()));
    let of_groups = table::owner_kind.eq(GROUP).and(table::owner.eq_any(groups));
    let rows = table::table
        .filter(own.or(of_groups))
        .order(table::id)
        .select((table::id, table::owner_kind, table::owner))
        .load::<(i64, String, String)>(conn)?;
    rows.into_iter().map(workspace).collect()
}

/// What is shared with an account directly, but for bases in the trash; in the order in which it was.
///
/// # Errors
/// The database's.
pub fn shared_with(conn: &mut DbConn, with: &AccountId) -> Result<Vec<SharedBase>, StoreError> {
    let rows = user_shares::table
        .inner_join(bases::table)
        .filter(user_shares::account_id.eq(with.as_str()))
        .filter(bases::trashed_at.is_null())
        .order((user_shares::created_at, bases::id))
        .select((Row::as_select(), user_shares::permission, user_shares::shared_by))
        .load::<(Row, String, String)>(conn)?;
    rows.into_iter().map(|(base, permission, by)| shared(base, &permission, &by)).collect()
}

/// What is shared with groups, each by its number, but for bases in the trash; in the order in which it was.
///
/// # Errors
/// The database's.
pub fn shared_with_groups(conn: &mut DbConn, groups: &[i64]) -> Result<Vec<(i64, SharedBase)>, StoreError> {
    let rows = group_shares::table
        .inner_join(bases::table)
        .filter(group_shares::group_number.eq_any(groups))
        .filter(bases::trashed_at.is_null())
        .order((group_shares::created_at, bases::id, group_shares::group_number))
        .select((
            group_shares::group_number,
            Row::as_select(),
            group_shares::permission,
            group_shares::shared_by,
        ))
        .load::<(i64, Row, String, String)>(conn)?;
    rows.into_iter()
        .map(|(group, base, permission, by)| Ok((group, shared(base, &permission, &by)?)))
        .collect()
}

fn shared(base: Row, permission: &str, by: &str) -> Result<SharedBase, StoreError> {
    Ok(SharedBase { base: base.try_into()?, permission: allowed(permission)?, shared_by: account(by)? })
}
