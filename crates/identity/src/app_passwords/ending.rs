//! App passwords that end because something is revoked.

use auth_claims::revocations::RevocationKind;
use store::{DbConn, StoreError};
use uuid::Uuid;

use super::rows;
use crate::account_tokens::ends_credentials;
use crate::revocations::Revocation;

/// How many an account has.
pub(crate) fn count(conn: &mut DbConn, account: &str) -> Result<usize, StoreError> {
    Ok(rows::sids(conn, account)?.len())
}

/// Ends the app passwords that a revocation hits, and returns the revocations that this entails.
///
/// A disabled account keeps them, refused until it is enabled; a change of password keeps them. Those of a deleted account
/// go with its row. The end of a session alone ends none: whoever exchanged an app password may say that what came of it is
/// over, and the app password is its owner's.
pub(crate) fn end(conn: &mut DbConn, revocation: &Revocation) -> Result<Vec<Revocation>, StoreError> {
    let Revocation { kind, value, reason, issued_before, .. } = revocation;
    match kind {
        RevocationKind::Sid => rows::renew(conn, value, &Uuid::new_v4().to_string())?,
        RevocationKind::Sub if ends_credentials(*reason) => {
            let mut entailed = Vec::new();
            for sid in rows::sids(conn, value)? {
                rows::delete(conn, &sid)?;
                entailed.push(Revocation::of_session(sid, *reason, *issued_before));
            }
            return Ok(entailed);
        }
        RevocationKind::Sub
        | RevocationKind::Jti
        | RevocationKind::Client
        | RevocationKind::Service
        | RevocationKind::Unknown => {}
    }
    Ok(Vec::new())
}
