//! What the service `applications` has the directory know. Each change writes its audit row in the caller's
//! transaction; what is known already writes nothing.

use serde_json::json;
use store::{DbConn, StoreError};

use super::{ApplicationId, ApplicationStatus, find, revisions, rows};
use crate::act::Act;
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::refresh;

/// What has become of something that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Told {
    /// It holds.
    Done,
    /// Something else was told since the revision it comes after: nothing has changed.
    Late,
}

/// Gives an application, new or known, this status.
///
/// # Errors
/// [`IdentityError::Invalid`]; those of the database.
pub(super) fn put(
    conn: &mut DbConn,
    act: &Act,
    id: &ApplicationId,
    status: &ApplicationStatus,
    after: i64,
) -> Result<Told, IdentityError> {
    let status = status.clone().check()?;
    if !revisions::advance(conn, id, after, act.stamp())? {
        return Ok(Told::Late);
    }
    if find(conn, id.as_str())?.is_some_and(|known| known.status == status) {
        return Ok(Told::Done);
    }
    let known = rows::update(conn, id, &status, act.stamp())? || !insert(conn, act, id, &status)?;
    let action = if known { "application.update" } else { "application.create" };
    let detail = json!({
        "organization_id": status.organization_id, "disabled": status.disabled, "expires_at": status.expires_at,
    });
    act.record(conn, action, id.as_str(), Some(detail))?;
    Ok(Told::Done)
}

/// Whether the application is new. What its predecessors of the same id have left behind has ended with them, or does
/// now.
fn insert(
    conn: &mut DbConn,
    act: &Act,
    id: &ApplicationId,
    status: &ApplicationStatus,
) -> Result<bool, StoreError> {
    Lock::Revocations.take(conn)?;
    // Somebody else may have had the lock, for the same purpose.
    if rows::update(conn, id, status, act.stamp())? {
        return Ok(false);
    }
    refresh::end_with_application(conn, id.as_str())?;
    rows::insert(conn, id, status, act.stamp())?;
    Ok(true)
}

/// Forgets an application and ends the refresh tokens that are bound to it, for good. Access tokens issued so far live on
/// until they expire (§3.6 rule 3).
///
/// # Errors
/// Those of the database.
pub(super) fn delete(
    conn: &mut DbConn,
    act: &Act,
    id: &ApplicationId,
    after: i64,
) -> Result<Told, IdentityError> {
    if !revisions::advance(conn, id, after, act.stamp())? {
        return Ok(Told::Late);
    }
    // Families are started under the same lock, shared: each is either seen here, or sees that the row is gone.
    Lock::Revocations.take(conn)?;
    let known = rows::delete(conn, id)?;
    let ended = refresh::end_with_application(conn, id.as_str())?;
    if known || ended > 0 {
        act.record(conn, "application.delete", id.as_str(), Some(json!({ "refresh_tokens": ended })))?;
    }
    Ok(Told::Done)
}
