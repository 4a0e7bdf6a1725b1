//! The owner of a group, and its administrators beside the owner.

use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError, on_backend};

use super::{
    lock,
    members::{is_member, record},
    schema::{group_admins, groups},
};
use crate::{
    accounts::{AccountId, schema::account_groups},
    act::Act,
    errors::IdentityError,
    faults::Faults,
    text::{MAX_LIST, storable},
};

/// The administrators of a group, in the order of their accounts. The owner is one of them only when made one.
///
/// # Errors
/// Those of the database.
pub fn admins(conn: &mut DbConn, group: &str) -> Result<Vec<AccountId>, StoreError> {
    Ok(of_groups(conn, &[group.to_owned()])?.into_iter().map(|(_, account)| account).collect())
}

/// The administrators of these groups: one query. A replica of the version before may have taken a member out without them.
pub(super) fn of_groups(
    conn: &mut DbConn,
    groups: &[String],
) -> Result<Vec<(String, AccountId)>, StoreError> {
    let ids: Vec<String> = groups.iter().map(|id| storable(id)).collect();
    let of_member = account_groups::account_id
        .eq(group_admins::account_id)
        .and(account_groups::group_id.eq(group_admins::group_id));
    let rows: Vec<(String, String)> = group_admins::table
        .inner_join(account_groups::table.on(of_member))
        .filter(group_admins::group_id.eq_any(ids))
        .order((group_admins::group_id, group_admins::account_id))
        .select((group_admins::group_id, group_admins::account_id))
        .load(conn)?;
    let parse = |(group, account): (String, String)| match account.parse() {
        Ok(account) => Ok((group, account)),
        Err(error) => Err(StoreError::corrupt("group_admins.account_id", error)),
    };
    rows.into_iter().map(parse).collect()
}

/// Whether an account administers a group. Its owner need not.
///
/// # Errors
/// Those of the database.
pub fn is_admin(conn: &mut DbConn, group: &str, account: AccountId) -> Result<bool, StoreError> {
    Ok(admins(conn, group)?.contains(&account))
}

/// Makes a member an administrator of the group, or no longer one; `false` when there is nothing to change.
///
/// # Errors
/// [`IdentityError::Unknown`] for the group or else the member, [`IdentityError::Invalid`] when there are as many as there
/// may be.
pub fn set_admin(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    account: AccountId,
    admin: bool,
) -> Result<bool, IdentityError> {
    let group = lock(conn, group)?;
    let row = (group_admins::group_id.eq(&group.id), group_admins::account_id.eq(account.to_string()));
    if !admin {
        let held = group_admins::table.find((&group.id, account.to_string()));
        let removed = diesel::delete(held).execute(conn)? > 0;
        if removed {
            record(conn, act, "group.remove_admin", &group.id, account)?;
        }
        return Ok(removed);
    }
    require_member(conn, &group.id, account)?;
    let admins = admins(conn, &group.id)?;
    if admins.contains(&account) {
        return Ok(false);
    }
    if admins.len() >= MAX_LIST {
        let mut faults = Faults::default();
        faults.push("admins", format!("may have at most {MAX_LIST} elements"));
        return Err(faults.into());
    }
    on_backend!(conn, |c| diesel::insert_into(group_admins::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    record(conn, act, "group.add_admin", &group.id, account)?;
    Ok(true)
}

/// Gives a group to one of its members, or to nobody; `false` when it is theirs already.
///
/// # Errors
/// [`IdentityError::Unknown`] for the group or else the member.
pub fn set_owner(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    owner: Option<AccountId>,
) -> Result<bool, IdentityError> {
    let group = lock(conn, group)?;
    if group.owner == owner {
        return Ok(false);
    }
    if let Some(owner) = owner {
        require_member(conn, &group.id, owner)?;
    }
    let owner = owner.map(|id| id.to_string());
    diesel::update(groups::table.find(&group.id))
        .set((groups::owner_id.eq(&owner), groups::updated_at.eq(act.stamp())))
        .execute(conn)?;
    act.record(conn, "group.set_owner", &group.id, Some(json!({ "account_id": owner })))?;
    Ok(true)
}

/// The membership stays until the end of the transaction: whoever ends it locks the group, too, or the account.
fn require_member(conn: &mut DbConn, group: &str, account: AccountId) -> Result<(), IdentityError> {
    crate::accounts::find_for_change(conn, account)?;
    if is_member(conn, group, account)? { Ok(()) } else { Err(IdentityError::Unknown("member")) }
}
