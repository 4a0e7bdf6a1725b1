//! Finding whom and what an operation is about, by the parameters that name them.

use identity::accounts::{self, Account};
use identity::groups::{self, Group};
use ocs_dialect::OcsError;
use ocs_dialect::parameters::Parameters;
use ocs_dialect::path::decoded_again;
use store::{DbConn, StoreError};

/// The id of the user that a request is about.
///
/// # Errors
/// [`OcsError::BadParameter`].
pub fn user_id(parameters: &Parameters) -> Result<String, OcsError> {
    parameters.required("userId")
}

/// The id of the group that a request is about; some operations decode it twice (§2.3).
///
/// # Errors
/// [`OcsError::BadParameter`].
pub fn group_id_decoded_again(parameters: &Parameters) -> Result<String, OcsError> {
    Ok(decoded_again(&parameters.required("groupId")?))
}

/// The account of this user id.
///
/// # Errors
/// Those of the database.
pub fn user(conn: &mut DbConn, id: &str) -> Result<Option<Account>, StoreError> {
    accounts::find_by_login(conn, id)
}

/// The account of this user id, or the refusal where there is none.
///
/// # Errors
/// The refusal; those of the database.
pub fn user_or(conn: &mut DbConn, id: &str, refusal: impl FnOnce() -> OcsError) -> Result<Account, OcsError> {
    user(conn, id)?.ok_or_else(refusal)
}

/// The group of this id, or the refusal where there is none.
///
/// # Errors
/// The refusal; those of the database.
pub fn group_or(conn: &mut DbConn, id: &str, refusal: impl FnOnce() -> OcsError) -> Result<Group, OcsError> {
    groups::find(conn, id)?.ok_or_else(refusal)
}
