//! Which applications bootstrap files made.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use crate::domain::id::ApplicationId;

mod schema {
    diesel::table! {
        bootstrap_made (id, created_at) {
            id -> Text,
            created_at -> Timestamp,
        }
    }
}

use self::schema::bootstrap_made as table;

/// What was noted longer ago about an id of which there is no application is about nobody any more. Of several replicas that
/// apply a file at the same time each may note something, and one note will be right.
const SETTLED: TimeDelta = TimeDelta::days(1);

/// Notes that a file makes the application of this id and this instant, which is not there yet.
pub(super) fn note(
    conn: &mut DbConn,
    id: &ApplicationId,
    created_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = (table::id.eq(id.as_str()), table::created_at.eq(created_at.naive_utc()));
    on_backend!(conn, |c| diesel::insert_into(table::table).values(row).on_conflict_do_nothing().execute(c))?;
    let old = table::id.eq(id.as_str()).and(table::created_at.lt((created_at - SETTLED).naive_utc()));
    diesel::delete(table::table.filter(old)).execute(conn)?;
    Ok(())
}

/// Every note.
pub(super) fn list(conn: &mut DbConn) -> Result<Vec<(ApplicationId, DateTime<Utc>)>, StoreError> {
    let rows: Vec<(String, NaiveDateTime)> = table::table.order((table::id, table::created_at)).load(conn)?;
    let note = |(id, created_at): (String, NaiveDateTime)| {
        let id = id.parse().map_err(|error| StoreError::corrupt("application id", error))?;
        Ok((id, created_at.and_utc()))
    };
    rows.into_iter().map(note).collect()
}

/// Forgets every note about an id.
pub(super) fn forget(conn: &mut DbConn, id: &ApplicationId) -> Result<(), StoreError> {
    diesel::delete(table::table.filter(table::id.eq(id.as_str()))).execute(conn)?;
    Ok(())
}
