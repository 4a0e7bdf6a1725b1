//! Removing a row that others may refer to.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind::ForeignKeyViolation, Error::DatabaseError},
};
use store::DbConn;

use crate::errors::IdentityError;

/// Removes the one row that `removal` is about.
///
/// # Errors
/// [`IdentityError::InUse`] while another row refers to it, [`IdentityError::Unknown`].
pub(crate) fn of_one(
    conn: &mut DbConn,
    what: &'static str,
    removal: impl FnOnce(&mut DbConn) -> QueryResult<usize>,
) -> Result<(), IdentityError> {
    // Under a savepoint: the refusal must not end the caller's transaction.
    let removed = store::savepoint(conn, |conn| {
        removal(conn).map_err(|error| match error {
            DatabaseError(ForeignKeyViolation, _) => IdentityError::InUse(what),
            other => other.into(),
        })
    })?;
    if removed == 0 { Err(IdentityError::Unknown(what)) } else { Ok(()) }
}
