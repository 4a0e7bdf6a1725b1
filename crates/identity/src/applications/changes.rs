//! What the service `applications` has the directory know. Each change writes its audit row in the caller's
//! transaction; what is known already writes nothing.

use serde_json::json;
use store::{DbConn, StoreError};

use super::{ApplicationId, ApplicationStatus, find, rows};
use crate::act::Act;
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::refresh;

/// Gives an application, new or known, this status.
///
/// # Errors
/// [`IdentityError::Invalid`]; those of the database.
pub fn put(
    conn: &mut DbConn,
    act: &Act,
    id: &ApplicationId,
    status: &ApplicationStatus,
) -> Result<(), IdentityError> {
    let status = status.clone().check()?;
    if find(conn, id.as_str())?.is_some_and(|known| known.status == status) {
        return Ok(());
    }
    let known = rows::update(conn, id, &status, act.stamp())? || !insert(conn, act, id, &status)?;
    let action = if known { "application.update" } else { "application.create" };
    let detail = json!({
        "organization_id": status.organization_id, "disabled": status.disabled, "expires_at": status.expires_at,
    });
    Ok(act.record(conn, action, id.as_str(), Some(detail))?)
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
/// until they expire (§3.6 rule 3). Whether there was one.
///
/// # Errors
/// Those of the database.
pub fn delete(conn: &mut DbConn, act: &Act, id: &ApplicationId) -> Result<bool, IdentityError> {
    // Families are started under the same lock, shared: each is either seen here, or sees that the row is gone.
    Lock::Revocations.take(conn)?;
    let known = rows::delete(conn, id)?;
    let ended = refresh::end_with_application(conn, id.as_str())?;
    if known || ended > 0 {
        act.record(conn, "application.delete", id.as_str(), Some(json!({ "refresh_tokens": ended })))?;
    }
    Ok(known)
}
