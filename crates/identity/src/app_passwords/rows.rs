//! The table of app passwords.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::AppPassword;
use crate::accounts::AccountId;
use crate::text::storable;

diesel::table! {
    app_passwords (id) {
        id -> Text,
        account_id -> Text,
        name -> Text,
        mac -> Binary,
        sid -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
    }
}

/// A use this soon after the noted one is not noted again.
const NOTED: TimeDelta = TimeDelta::seconds(60);

/// An app password as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = app_passwords)]
pub(super) struct PasswordRow {
    pub(super) id: String,
    pub(super) account_id: String,
    pub(super) name: String,
    pub(super) mac: Vec<u8>,
    pub(super) sid: String,
    pub(super) created_at: NaiveDateTime,
    pub(super) last_used_at: Option<NaiveDateTime>,
}

impl TryFrom<PasswordRow> for AppPassword {
    type Error = StoreError;

    fn try_from(row: PasswordRow) -> Result<Self, Self::Error> {
        let account = row.account_id.parse();
        Ok(Self {
            id: row.id,
            account: account.map_err(|error| StoreError::corrupt("app_passwords.account_id", error))?,
            name: row.name,
            sid: row.sid,
            created_at: row.created_at.and_utc(),
            last_used_at: row.last_used_at.map(|used| used.and_utc()),
        })
    }
}

impl AppPassword {
    /// Whether a use is worth noting.
    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|used| used <= now - NOTED)
    }
}

pub(super) fn insert(conn: &mut DbConn, row: &PasswordRow) -> Result<(), StoreError> {
    diesel::insert_into(app_passwords::table).values(row).execute(conn)?;
    Ok(())
}

/// How many an account has.
pub(super) fn count(conn: &mut DbConn, account: AccountId) -> Result<i64, StoreError> {
    Ok(app_passwords::table
        .filter(app_passwords::account_id.eq(account.to_string()))
        .count()
        .get_result(conn)?)
}

/// The sessions that an account's passwords stand for, in their order. Nothing that a password could be found by: services
/// that end them may not read it.
pub(super) fn sids(conn: &mut DbConn, account: &str) -> Result<Vec<String>, StoreError> {
    Ok(app_passwords::table
        .filter(app_passwords::account_id.eq(account))
        .order(app_passwords::id)
        .select(app_passwords::sid)
        .load(conn)?)
}

/// Those of an account, the oldest first.
pub(super) fn list(conn: &mut DbConn, account: &str) -> Result<Vec<PasswordRow>, StoreError> {
    Ok(app_passwords::table
        .filter(app_passwords::account_id.eq(account))
        .order(app_passwords::id)
        .select(PasswordRow::as_select())
        .load(conn)?)
}

/// The one with this id, if it is the account's.
pub(super) fn find(
    conn: &mut DbConn,
    account: AccountId,
    id: &str,
) -> Result<Option<PasswordRow>, StoreError> {
    let own =
        app_passwords::table.find(storable(id)).filter(app_passwords::account_id.eq(account.to_string()));
    Ok(own.select(PasswordRow::as_select()).get_result(conn).optional()?)
}

/// The one with this keyed hash.
pub(super) fn find_by_mac(conn: &mut DbConn, mac: &[u8]) -> Result<Option<PasswordRow>, StoreError> {
    let named = app_passwords::table.filter(app_passwords::mac.eq(mac));
    Ok(named.select(PasswordRow::as_select()).get_result(conn).optional()?)
}

/// Gives the one of this session another session.
pub(super) fn renew(conn: &mut DbConn, sid: &str, new: &str) -> Result<(), StoreError> {
    let named = app_passwords::table.filter(app_passwords::sid.eq(sid));
    diesel::update(named).set(app_passwords::sid.eq(new)).execute(conn)?;
    Ok(())
}

/// Removes the one of this session.
pub(super) fn delete(conn: &mut DbConn, sid: &str) -> Result<(), StoreError> {
    diesel::delete(app_passwords::table.filter(app_passwords::sid.eq(sid))).execute(conn)?;
    Ok(())
}

/// Notes a use. What another process has noted meanwhile does not go back.
pub(super) fn note_use(conn: &mut DbConn, id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let last = app_passwords::last_used_at;
    let due = last.is_null().or(last.le((now - NOTED).naive_utc()));
    diesel::update(app_passwords::table.find(id).filter(due)).set(last.eq(now.naive_utc())).execute(conn)?;
    Ok(())
}
