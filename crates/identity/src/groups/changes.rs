//! Making, renaming and removing groups. Each writes its audit row in the caller's transaction.

use diesel::prelude::*;
use serde_json::json;
use store::DbConn;

use super::{ADMIN, Group, admins, check, find, lock, members, schema::groups};
use crate::{accounts::AccountId, act::Act, errors::IdentityError, faults::Faults, text::fold};

/// Makes a group. An owner becomes its first member.
///
/// # Errors
/// [`IdentityError::Invalid`], also when the owner is in too many groups; [`IdentityError::Taken`];
/// [`IdentityError::Unknown`] for the owner.
pub fn insert(
    conn: &mut DbConn,
    act: &Act,
    id: &str,
    name: &str,
    owner: Option<AccountId>,
) -> Result<Group, IdentityError> {
    check(id, name)?;
    if find(conn, id)?.is_some() {
        return Err(IdentityError::Taken("group id"));
    }
    diesel::insert_into(groups::table)
        .values((
            groups::id.eq(id),
            groups::name.eq(name),
            groups::id_key.eq(fold(id)),
            groups::name_key.eq(fold(name)),
            groups::created_at.eq(act.stamp()),
            groups::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "group id"))?;
    act.record(conn, "group.create", id, Some(json!({ "name": name })))?;
    if let Some(owner) = owner {
        members::add_member(conn, act, id, owner)?;
        admins::set_owner(conn, act, id, Some(owner))?;
    }
    find(conn, id)?.ok_or(IdentityError::Unknown("group"))
}

/// Gives a group another name.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
pub fn rename(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<(), IdentityError> {
    check(id, name)?;
    let changed = diesel::update(groups::table.find(id))
        .set((groups::name.eq(name), groups::name_key.eq(fold(name)), groups::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        return Err(IdentityError::Unknown("group"));
    }
    Ok(act.record(conn, "group.update", id, Some(json!({ "name": name })))?)
}

/// Removes a group; its members stay.
///
/// # Errors
/// [`IdentityError::Invalid`] for the group [`ADMIN`], [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    let group = lock(conn, id)?;
    if group.id == ADMIN {
        let mut faults = Faults::default();
        faults.push("id", "the group of the administrators cannot be removed");
        return Err(faults.into());
    }
    // Memberships, administrators and sub-administrators go with the row.
    diesel::delete(groups::table.find(id)).execute(conn)?;
    Ok(act.record(conn, "group.delete", id, Some(json!({ "number": group.number })))?)
}
