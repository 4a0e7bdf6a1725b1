//! Who bases are shared with. `contracts/seatable-tokens.md` §1: once with each account and each group.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::schema::{group_shares, user_shares};
use crate::domain::id::AccountId;
use crate::domain::permission::Permission;

/// What a base is shared for, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What may be done with its contents.
    pub permission: Permission,
    /// Who shared it. The account may be gone.
    pub shared_by: AccountId,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The accounts that a base is shared with, the first one first.
///
/// # Errors
/// The database's.
pub fn accounts(conn: &mut DbConn, base_id: i64) -> Result<Vec<(AccountId, Permission)>, StoreError> {
    let rows = user_shares::table
        .filter(user_shares::base_id.eq(base_id))
        .order((user_shares::created_at, user_shares::account_id))
        .select((user_shares::account_id, user_shares::permission))
        .load::<(String, String)>(conn)?;
    rows.into_iter().map(|(id, permission)| Ok((account(&id)?, allowed(&permission)?))).collect()
}

/// The groups that a base is shared with, by their numbers, the first one first.
///
/// # Errors
/// The database's.
pub fn groups(conn: &mut DbConn, base_id: i64) -> Result<Vec<(i64, Permission)>, StoreError> {
    let rows = group_shares::table
        .filter(group_shares::base_id.eq(base_id))
        .order((group_shares::created_at, group_shares::group_number))
        .select((group_shares::group_number, group_shares::permission))
        .load::<(i64, String)>(conn)?;
    rows.into_iter().map(|(number, permission)| Ok((number, allowed(&permission)?))).collect()
}

/// Shares a base with an account. Whether it did: what is shared already stays as it is.
///
/// # Errors
/// The database's.
pub fn add_account(
    conn: &mut DbConn,
    base_id: i64,
    with: &AccountId,
    terms: &Terms,
) -> Result<bool, StoreError> {
    let row = (
        user_shares::base_id.eq(base_id),
        user_shares::account_id.eq(with.as_str()),
        user_shares::permission.eq(terms.permission.as_str()),
        user_shares::shared_by.eq(terms.shared_by.as_str()),
        user_shares::created_at.eq(terms.created_at.naive_utc()),
    );
    let added = on_backend!(conn, |c| diesel::insert_into(user_shares::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(added == 1)
}

/// Shares a base with a group. Whether it did: what is shared already stays as it is.
///
/// # Errors
/// The database's.
pub fn add_group(conn: &mut DbConn, base_id: i64, with: i64, terms: &Terms) -> Result<bool, StoreError> {
    let row = (
        group_shares::base_id.eq(base_id),
        group_shares::group_number.eq(with),
        group_shares::permission.eq(terms.permission.as_str()),
        group_shares::shared_by.eq(terms.shared_by.as_str()),
        group_shares::created_at.eq(terms.created_at.naive_utc()),
    );
    let added = on_backend!(conn, |c| diesel::insert_into(group_shares::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(added == 1)
}

/// Gives the share of an account another permission; whether there is one.
///
/// # Errors
/// The database's.
pub fn change_account(
    conn: &mut DbConn,
    base_id: i64,
    with: &AccountId,
    permission: Permission,
) -> Result<bool, StoreError> {
    let share = user_shares::table.find((base_id, with.as_str()));
    let changed = diesel::update(share).set(user_shares::permission.eq(permission.as_str())).execute(conn)?;
    Ok(changed == 1)
}

/// Gives the share of a group another permission; whether there is one.
///
/// # Errors
/// The database's.
pub fn change_group(
    conn: &mut DbConn,
    base_id: i64,
    with: i64,
    permission: Permission,
) -> Result<bool, StoreError> {
    let share = group_shares::table.find((base_id, with));
    let changed =
        diesel::update(share).set(group_shares::permission.eq(permission.as_str())).execute(conn)?;
    Ok(changed == 1)
}

/// Ends the share of an account; whether there was one.
///
/// # Errors
/// The database's.
pub fn remove_account(conn: &mut DbConn, base_id: i64, with: &AccountId) -> Result<bool, StoreError> {
    Ok(diesel::delete(user_shares::table.find((base_id, with.as_str()))).execute(conn)? == 1)
}

/// Ends the share of a group; whether there was one.
///
/// # Errors
/// The database's.
pub fn remove_group(conn: &mut DbConn, base_id: i64, with: i64) -> Result<bool, StoreError> {
    Ok(diesel::delete(group_shares::table.find((base_id, with))).execute(conn)? == 1)
}

pub(super) fn account(text: &str) -> Result<AccountId, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("account id", error))
}

pub(super) fn allowed(text: &str) -> Result<Permission, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("permission", error))
}
