//! Sealed secrets by name.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::schema::base_token_secrets as table;

/// A secret, sealed.
///
/// # Errors
/// The database's.
pub(crate) fn find(conn: &mut DbConn, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(table::table.find(name).select(table::sealed).first::<Vec<u8>>(conn).optional()?)
}

/// Keeps a secret unless there is one of that name, and gives the one that there is then.
///
/// # Errors
/// The database's.
pub(crate) fn keep(
    conn: &mut DbConn,
    name: &str,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<Vec<u8>, StoreError> {
    let row = (table::name.eq(name), table::sealed.eq(sealed), table::created_at.eq(now.naive_utc()));
    on_backend!(conn, |c| diesel::insert_into(table::table).values(row).on_conflict_do_nothing().execute(c))?;
    find(conn, name)?.ok_or_else(|| StoreError::corrupt("base_token_secrets", "a secret vanished"))
}
