//! Everything that is sealed, opened with one key and sealed with another.

use diesel::connection::SimpleConnection as _;
use store::{DbConn, StoreError};
use token_signing::Sealer;

use super::Resealed;
use crate::{account_tokens, otp, signing_keys};

/// Keeps everybody from writing what is sealed until the end of the transaction. On SQLite it is alone anyway.
pub(super) fn hold(conn: &mut DbConn) -> Result<(), StoreError> {
    if let DbConn::Pg(conn) = conn {
        conn.batch_execute(
            "LOCK TABLE account_otps, account_tokens, signing_keys IN SHARE ROW EXCLUSIVE MODE",
        )?;
    }
    Ok(())
}

pub(super) fn all(conn: &mut DbConn, old: &Sealer, new: &Sealer) -> Result<Resealed, StoreError> {
    Ok(Resealed {
        signing_keys: signing_keys::reseal(conn, old, new)?,
        account_tokens: account_tokens::reseal(conn, old, new)?,
        otp_secrets: otp::reseal(conn, old, new)?,
    })
}
