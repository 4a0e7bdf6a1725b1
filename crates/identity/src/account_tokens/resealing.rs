//! Tokens, sealed with another key.

use store::{DbConn, StoreError};
use token_signing::Sealer;

use super::facade::purpose;
use super::rows;

/// So many are in memory at once.
const BATCH: i64 = 500;

/// Seals every token anew, those of deleted accounts included, and returns how many there are.
pub(crate) fn reseal(conn: &mut DbConn, old: &Sealer, new: &Sealer) -> Result<usize, StoreError> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let rows = rows::list_sealed(conn, &after, BATCH)?;
        let Some((last, _)) = rows.last() else { return Ok(count) };
        after.clone_from(last);
        count += rows.len();
        for (account, sealed) in &rows {
            let sealed = old.reseal(sealed, &purpose(account), new);
            let sealed = sealed.map_err(|error| StoreError::corrupt("account_tokens.sealed", error))?;
            rows::replace_sealed(conn, account, &sealed)?;
        }
    }
}
