//! Changes to absences. Each writes its audit row in the caller's transaction. Titles are private, so no row has one.

use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError};

use super::{Absence, NewAbsence, check, find, find_for_change, schema::absences};
use crate::{accounts::AccountId, act::Act, agents, errors::IdentityError};

/// Makes an absence.
///
/// # Errors
/// [`IdentityError::Invalid`] for a title that cannot be stored or an end that is not after the beginning,
/// [`IdentityError::Unknown`] when there is no such agent.
pub fn insert(conn: &mut DbConn, act: &Act, new: &NewAbsence) -> Result<Absence, IdentityError> {
    check(&new.title, (new.first_day, new.start_time), (new.end_day, new.end_time))?;
    if agents::find(conn, new.agent)?.is_none() {
        return Err(IdentityError::Unknown("agent"));
    }
    let id: i64 = diesel::insert_into(absences::table)
        .values((
            absences::account_id.eq(new.agent.to_string()),
            absences::title.eq(&new.title),
            absences::first_day.eq(new.first_day),
            absences::start_time.eq(new.start_time),
            absences::end_day.eq(new.end_day),
            absences::end_time.eq(new.end_time),
            absences::created_at.eq(act.stamp()),
            absences::updated_at.eq(act.stamp()),
        ))
        .returning(absences::id)
        .get_result(conn)
        .map_err(gone)?;
    record(conn, act, "absence.create", id, new.agent)?;
    find(conn, id)?.ok_or(IdentityError::Unknown("absence"))
}

/// Gives an absence the title, days and times of `changed`. It stays with its agent. Nothing is written when nothing
/// changes.
///
/// # Errors
/// [`IdentityError::Invalid`] as [`insert`]; [`IdentityError::Unknown`] when it is gone.
pub fn update(conn: &mut DbConn, act: &Act, changed: &Absence) -> Result<Absence, IdentityError> {
    check(&changed.title, (changed.first_day, changed.start_time), (changed.end_day, changed.end_time))?;
    let stored = find_for_change(conn, changed.id)?.ok_or(IdentityError::Unknown("absence"))?;
    if content(&stored) == content(changed) {
        return Ok(stored);
    }
    diesel::update(absences::table.find(changed.id))
        .set((
            absences::title.eq(&changed.title),
            absences::first_day.eq(changed.first_day),
            absences::start_time.eq(changed.start_time),
            absences::end_day.eq(changed.end_day),
            absences::end_time.eq(changed.end_time),
            absences::updated_at.eq(act.stamp()),
        ))
        .execute(conn)?;
    record(conn, act, "absence.update", changed.id, stored.agent.id)?;
    find(conn, changed.id)?.ok_or(IdentityError::Unknown("absence"))
}

/// Removes an absence. Says whether there was one.
///
/// # Errors
/// Those of the database.
pub fn delete(conn: &mut DbConn, act: &Act, id: i64) -> Result<bool, StoreError> {
    let removed: Option<String> = diesel::delete(absences::table.find(id))
        .returning(absences::account_id)
        .get_result(conn)
        .optional()?;
    let Some(agent) = removed else { return Ok(false) };
    let agent = agent.parse().map_err(|error| StoreError::corrupt("absences.account_id", error))?;
    record(conn, act, "absence.delete", id, agent)?;
    Ok(true)
}

fn record(
    conn: &mut DbConn,
    act: &Act,
    action: &'static str,
    id: i64,
    agent: AccountId,
) -> Result<(), StoreError> {
    act.record(conn, action, &id.to_string(), Some(json!({ "agent": agent.to_string() })))
}

/// What can be changed.
fn content(absence: &Absence) -> impl PartialEq {
    let Absence { title, first_day, start_time, end_day, end_time, .. } = absence;
    (title.clone(), *first_day, *start_time, *end_day, *end_time)
}

/// The account may have been deleted since it was looked for.
fn gone(error: diesel::result::Error) -> IdentityError {
    use diesel::result::{DatabaseErrorKind::ForeignKeyViolation, Error::DatabaseError};
    match error {
        DatabaseError(ForeignKeyViolation, _) => IdentityError::Unknown("agent"),
        other => other.into(),
    }
}
