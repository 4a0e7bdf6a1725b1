//! The table of device sessions.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use crate::accounts::{AccountId, schema::accounts};

diesel::table! {
    device_sessions (sid) {
        sid -> Text,
        account_id -> Text,
        client_mac -> Binary,
        token_mac -> Binary,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(device_sessions, accounts);

/// A session as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_sessions)]
pub(super) struct SessionRow {
    pub(super) sid: String,
    pub(super) account_id: String,
    pub(super) client_mac: Vec<u8>,
    pub(super) token_mac: Vec<u8>,
    pub(super) created_at: NaiveDateTime,
    pub(super) expires_at: NaiveDateTime,
}

pub(super) fn insert(conn: &mut DbConn, row: &SessionRow) -> Result<(), StoreError> {
    on_backend!(conn, |c| diesel::insert_into(device_sessions::table).values(row).execute(c))?;
    Ok(())
}

/// The session of this uid and this client: one query, whichever of them is unknown.
pub(super) fn find(
    conn: &mut DbConn,
    uid: &str,
    client_mac: &[u8],
) -> Result<Option<SessionRow>, StoreError> {
    let named = device_sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(device_sessions::account_id)))
        .filter(accounts::email_key.eq(uid))
        .filter(device_sessions::client_mac.eq(client_mac));
    Ok(on_backend!(conn, |c| named.select(SessionRow::as_select()).get_result(c).optional())?)
}

/// The sessions of an account with their ends, the one to be given up first before the others: by their end, then by
/// their age.
pub(super) fn list(
    conn: &mut DbConn,
    account: AccountId,
) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
    let own = device_sessions::table
        .filter(device_sessions::account_id.eq(account.to_string()))
        .order((device_sessions::expires_at, device_sessions::created_at, device_sessions::sid))
        .select((device_sessions::sid, device_sessions::expires_at));
    let rows: Vec<(String, NaiveDateTime)> = on_backend!(conn, |c| own.load(c))?;
    Ok(rows.into_iter().map(|(sid, expires_at)| (sid, expires_at.and_utc())).collect())
}

/// The ids of an account's sessions except one.
pub(super) fn sids(conn: &mut DbConn, account: &str, kept: Option<&str>) -> Result<Vec<String>, StoreError> {
    Ok(device_sessions::table
        .filter(device_sessions::account_id.eq(account))
        .filter(device_sessions::sid.ne(kept.unwrap_or_default()))
        .order(device_sessions::sid)
        .select(device_sessions::sid)
        .load(conn)?)
}

/// Whether there was one.
pub(super) fn delete(conn: &mut DbConn, sid: &str) -> Result<bool, StoreError> {
    Ok(on_backend!(conn, |c| diesel::delete(device_sessions::table.find(sid)).execute(c))? == 1)
}
