//! Who administers the accounts of a group's members (contracts/ocs-provisioning.md §3.3).

use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{ADMIN, lock, members::record, schema::group_subadmins};
use crate::{
    accounts::{self, AccountId},
    act::Act,
    errors::IdentityError,
    faults::Faults,
    text::storable,
};

/// The sub-administrators of a group, in the order of their accounts. They need not be members.
///
/// # Errors
/// Those of the database.
pub fn subadmins(conn: &mut DbConn, group: &str) -> Result<Vec<AccountId>, StoreError> {
    let rows: Vec<String> = group_subadmins::table
        .filter(group_subadmins::group_id.eq(storable(group)))
        .order(group_subadmins::account_id)
        .select(group_subadmins::account_id)
        .load(conn)?;
    let parse =
        |id: String| id.parse().map_err(|error| StoreError::corrupt("group_subadmins.account_id", error));
    rows.into_iter().map(parse).collect()
}

/// The groups that an account is sub-administrator of, ascending by id.
///
/// # Errors
/// Those of the database.
pub fn subadmin_of(conn: &mut DbConn, account: AccountId) -> Result<Vec<String>, StoreError> {
    Ok(group_subadmins::table
        .filter(group_subadmins::account_id.eq(account.to_string()))
        .order(group_subadmins::group_id)
        .select(group_subadmins::group_id)
        .load(conn)?)
}

/// Makes an account a sub-administrator of a group; `false` when it is one already.
///
/// # Errors
/// [`IdentityError::Unknown`] for the group or else the account, [`IdentityError::Invalid`] for the group [`ADMIN`]: whoever
/// could set the passwords of its members would be an administrator.
pub fn add_subadmin(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    account: AccountId,
) -> Result<bool, IdentityError> {
    let group = lock(conn, group)?;
    if group.id == ADMIN {
        let mut faults = Faults::default();
        faults.push("group", "the group of the administrators has no sub-administrators");
        return Err(faults.into());
    }
    accounts::find_for_change(conn, account)?.ok_or(IdentityError::Unknown("account"))?;
    let row = (group_subadmins::group_id.eq(&group.id), group_subadmins::account_id.eq(account.to_string()));
    let added = on_backend!(conn, |c| diesel::insert_into(group_subadmins::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if added > 0 {
        record(conn, act, "group.add_subadmin", &group.id, account)?;
    }
    Ok(added > 0)
}

/// Makes an account no sub-administrator of a group; `false` when it is none. Its membership stays.
///
/// # Errors
/// [`IdentityError::Unknown`] for the group.
pub fn remove_subadmin(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    account: AccountId,
) -> Result<bool, IdentityError> {
    let group = lock(conn, group)?;
    let held = group_subadmins::table.find((&group.id, account.to_string()));
    let removed = diesel::delete(held).execute(conn)? > 0;
    if removed {
        record(conn, act, "group.remove_subadmin", &group.id, account)?;
    }
    Ok(removed)
}
