//! Bases in the trash: into it, out of it, and gone.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::bases::{self as stored, Row};
use super::schema::bases;
use crate::domain::base::Base;
use crate::domain::id::AccountId;

/// Puts a base into the trash, where its tokens and links stay; whether it was not there.
///
/// # Errors
/// The database's.
pub fn put(conn: &mut DbConn, base_id: i64, by: &AccountId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let base = bases::table.find(base_id).filter(bases::trashed_at.is_null());
    let values = (
        bases::trashed_at.eq(now.naive_utc()),
        bases::updated_at.eq(now.naive_utc()),
        bases::modified_by.eq(by.as_str()),
    );
    Ok(diesel::update(base).set(values).execute(conn)? == 1)
}

/// Takes a base out of the trash under a name; whether it did: not if another one in the workspace has the name. To be
/// called with the base locked.
///
/// # Errors
/// The database's.
pub fn restore(conn: &mut DbConn, base: &Base, name: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    if stored::find(conn, base.workspace_id, name)?.is_some() {
        return Ok(false);
    }
    let change = (
        bases::trashed_at.eq(None::<NaiveDateTime>),
        bases::updated_at.eq(now.naive_utc()),
        bases::name.eq(name),
    );
    // Somebody may have taken the name since: then the index is against it, and only this statement is undone.
    let outcome = store::savepoint(conn, |conn| {
        diesel::update(bases::table.find(base.id)).set(change).execute(conn).map_err(StoreError::from)
    });
    match outcome {
        Ok(changed) => Ok(changed == 1),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Which bases an operator looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those in use.
    InUse,
    /// Those in the trash.
    Trashed,
}

/// Bases with ids above one, by id; at most `limit`. Of one workspace, or of all.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut DbConn,
    which: Which,
    workspace: Option<i64>,
    above: i64,
    limit: i64,
) -> Result<Vec<Base>, StoreError> {
    let mut query = bases::table.filter(bases::id.gt(above)).order(bases::id).limit(limit).into_boxed();
    query = match which {
        Which::InUse => query.filter(bases::trashed_at.is_null()),
        Which::Trashed => query.filter(bases::trashed_at.is_not_null()),
    };
    if let Some(workspace) = workspace {
        query = query.filter(bases::workspace_id.eq(workspace));
    }
    let rows = query.select(Row::as_select()).load::<Row>(conn)?;
    rows.into_iter().map(Base::try_from).collect()
}
