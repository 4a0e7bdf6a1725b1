//! One change of an application at a time, whether it exists or not.

use diesel::prelude::*;
use diesel::sql_types::Text;
use store::{DbConn, StoreError};

use crate::domain::id::ApplicationId;

/// Waits until no other transaction holds the application, and holds it until this one ends. What is read afterwards is
/// what the one before has left. Only PostgreSQL needs it: on SQLite every `Db::write` is alone anyway.
///
/// # Errors
/// The database's: [`StoreError::is_unavailable`] when somebody else holds it for too long.
pub(crate) fn hold(conn: &mut DbConn, id: &ApplicationId) -> Result<(), StoreError> {
    let DbConn::Pg(conn) = conn else { return Ok(()) };
    // Of two ids with the same number one waits for the other in vain, and that is all. The seed keeps the numbers apart
    // from those that other tables of the same database may be locked by.
    let query = diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7019251))");
    query.bind::<Text, _>(id.as_str()).execute(conn)?;
    Ok(())
}
