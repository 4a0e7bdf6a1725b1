//! Changes to clients. Each writes its audit row, and the revocation it entails, in the caller's transaction.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError};

use super::{CheckedRegistration, Client, ClientId, find, rows::columns, schema::clients};
use crate::{
    act::Act,
    applications,
    client_secrets::{self, HashedSecret},
    errors::IdentityError,
    faults::Faults,
    organizations,
    revocations::{self, Revocation},
};

/// Registers a client.
pub(crate) fn insert(
    conn: &mut DbConn,
    act: &Act,
    id: &ClientId,
    registration: &CheckedRegistration,
    secret: Option<&HashedSecret>,
) -> Result<Client, IdentityError> {
    check_references(conn, registration, None)?;
    if find(conn, id)?.is_some() {
        return Err(IdentityError::Taken("client id"));
    }
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(id.as_str()),
            columns(registration)?,
            clients::enabled.eq(true),
            clients::created_at.eq(act.stamp()),
            clients::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "client id"))?;
    if let Some(secret) = secret {
        client_secrets::insert(conn, act.now(), id, secret, None)?;
    }
    // A client of this id may have been deleted: that state ends here, its tokens stay revoked.
    revocations::lift(conn, RevocationKind::Client, id.as_str(), act.now())?;
    let detail = json!({ "name": registration.registration.name, "kind": registration.kind.as_str() });
    act.record(conn, "client.create", id.as_str(), Some(detail))?;
    if !registration.registration.enabled {
        set_enabled(conn, act, id, false)?;
    }
    load(conn, id)
}

/// Gives a client this registration in place of its own. Its secrets stay.
pub(crate) fn update(
    conn: &mut DbConn,
    act: &Act,
    id: &ClientId,
    registration: &CheckedRegistration,
) -> Result<Client, IdentityError> {
    let known = load(conn, id)?;
    check_references(conn, registration, Some(&known))?;
    let changed = diesel::update(clients::table.find(id.as_str()))
        .set((columns(registration)?, clients::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        return Err(IdentityError::Unknown("client"));
    }
    act.record(conn, "client.update", id.as_str(), None)?;
    set_enabled(conn, act, id, registration.registration.enabled)
}

/// Enables or disables a client. While it is disabled, every token it has is revoked.
pub(super) fn set_enabled(
    conn: &mut DbConn,
    act: &Act,
    id: &ClientId,
    enabled: bool,
) -> Result<Client, IdentityError> {
    let other = clients::table.find(id.as_str()).filter(clients::enabled.ne(enabled));
    let changed = diesel::update(other)
        .set((clients::enabled.eq(enabled), clients::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        revocations::tells();
        return load(conn, id);
    }
    if enabled {
        revocations::lift(conn, RevocationKind::Client, id.as_str(), act.now())?;
    } else {
        revoke(conn, act, id, RevocationReason::ClientDisabled)?;
    }
    act.record(conn, if enabled { "client.enable" } else { "client.disable" }, id.as_str(), None)?;
    load(conn, id)
}

/// Gives a client another secret. The one before stays valid until `keep_until`, older ones go at once.
pub(crate) fn rotate(
    conn: &mut DbConn,
    act: &Act,
    id: &ClientId,
    secret: &HashedSecret,
    keep_until: Option<DateTime<Utc>>,
) -> Result<(), IdentityError> {
    // Takes the row's lock first: of two concurrent rotations the second one sees the first one's secret.
    let touched = diesel::update(clients::table.find(id.as_str()))
        .set(clients::updated_at.eq(act.stamp()))
        .execute(conn)?;
    if touched == 0 {
        return Err(IdentityError::Unknown("client"));
    }
    client_secrets::retire(conn, act.now(), id, keep_until)?;
    client_secrets::insert(conn, act.now(), id, secret, None)?;
    let detail = json!({ "previous_expires_at": keep_until.unwrap_or(act.now()) });
    Ok(act.record(conn, "client.rotate_secret", id.as_str(), Some(detail))?)
}

/// Revokes every token issued to a client so far; the client itself goes on.
pub(super) fn revoke_tokens(conn: &mut DbConn, act: &Act, id: &ClientId) -> Result<(), IdentityError> {
    revoke(conn, act, id, RevocationReason::Revoked)?;
    Ok(act.record(conn, "client.revoke_tokens", id.as_str(), None)?)
}

/// Removes a client with its secrets and refresh tokens, and revokes its tokens.
pub(crate) fn delete(conn: &mut DbConn, act: &Act, id: &ClientId) -> Result<(), IdentityError> {
    if diesel::delete(clients::table.find(id.as_str())).execute(conn)? == 0 {
        return Err(IdentityError::Unknown("client"));
    }
    revoke(conn, act, id, RevocationReason::ClientDeleted)?;
    Ok(act.record(conn, "client.delete", id.as_str(), None)?)
}

fn revoke(conn: &mut DbConn, act: &Act, id: &ClientId, reason: RevocationReason) -> Result<(), StoreError> {
    revocations::revoke(conn, &Revocation::of_client(id, reason, act.now())).map(|_| ())
}

fn load(conn: &mut DbConn, id: &ClientId) -> Result<Client, IdentityError> {
    find(conn, id)?.ok_or(IdentityError::Unknown("client"))
}

/// `known`: the client as it is registered so far. An application that was moved to another organisation since then is no
/// reason to refuse a change of something else.
fn check_references(
    conn: &mut DbConn,
    checked: &CheckedRegistration,
    known: Option<&Client>,
) -> Result<(), IdentityError> {
    let registration = &checked.registration;
    let mut faults = Faults::default();
    if let Some(organization) = &registration.organization_id
        && organizations::find(conn, organization)?.is_none()
    {
        faults.push("organization_id", "there is no such organization");
    }
    let bond = (&registration.application_id, &registration.organization_id, &registration.roles);
    let is_new =
        known.is_none_or(|known| bond != (&known.application_id, &known.organization_id, &known.roles));
    if let Some(application) = &registration.application_id
        && is_new
        // A front end of nobody in particular: of those who sign in through it the organisation is looked at.
        && registration.organization_id.is_some()
        && let Some(found) = applications::find(conn, application)?
        && !applications::may_reach(&found.status.organization_id, registration.into())
    {
        faults.push("application_id", "is another organization's application");
    }
    Ok(faults.into_result(())?)
}
