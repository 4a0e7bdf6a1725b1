//! Absences one by one.

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::{
    Absence,
    rows::{complete, found},
    schema::absences,
};

/// The absence with this id, whoever may see it.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: i64) -> Result<Option<Absence>, StoreError> {
    let rows = found().filter(absences::id.eq(id)).load(conn)?;
    Ok(complete(conn, rows)?.pop())
}

/// [`find`] in a transaction that goes on to change the absence: whoever else is about to change it waits.
///
/// # Errors
/// Those of the database.
pub fn find_for_change(conn: &mut DbConn, id: i64) -> Result<Option<Absence>, StoreError> {
    if let DbConn::Pg(conn) = conn {
        absences::table.find(id).select(absences::id).for_update().first::<i64>(conn).optional()?;
    }
    find(conn, id)
}
