//! What other services are told of groups: everything about several of them, in as many queries as about one.

use std::collections::HashMap;

use diesel::prelude::*;
use store::{DbConn, StoreError};
use uuid::Uuid;

use super::{Group, admins, delete, find_by_number, insert, lock, member_counts, of_ids};
use crate::{
    accounts::{AccountId, schema::account_groups},
    act::Act,
    errors::IdentityError,
};

/// What a member is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupRole {
    /// Its owner.
    Owner,
    /// An administrator beside the owner.
    Admin,
    /// One of the others.
    Member,
}

/// A group with everything that decides on its things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStanding {
    /// The group.
    pub group: Group,
    /// Its administrators, in the order of their accounts.
    pub admins: Vec<AccountId>,
    /// How many members it has.
    pub members: i64,
}

impl GroupStanding {
    /// What this member is in the group.
    #[must_use]
    pub fn role_of(&self, member: AccountId) -> GroupRole {
        if self.group.owner == Some(member) {
            GroupRole::Owner
        } else if self.admins.contains(&member) {
            GroupRole::Admin
        } else {
            GroupRole::Member
        }
    }
}

/// The group of this number, with everything that decides on its things.
///
/// # Errors
/// Those of the database.
pub fn standing(conn: &mut DbConn, number: i64) -> Result<Option<GroupStanding>, StoreError> {
    let group = find_by_number(conn, number)?;
    Ok(standings(conn, group.into_iter().collect())?.pop())
}

/// The groups of an account, ascending by id, with what it is in each. An unknown account has none.
///
/// # Errors
/// Those of the database.
pub fn memberships(
    conn: &mut DbConn,
    account: AccountId,
) -> Result<Vec<(GroupStanding, GroupRole)>, StoreError> {
    let ids: Vec<String> = account_groups::table
        .filter(account_groups::account_id.eq(account.to_string()))
        .order(account_groups::group_id)
        .select(account_groups::group_id)
        .load(conn)?;
    let groups = of_ids(conn, &ids)?;
    let with_role = |standing: GroupStanding| {
        let role = standing.role_of(account);
        (standing, role)
    };
    Ok(standings(conn, groups)?.into_iter().map(with_role).collect())
}

/// Makes a group for somebody who is not allowed to choose its id: it gets a random one.
///
/// # Errors
/// Those of [`insert`].
pub fn insert_owned(
    conn: &mut DbConn,
    act: &Act,
    name: &str,
    owner: AccountId,
) -> Result<GroupStanding, IdentityError> {
    let group = insert(conn, act, &Uuid::new_v4().to_string(), name, Some(owner))?;
    standings(conn, vec![group])?.pop().ok_or(IdentityError::Unknown("group"))
}

/// Removes the group of this number for a member who may: its owner or an administrator. `false` when there is none.
///
/// # Errors
/// [`IdentityError::Unknown`] for the owner or administrator: this account is neither. Those of [`delete`].
pub fn delete_owned(conn: &mut DbConn, act: &Act, number: i64, by: AccountId) -> Result<bool, IdentityError> {
    let Some(group) = find_by_number(conn, number)? else { return Ok(false) };
    match lock(conn, &group.id) {
        Ok(_) => {}
        Err(IdentityError::Unknown(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    // Read under the lock.
    let standing = standing(conn, number)?;
    let member = super::is_member(conn, &group.id, by)?;
    let role = standing.filter(|_| member).map(|standing| standing.role_of(by));
    if !matches!(role, Some(GroupRole::Owner | GroupRole::Admin)) {
        return Err(IdentityError::Unknown("owner or administrator of the group"));
    }
    delete(conn, act, &group.id)?;
    Ok(true)
}

fn standings(conn: &mut DbConn, groups: Vec<Group>) -> Result<Vec<GroupStanding>, StoreError> {
    let ids: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
    let counts = member_counts(conn, &ids)?;
    let mut administrators = HashMap::<String, Vec<AccountId>>::new();
    for (group, account) in admins::of_groups(conn, &ids)? {
        administrators.entry(group).or_default().push(account);
    }
    let one = |group: Group| GroupStanding {
        admins: administrators.remove(&group.id).unwrap_or_default(),
        members: counts.get(&group.id).map_or(0, |count| count.members),
        group,
    };
    Ok(groups.into_iter().map(one).collect())
}
