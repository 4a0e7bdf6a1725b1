//! Tokens that end, or become refused for good, because something is revoked.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use store::{DbConn, StoreError};
use uuid::Uuid;

use super::rows;
use crate::revocations::Revocation;

/// How many tokens an account has: one or none.
pub(crate) fn count(conn: &mut DbConn, account: &str) -> Result<usize, StoreError> {
    Ok(usize::from(rows::sid(conn, account)?.is_some()))
}

/// Ends the tokens that a revocation hits, and returns the revocations that this entails.
///
/// A disabled account keeps its token, which is refused until it is enabled, and a change of password keeps it
/// (contracts/seatable-tokens.md §3). The token of a deleted account is remembered as such. The end of its session alone is
/// not its own: whoever exchanged it may say that what came of it is over, and the token is everybody's.
pub(crate) fn end(conn: &mut DbConn, revocation: &Revocation) -> Result<Vec<Revocation>, StoreError> {
    let Revocation { kind, value, reason, issued_before, .. } = revocation;
    match (kind, reason) {
        (RevocationKind::Sid, _) => rows::renew(conn, value, &Uuid::new_v4().to_string())?,
        (RevocationKind::Sub, RevocationReason::AccountDeleted) => rows::bury(conn, value, *issued_before)?,
        (RevocationKind::Sub, reason) if ends_credentials(*reason) => {
            if let Some(sid) = rows::sid(conn, value)? {
                rows::delete(conn, &sid)?;
                return Ok(vec![Revocation::of_session(sid, *reason, *issued_before)]);
            }
        }
        (
            RevocationKind::Sub
            | RevocationKind::Jti
            | RevocationKind::Client
            | RevocationKind::Service
            | RevocationKind::Unknown,
            _,
        ) => {}
    }
    Ok(Vec::new())
}

/// Whether somebody who revokes all that an account has, for this reason, means what it signs in with beside its password
/// as well.
pub(crate) const fn ends_credentials(reason: RevocationReason) -> bool {
    match reason {
        RevocationReason::Revoked | RevocationReason::SignedOut | RevocationReason::ReuseDetected => true,
        RevocationReason::PasswordChanged
        | RevocationReason::AccountDisabled
        | RevocationReason::AccountDeleted
        | RevocationReason::ClientDisabled
        | RevocationReason::ClientDeleted
        | RevocationReason::ServiceDisabled
        | RevocationReason::Unknown => false,
    }
}
