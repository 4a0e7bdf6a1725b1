//! Secrets of second factors, sealed with another key.

use store::{DbConn, StoreError};
use token_signing::Sealer;

use super::codes::purpose;
use super::rows;
use crate::accounts::AccountId;

/// So many are in memory at once.
const BATCH: i64 = 500;

/// Seals every secret anew, confirmed or not, and returns how many there are.
pub(crate) fn reseal(conn: &mut DbConn, old: &Sealer, new: &Sealer) -> Result<usize, StoreError> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let rows = rows::list_sealed(conn, &after, BATCH)?;
        let Some((last, _)) = rows.last() else { return Ok(count) };
        after.clone_from(last);
        count += rows.len();
        for (account, sealed) in &rows {
            let id: AccountId =
                account.parse().map_err(|error| StoreError::corrupt("account_otps.account_id", error))?;
            let sealed = old.reseal(sealed, &purpose(id), new);
            let sealed = sealed.map_err(|error| StoreError::corrupt("account_otps.sealed_secret", error))?;
            rows::replace_sealed(conn, account, &sealed)?;
        }
    }
}
