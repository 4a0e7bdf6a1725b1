//! Groups: what accounts are members of, for the group rules of the dialects. Only bootstrap files make them so far.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError};

use self::schema::groups;
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    text::{self, MAX_ID, MAX_NAME},
};

mod schema {
    diesel::table! {
        groups (id) {
            id -> Text,
            name -> Text,
            created_at -> Timestamp,
            updated_at -> Timestamp,
        }
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id for ever.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Checks the id and the name of a new or changed group.
///
/// # Errors
/// Every fault, each with its field.
pub fn check(id: &str, name: &str) -> Result<(), Faults> {
    let mut faults = Faults::default();
    text::note(&mut faults, "id", id, MAX_ID);
    text::note(&mut faults, "name", name, MAX_NAME);
    faults.into_result(())
}

/// The group with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Group>, StoreError> {
    if text::check(id, MAX_ID).is_err() {
        return Ok(None);
    }
    let row: Option<(String, String, NaiveDateTime)> = groups::table
        .find(id)
        .select((groups::id, groups::name, groups::created_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name, created_at)| Group { id, name, created_at: created_at.and_utc() }))
}

/// Makes a group.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Taken`].
pub fn insert(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<(), IdentityError> {
    check(id, name)?;
    diesel::insert_into(groups::table)
        .values((
            groups::id.eq(id),
            groups::name.eq(name),
            groups::created_at.eq(act.stamp()),
            groups::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "group id"))?;
    Ok(act.record(conn, "group.create", id, Some(json!({ "name": name })))?)
}

/// Gives a group another name.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
pub fn rename(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<(), IdentityError> {
    check(id, name)?;
    let changed = diesel::update(groups::table.find(id))
        .set((groups::name.eq(name), groups::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        return Err(IdentityError::Unknown("group"));
    }
    Ok(act.record(conn, "group.update", id, Some(json!({ "name": name })))?)
}

/// Removes a group; its members stay.
///
/// # Errors
/// [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    if diesel::delete(groups::table.find(id)).execute(conn)? == 0 {
        return Err(IdentityError::Unknown("group"));
    }
    Ok(act.record(conn, "group.delete", id, None)?)
}
