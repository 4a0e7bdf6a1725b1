//! Sealed secrets by name.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
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

/// Keeps everybody from writing what is sealed until the end of the transaction. On SQLite it is alone anyway.
///
/// # Errors
/// The database's.
pub(crate) fn hold(conn: &mut DbConn) -> Result<(), StoreError> {
    if let DbConn::Pg(conn) = conn {
        conn.batch_execute(
            "LOCK TABLE api_tokens, base_token_keys, base_token_secrets IN SHARE ROW EXCLUSIVE MODE",
        )?;
    }
    Ok(())
}

/// Keeps a secret in the place of the one of that name, if there is one.
///
/// # Errors
/// The database's.
pub(crate) fn replace(
    conn: &mut DbConn,
    name: &str,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    keep(conn, name, sealed, now)?;
    replace_sealed(conn, name, sealed)
}

/// Gives a secret another sealed form.
///
/// # Errors
/// The database's.
pub(crate) fn replace_sealed(conn: &mut DbConn, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
    diesel::update(table::table.find(name)).set(table::sealed.eq(sealed)).execute(conn)?;
    Ok(())
}
