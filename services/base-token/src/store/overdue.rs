//! What is left of bases whose time in the trash is over, and of workspaces that were left.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::pruning::{Cursor, Expired, Job, Step};
use store::{DbConn, StoreError, on_backend};

use super::schema::bases;

/// What hangs on a base.
pub(crate) const BELONGINGS: [&str; 4] = ["api_tokens", "external_links", "user_shares", "group_shares"];

/// Bases whose time in the trash is over and on which nothing hangs any more.
pub(crate) const BASES: Expired = Expired {
    table: "bases",
    column: "trashed_at",
    also: Some(
        "NOT EXISTS (SELECT 1 FROM api_tokens WHERE base_id = bases.id) \
         AND NOT EXISTS (SELECT 1 FROM external_links WHERE base_id = bases.id) \
         AND NOT EXISTS (SELECT 1 FROM user_shares WHERE base_id = bases.id) \
         AND NOT EXISTS (SELECT 1 FROM group_shares WHERE base_id = bases.id)",
    ),
};

/// Workspaces that were left and have no base any more, not even in the trash.
pub(crate) const WORKSPACES: Expired = Expired {
    table: "workspaces",
    column: "left_at",
    also: Some("NOT EXISTS (SELECT 1 FROM bases WHERE workspace_id = workspaces.id)"),
};

/// What hangs on bases that were put into the trash at an instant or before. Deleted apart from its base, because there is no
/// bound to it.
pub(crate) fn belongings(until: DateTime<Utc>) -> [Job; 4] {
    let until = until.naive_utc();
    BELONGINGS.map(|table| {
        Job::new(
            table,
            move |conn| Ok(!page(conn, until, None, 1)?.is_empty()),
            move |conn, from, limit| delete(conn, table, until, from, limit),
        )
    })
}

/// Goes on with the bases behind `from` and deletes at most `limit` rows that hang on them.
fn delete(
    conn: &mut DbConn,
    table: &str,
    until: NaiveDateTime,
    from: Option<&Cursor>,
    limit: u32,
) -> Result<Step, StoreError> {
    let overdue = page(conn, until, from, limit)?;
    let Some(last) = overdue.last().map(|(at, id)| (*at, id.to_string())) else {
        return Ok(Step { deleted: 0, next: None });
    };
    let deleted = delete_of(conn, table, &overdue, limit)?;
    let next = if deleted >= limit as usize {
        // There may be more of the same bases.
        Some(from.cloned().unwrap_or_else(beginning))
    } else {
        (overdue.len() >= limit as usize).then_some(last)
    };
    Ok(Step { deleted, next })
}

fn beginning() -> Cursor {
    (DateTime::UNIX_EPOCH.naive_utc(), "0".to_owned())
}

/// At most `limit` overdue bases behind `from`, the longest in the trash first. On PostgreSQL nobody takes them out until the
/// transaction has ended; those that somebody is about to take out are left.
fn page(
    conn: &mut DbConn,
    until: NaiveDateTime,
    from: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<(NaiveDateTime, i64)>, StoreError> {
    let (at, id) = from.cloned().unwrap_or_else(beginning);
    let id: i64 = id.parse().map_err(|error| StoreError::corrupt("cursor", error))?;
    let overdue = bases::table
        .filter(bases::trashed_at.le(until))
        .filter(bases::trashed_at.ge(at))
        .filter(bases::trashed_at.gt(at).or(bases::id.gt(id)))
        .order((bases::trashed_at, bases::id))
        .limit(limit.into())
        .select((bases::trashed_at.assume_not_null(), bases::id));
    Ok(match conn {
        DbConn::Pg(conn) => overdue.for_update().skip_locked().load(conn)?,
        DbConn::Sqlite(conn) => overdue.load(conn)?,
    })
}

fn delete_of(
    conn: &mut DbConn,
    table: &str,
    overdue: &[(NaiveDateTime, i64)],
    limit: u32,
) -> Result<usize, StoreError> {
    // The database's own numbers, which need no quoting.
    let ids: Vec<String> = overdue.iter().map(|(_, id)| id.to_string()).collect();
    let of_them = format!("FROM {table} WHERE base_id IN ({}) LIMIT {limit}", ids.join(", "));
    let query = match conn {
        DbConn::Pg(_) => {
            format!("DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid {of_them} FOR UPDATE))")
        }
        DbConn::Sqlite(_) => format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid {of_them})"),
    };
    Ok(on_backend!(conn, |c| diesel::sql_query(query).execute(c))?)
}
