//! App passwords that end because something is revoked.

use auth_claims::revocations::RevocationKind;
use store::{DbConn, StoreError};

use super::rows;
use crate::account_tokens::ends_credentials;
use crate::revocations::Revocation;

/// Ends the app passwords that a revocation hits, and returns the revocations that this entails.
///
/// A disabled account keeps them, refused until it is enabled; a change of password keeps them. Those of a deleted account
/// go with its row.
pub(crate) fn end(conn: &mut DbConn, revocation: &Revocation) -> Result<Vec<Revocation>, StoreError> {
    let Revocation { kind, value, reason, issued_before, .. } = revocation;
    match kind {
        RevocationKind::Sid => rows::delete(conn, value)?,
        RevocationKind::Sub if ends_credentials(*reason) => {
            let mut entailed = Vec::new();
            for row in rows::list(conn, value)? {
                rows::delete(conn, &row.sid)?;
                entailed.push(Revocation::of_session(row.sid, *reason, *issued_before));
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
