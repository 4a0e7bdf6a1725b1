//! Queries on accesses.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::schema::accesses;
use crate::domain::access::{Access, AccessId, Role};
use crate::domain::email::{EmailAddress, EmailKey};
use crate::domain::pagination::Page;
use crate::domain::room::RoomId;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = accesses)]
struct AccessRow {
    id: String,
    room_id: String,
    account_id: Option<String>,
    email: Option<String>,
    email_key: Option<String>,
    role: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl AccessRow {
    fn new(access: &Access, now: NaiveDateTime) -> Self {
        Self {
            id: access.id.to_string(),
            room_id: access.room.to_string(),
            account_id: access.account.map(|account| account.to_string()),
            email: access.email.as_ref().map(ToString::to_string),
            email_key: access.email.as_ref().map(|email| email.key().as_str().to_owned()),
            role: access.role.as_str().to_owned(),
            created_at: now,
            updated_at: now,
        }
    }
}

impl TryFrom<AccessRow> for Access {
    type Error = StoreError;

    fn try_from(row: AccessRow) -> Result<Self, StoreError> {
        let account = row.account_id.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("access id", error))?,
            room: row.room_id.parse().map_err(|error| StoreError::corrupt("room id", error))?,
            account: account.map_err(|error| StoreError::corrupt("account id", error))?,
            email: row.email.map(EmailAddress::from_stored),
            role: parse_role(&row.role)?,
        })
    }
}

pub(super) fn parse_role(word: &str) -> Result<Role, StoreError> {
    word.parse().map_err(|error| StoreError::corrupt("role", error))
}

/// Inserts an access.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut DbConn, access: &Access, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::insert_into(accesses::table).values(AccessRow::new(access, now.naive_utc())).execute(conn)?;
    Ok(())
}

/// An access of this room, by its id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, room: RoomId, id: AccessId) -> Result<Option<Access>, StoreError> {
    let row = accesses::table
        .filter(accesses::id.eq(id.to_string()).and(accesses::room_id.eq(room.to_string())))
        .select(AccessRow::as_select())
        .first::<AccessRow>(conn)
        .optional()?;
    row.map(Access::try_from).transpose()
}

/// An access of this room, by the e-mail it is listed under; one with an account before one that waits for its.
///
/// # Errors
/// The database's.
pub fn find_by_email(
    conn: &mut DbConn,
    room: RoomId,
    email: &EmailKey,
) -> Result<Option<Access>, StoreError> {
    let row = accesses::table
        .filter(accesses::room_id.eq(room.to_string()).and(accesses::email_key.eq(email.as_str())))
        .order((accesses::account_id.is_null(), accesses::id))
        .select(AccessRow::as_select())
        .first::<AccessRow>(conn)
        .optional()?;
    row.map(Access::try_from).transpose()
}

/// How many accesses a room has.
///
/// # Errors
/// The database's.
pub fn count(conn: &mut DbConn, room: RoomId) -> Result<i64, StoreError> {
    Ok(accesses::table.filter(accesses::room_id.eq(room.to_string())).count().get_result(conn)?)
}

/// How many owners a room has, those who wait for their account included.
///
/// # Errors
/// The database's.
pub fn count_owners(conn: &mut DbConn, room: RoomId) -> Result<i64, StoreError> {
    let owners = accesses::room_id.eq(room.to_string()).and(accesses::role.eq(Role::Owner.as_str()));
    Ok(accesses::table.filter(owners).count().get_result(conn)?)
}

/// A page of a room's accesses, by e-mail; those without one come last.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut DbConn, room: RoomId, page: Page) -> Result<Vec<Access>, StoreError> {
    let rows = accesses::table
        .filter(accesses::room_id.eq(room.to_string()))
        .order((accesses::email_key.is_null(), accesses::email_key, accesses::id))
        .offset(page.offset)
        .limit(page.limit)
        .select(AccessRow::as_select())
        .load::<AccessRow>(conn)?;
    rows.into_iter().map(Access::try_from).collect()
}

/// Gives an access another role.
///
/// # Errors
/// The database's.
pub fn set_role(conn: &mut DbConn, id: AccessId, role: Role, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(accesses::table.find(id.to_string()))
        .set((accesses::role.eq(role.as_str()), accesses::updated_at.eq(now.naive_utc())))
        .execute(conn)?;
    Ok(())
}

/// Removes an access.
///
/// # Errors
/// The database's.
pub fn remove(conn: &mut DbConn, id: AccessId) -> Result<(), StoreError> {
    diesel::delete(accesses::table.find(id.to_string())).execute(conn)?;
    Ok(())
}
