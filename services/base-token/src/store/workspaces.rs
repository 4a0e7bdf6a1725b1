//! Queries on workspaces.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::schema::workspaces as table;
use crate::domain::workspace::{Owner, Workspace};

pub(super) const ACCOUNT: &str = "account";
pub(super) const GROUP: &str = "group";

/// How an owner is stored.
fn columns(owner: &Owner) -> (&'static str, String) {
    match owner {
        Owner::Account(id) => (ACCOUNT, id.to_string()),
        Owner::Group(number) => (GROUP, number.to_string()),
    }
}

/// A workspace of stored values.
pub(super) fn workspace((id, kind, owner): (i64, String, String)) -> Result<Workspace, StoreError> {
    let owner = match kind.as_str() {
        ACCOUNT => owner.parse().map(Owner::Account).map_err(|error| StoreError::corrupt("owner", error))?,
        GROUP => owner.parse().map(Owner::Group).map_err(|error| StoreError::corrupt("owner", error))?,
        _ => return Err(StoreError::corrupt("owner kind", kind)),
    };
    Ok(Workspace { id, owner })
}

/// The workspace of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, id: i64) -> Result<Option<Workspace>, StoreError> {
    let row = table::table.find(id).select((table::id, table::owner_kind, table::owner));
    row.first::<(i64, String, String)>(conn).optional()?.map(workspace).transpose()
}

/// The workspace of this owner.
///
/// # Errors
/// The database's.
pub fn find_of(conn: &mut DbConn, owner: &Owner) -> Result<Option<Workspace>, StoreError> {
    let (kind, name) = columns(owner);
    let id = table::table
        .filter(table::owner_kind.eq(kind).and(table::owner.eq(name)))
        .select(table::id)
        .first::<i64>(conn)
        .optional()?;
    Ok(id.map(|id| Workspace { id, owner: owner.clone() }))
}

/// The workspace of this owner, made if there is none. Of several at the same time one makes it.
///
/// # Errors
/// The database's.
pub fn ensure(conn: &mut DbConn, owner: &Owner, now: DateTime<Utc>) -> Result<Workspace, StoreError> {
    if let Some(found) = find_of(conn, owner)? {
        return Ok(found);
    }
    let (kind, name) = columns(owner);
    let row = (table::owner_kind.eq(kind), table::owner.eq(name), table::created_at.eq(now.naive_utc()));
    on_backend!(conn, |c| diesel::insert_into(table::table).values(row).on_conflict_do_nothing().execute(c))?;
    find_of(conn, owner)?.ok_or_else(|| StoreError::corrupt("workspaces", "a workspace vanished"))
}
