//! The table of account tokens.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::AccountToken;
use crate::accounts::AccountId;
use crate::act::Act;

diesel::table! {
    account_tokens (account_id) {
        account_id -> Text,
        token_mac -> Binary,
        sealed -> Binary,
        sid -> Text,
        created_at -> Timestamp,
        deleted_at -> Nullable<Timestamp>,
    }
}

/// A token as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_tokens)]
pub(super) struct TokenRow {
    pub(super) account_id: String,
    pub(super) token_mac: Vec<u8>,
    pub(super) sealed: Vec<u8>,
    pub(super) sid: String,
    pub(super) created_at: NaiveDateTime,
    pub(super) deleted_at: Option<NaiveDateTime>,
}

impl From<TokenRow> for AccountToken {
    fn from(row: TokenRow) -> Self {
        Self { sid: row.sid, created_at: row.created_at.and_utc() }
    }
}

/// The account's token, unless the account was deleted.
pub(super) fn find(conn: &mut DbConn, account: AccountId) -> Result<Option<TokenRow>, StoreError> {
    let own = account_tokens::table.find(account.to_string()).filter(account_tokens::deleted_at.is_null());
    Ok(on_backend!(conn, |c| own.select(TokenRow::as_select()).get_result(c).optional())?)
}

/// The token with this keyed hash, whatever has become of its account.
pub(super) fn find_by_mac(conn: &mut DbConn, mac: &[u8]) -> Result<Option<TokenRow>, StoreError> {
    let named = account_tokens::table.filter(account_tokens::token_mac.eq(mac));
    Ok(on_backend!(conn, |c| named.select(TokenRow::as_select()).get_result(c).optional())?)
}

fn insert(conn: &mut DbConn, row: &TokenRow) -> Result<(), StoreError> {
    diesel::insert_into(account_tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// Removes the token of this session, unless its account was deleted.
pub(super) fn delete(conn: &mut DbConn, sid: &str) -> Result<(), StoreError> {
    let live = account_tokens::table
        .filter(account_tokens::sid.eq(sid))
        .filter(account_tokens::deleted_at.is_null());
    diesel::delete(live).execute(conn)?;
    Ok(())
}

/// The token of an account that is there: the one it has, or this one. The account's row is locked.
pub(super) fn give(conn: &mut DbConn, act: &Act, new: &TokenRow) -> Result<TokenRow, StoreError> {
    let own = account_tokens::table.find(&new.account_id).filter(account_tokens::deleted_at.is_null());
    if let Some(row) = own.select(TokenRow::as_select()).first(conn).optional()? {
        return Ok(row);
    }
    insert(conn, new)?;
    act.record(conn, "account_token.create", &new.sid, None)?;
    Ok(new.clone())
}

/// Gives the token of this session another one, unless its account was deleted.
pub(super) fn renew(conn: &mut DbConn, sid: &str, new: &str) -> Result<(), StoreError> {
    let live = account_tokens::table
        .filter(account_tokens::sid.eq(sid))
        .filter(account_tokens::deleted_at.is_null());
    diesel::update(live).set(account_tokens::sid.eq(new)).execute(conn)?;
    Ok(())
}

/// The session of an account's token.
pub(super) fn sid(conn: &mut DbConn, account: &str) -> Result<Option<String>, StoreError> {
    let own = account_tokens::table.find(account).filter(account_tokens::deleted_at.is_null());
    Ok(own.select(account_tokens::sid).first(conn).optional()?)
}

/// Notes that the account was deleted.
pub(super) fn bury(conn: &mut DbConn, account: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(account_tokens::table.find(account).filter(account_tokens::deleted_at.is_null()))
        .set(account_tokens::deleted_at.eq(now.naive_utc()))
        .execute(conn)?;
    Ok(())
}

/// The sealed tokens of the accounts after this one, deleted ones included, in the order of the accounts.
pub(super) fn list_sealed(
    conn: &mut DbConn,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let rows = account_tokens::table
        .filter(account_tokens::account_id.gt(after))
        .order(account_tokens::account_id)
        .limit(limit)
        .select((account_tokens::account_id, account_tokens::sealed));
    Ok(rows.load(conn)?)
}

/// Gives an account's token another sealed form.
pub(super) fn replace_sealed(conn: &mut DbConn, account: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let row = diesel::update(account_tokens::table.find(account));
    row.set(account_tokens::sealed.eq(sealed)).execute(conn)?;
    Ok(())
}
