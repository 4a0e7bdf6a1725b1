//! Queries on bases.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};
use uuid::Uuid;

use super::schema::bases as table;
use crate::domain::base::{Appearance, Base, NewBase};

/// A base as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
pub(super) struct Row {
    id: i64,
    uuid: String,
    workspace_id: i64,
    name: String,
    color: Option<String>,
    text_color: Option<String>,
    icon: Option<String>,
    created_by: String,
    modified_by: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    trashed_at: Option<NaiveDateTime>,
}

impl TryFrom<Row> for Base {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let account = |id: String| id.parse().map_err(|error| StoreError::corrupt("account id", error));
        Ok(Self {
            id: row.id,
            uuid: Uuid::try_parse(&row.uuid).map_err(|error| StoreError::corrupt("uuid", error))?,
            workspace_id: row.workspace_id,
            name: row.name,
            appearance: Appearance { color: row.color, text_color: row.text_color, icon: row.icon },
            created_by: account(row.created_by)?,
            modified_by: account(row.modified_by)?,
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
            trashed_at: row.trashed_at.map(|at| at.and_utc()),
        })
    }
}

/// The base of this name in a workspace; those in the trash have no name there. A text that can be no name, such as one
/// with NUL, is the name of none.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, workspace_id: i64, name: &str) -> Result<Option<Base>, StoreError> {
    if name.contains('\0') {
        return Ok(None);
    }
    let row = table::table
        .filter(table::workspace_id.eq(workspace_id).and(table::name.eq(name)))
        .filter(table::trashed_at.is_null())
        .select(Row::as_select())
        .first::<Row>(conn)
        .optional()?;
    row.map(Base::try_from).transpose()
}

/// Keeps others from changing this base until the end of the transaction. On SQLite the transaction does that already.
///
/// # Errors
/// The database's.
pub fn lock(conn: &mut DbConn, id: i64) -> Result<(), StoreError> {
    if let DbConn::Pg(conn) = conn {
        table::table.find(id).select(table::id).for_update().first::<i64>(conn).optional()?;
    }
    Ok(())
}

/// The base of this UUID, in the trash or not.
///
/// # Errors
/// The database's.
pub fn find_by_uuid(conn: &mut DbConn, uuid: Uuid) -> Result<Option<Base>, StoreError> {
    let named = table::table.filter(table::uuid.eq(uuid.as_hyphenated().to_string()));
    let row = on_backend!(conn, |c| named.select(Row::as_select()).get_result::<Row>(c).optional())?;
    row.map(Base::try_from).transpose()
}

/// The bases of these workspaces that are not in the trash, by age.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut DbConn, workspaces: &[i64]) -> Result<Vec<Base>, StoreError> {
    let rows = table::table
        .filter(table::workspace_id.eq_any(workspaces.to_vec()).and(table::trashed_at.is_null()))
        .order(table::id)
        .select(Row::as_select())
        .load::<Row>(conn)?;
    rows.into_iter().map(Base::try_from).collect()
}

/// Inserts a base; none if the workspace has one of that name.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut DbConn, new: &NewBase, now: DateTime<Utc>) -> Result<Option<Base>, StoreError> {
    let row = (
        table::uuid.eq(new.uuid.as_hyphenated().to_string()),
        table::workspace_id.eq(new.workspace_id),
        table::name.eq(new.name.as_str()),
        table::color.eq(new.appearance.color.as_deref()),
        table::text_color.eq(new.appearance.text_color.as_deref()),
        table::icon.eq(new.appearance.icon.as_deref()),
        table::created_by.eq(new.created_by.as_str()),
        table::modified_by.eq(new.created_by.as_str()),
        table::created_at.eq(now.naive_utc()),
        table::updated_at.eq(now.naive_utc()),
    );
    let inserted = on_backend!(conn, |c| diesel::insert_into(table::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if inserted == 0 {
        return Ok(None);
    }
    find_by_uuid(conn, new.uuid)
}

/// Writes name, appearance and who changed them of a base; whether it did: not if another one in the workspace has the
/// name. To be called with the base locked.
///
/// # Errors
/// The database's.
pub fn update(conn: &mut DbConn, base: &Base) -> Result<bool, StoreError> {
    if find(conn, base.workspace_id, &base.name)?.is_some_and(|found| found.id != base.id) {
        return Ok(false);
    }
    let change = (
        table::name.eq(&base.name),
        table::color.eq(base.appearance.color.as_deref()),
        table::text_color.eq(base.appearance.text_color.as_deref()),
        table::icon.eq(base.appearance.icon.as_deref()),
        table::modified_by.eq(base.modified_by.as_str()),
        table::updated_at.eq(base.updated_at.naive_utc()),
    );
    // Somebody else may have taken the name since: then the index is against it, and only this statement is undone.
    let outcome = store::savepoint(conn, |conn| {
        diesel::update(table::table.find(base.id)).set(change).execute(conn).map_err(StoreError::from)
    });
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Moves a base to the trash, or takes it out with `None`; whether it did: not if another one has its name by now.
///
/// # Errors
/// The database's.
pub fn set_trashed(conn: &mut DbConn, id: i64, at: Option<DateTime<Utc>>) -> Result<bool, StoreError> {
    let change = table::trashed_at.eq(at.map(|at| at.naive_utc()));
    let outcome = store::savepoint(conn, |conn| {
        diesel::update(table::table.find(id)).set(change).execute(conn).map_err(StoreError::from)
    });
    match outcome {
        Ok(changed) => Ok(changed == 1),
        Err(error) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}
