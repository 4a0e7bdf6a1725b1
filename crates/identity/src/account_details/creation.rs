//! Making an account with everything that belongs to it, in one transaction: nobody ever sees half of it.

use store::DbConn;

use super::{DetailsChange, DetailsError, change};
use crate::{
    accounts::{self, Account, CheckedProfile},
    act::Act,
    errors::IdentityError,
    groups,
    passwords::EncodedHash,
};

/// Somebody to be given an account.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// The account, with its groups.
    pub profile: CheckedProfile,
    /// What it signs in with.
    pub password: Option<EncodedHash>,
    /// Ids of the groups that it manages.
    pub subadmin_of: Vec<String>,
    /// What else there is to say of it.
    pub details: Vec<DetailsChange>,
}

/// Makes the account.
///
/// # Errors
/// Those of [`accounts::insert`], of [`groups::add_subadmin`] and of [`change()`]; nothing is left then, as the caller's
/// transaction ends with them.
pub fn create(conn: &mut DbConn, act: &Act, new: &NewPerson) -> Result<Account, DetailsError> {
    let account = accounts::insert(conn, act, &new.profile, new.password.as_ref())?;
    for group in &new.subadmin_of {
        groups::add_subadmin(conn, act, group, account.id)?;
    }
    for detail in &new.details {
        change(conn, act, account.id, detail)?;
    }
    Ok(accounts::find(conn, account.id)?.ok_or(IdentityError::Unknown("account"))?)
}
