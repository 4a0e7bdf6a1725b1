//! Sessions that end because something else does: their account's password or standing, or a revocation by their id.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use diesel::prelude::*;
use diesel::sql_types::Text;
use store::{DbConn, StoreError};

use super::rows;
use crate::revocations::Revocation;

/// Waits until nobody else signs in to this account, changes it or revokes what it has; until the end of the
/// transaction nobody does. On SQLite a write transaction is alone anyway.
///
/// It comes before the lock of revocations, because whoever changes an account and then revokes takes them in this
/// order.
pub(crate) fn hold(conn: &mut DbConn, account: &str) -> Result<(), StoreError> {
    if let DbConn::Pg(conn) = conn {
        diesel::sql_query("SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE")
            .bind::<Text, _>(account)
            .execute(conn)?;
    }
    Ok(())
}

/// How many sessions an account has.
pub(crate) fn count(conn: &mut DbConn, account: &str) -> Result<usize, StoreError> {
    Ok(rows::sids(conn, account, None)?.len())
}

/// Ends the sessions that a revocation hits, except `kept`, and returns the revocations that this entails: a token
/// that is being signed for such a session right now may be dated after the revocation of its account.
pub(crate) fn end(
    conn: &mut DbConn,
    revocation: &Revocation,
    kept: Option<&str>,
) -> Result<Vec<Revocation>, StoreError> {
    let Revocation { kind, value, reason, issued_before, .. } = revocation;
    match kind {
        RevocationKind::Jti | RevocationKind::Client | RevocationKind::Service | RevocationKind::Unknown => {
            Ok(Vec::new())
        }
        RevocationKind::Sid => rows::delete(conn, value).map(|_| Vec::new()),
        RevocationKind::Sub => {
            // Sessions have no states: one that has ended does not come back with its account.
            let reason = if reason.is_state() { RevocationReason::Revoked } else { *reason };
            let mut entailed = Vec::new();
            for sid in rows::sids(conn, value, kept)? {
                rows::delete(conn, &sid)?;
                entailed.push(Revocation::of_session(sid, reason, *issued_before));
            }
            Ok(entailed)
        }
    }
}
