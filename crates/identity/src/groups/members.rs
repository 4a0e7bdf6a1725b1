//! Who is in a group.

use std::collections::HashMap;

use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError, on_backend};

use super::{
    lock,
    schema::{group_admins, groups},
};
use crate::{
    accounts::{
        self, Account, AccountId,
        schema::{account_groups, accounts as people},
    },
    act::Act,
    errors::IdentityError,
    faults::Faults,
    pages::Slice,
    text::{MAX_LIST, storable},
};

/// How many members a group has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCount {
    /// All of them.
    pub members: i64,
    /// Those whose accounts are disabled.
    pub disabled: i64,
}

/// The members in whose login, e-mail address or display name this text occurs, without regard to case, ascending by login.
/// Everybody has the empty text.
///
/// # Errors
/// Those of the database.
pub fn members(
    conn: &mut DbConn,
    group: &str,
    search: &str,
    slice: Slice,
) -> Result<Vec<Account>, StoreError> {
    accounts::members_of(conn, group, search, slice.checked())
}

/// How many members each of these groups has. A group without members, and one that there is not, are left out.
///
/// # Errors
/// Those of the database.
pub fn member_counts(
    conn: &mut DbConn,
    groups: &[String],
) -> Result<HashMap<String, MemberCount>, StoreError> {
    let ids: Vec<String> = groups.iter().map(|id| storable(id)).collect();
    let counted: Vec<(String, bool, i64)> = account_groups::table
        .inner_join(people::table.on(people::id.eq(account_groups::account_id)))
        .filter(account_groups::group_id.eq_any(ids))
        .group_by((account_groups::group_id, people::enabled))
        .select((account_groups::group_id, people::enabled, diesel::dsl::count_star()))
        .order((account_groups::group_id, people::enabled))
        .load(conn)?;
    let mut counts = HashMap::<String, MemberCount>::new();
    for (group, enabled, number) in counted {
        let count = counts.entry(group).or_default();
        count.members += number;
        count.disabled += if enabled { 0 } else { number };
    }
    Ok(counts)
}

/// Whether an account is in a group.
///
/// # Errors
/// Those of the database.
pub fn is_member(conn: &mut DbConn, group: &str, account: AccountId) -> Result<bool, StoreError> {
    let row = account_groups::table.find((account.to_string(), storable(group)));
    Ok(row.select(account_groups::group_id).first::<String>(conn).optional()?.is_some())
}

/// Adds an account to a group; `false` when it is in it already.
///
/// # Errors
/// [`IdentityError::Unknown`] for the group or else the account, [`IdentityError::Invalid`] when the account is in as many
/// groups as it may.
pub fn add_member(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    account: AccountId,
) -> Result<bool, IdentityError> {
    let group = lock(conn, group)?;
    let current = accounts::find_for_change(conn, account)?.ok_or(IdentityError::Unknown("account"))?;
    if current.groups.contains(&group.id) {
        return Ok(false);
    }
    if current.groups.len() >= MAX_LIST {
        let mut faults = Faults::default();
        faults.push("groups", format!("may have at most {MAX_LIST} elements"));
        return Err(faults.into());
    }
    let row = (account_groups::account_id.eq(account.to_string()), account_groups::group_id.eq(&group.id));
    on_backend!(conn, |c| diesel::insert_into(account_groups::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    accounts::touch(conn, act, account)?;
    record(conn, act, "group.add_member", &group.id, account)?;
    Ok(true)
}

/// Takes an account out of a group, whose owner and administrator it no longer is then; `false` when it is not in it.
///
/// # Errors
/// [`IdentityError::Unknown`] for the group or else the account.
pub fn remove_member(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    account: AccountId,
) -> Result<bool, IdentityError> {
    let group = lock(conn, group)?;
    accounts::find_for_change(conn, account)?.ok_or(IdentityError::Unknown("account"))?;
    let row = account_groups::table.find((account.to_string(), &group.id));
    if diesel::delete(row).execute(conn)? == 0 {
        return Ok(false);
    }
    left(conn, &group.id, account)?;
    accounts::touch(conn, act, account)?;
    record(conn, act, "group.remove_member", &group.id, account)?;
    Ok(true)
}

/// Ends what an account was in a group by being a member.
pub(crate) fn left(conn: &mut DbConn, group: &str, account: AccountId) -> Result<(), StoreError> {
    let account = account.to_string();
    diesel::delete(group_admins::table.find((group, &account))).execute(conn)?;
    let owned = groups::table.find(group).filter(groups::owner_id.eq(&account));
    diesel::update(owned).set(groups::owner_id.eq(None::<String>)).execute(conn)?;
    Ok(())
}

pub(super) fn record(
    conn: &mut DbConn,
    act: &Act,
    action: &'static str,
    group: &str,
    account: AccountId,
) -> Result<(), StoreError> {
    act.record(conn, action, group, Some(json!({ "account_id": account.to_string() })))
}
