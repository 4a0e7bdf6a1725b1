//! Accounts made for an e-mail address a client named (contracts/meet.md §4.5).

use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, on_backend};

use super::{Account, AccountId, EmailKey, InvalidEmail, find_by_email, schema::accounts};
use crate::{act::Act, errors::IdentityError};

/// Why there is no account for an e-mail address.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionRefusal {
    /// It is no address, or too long to be kept.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// Somebody else made the account at the same time and removed it again.
    #[error("the account was neither made nor found")]
    Lost,
    /// The directory failed.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

/// The account of this address, made if there is none; the flag tells whether it was.
///
/// Of two concurrent callers one makes the row, and the other gets it: the unique key decides, not a look before.
pub(super) fn provision(
    conn: &mut DbConn,
    act: &Act,
    email: &str,
    key: &EmailKey,
) -> Result<Option<(Account, bool)>, IdentityError> {
    if let Some(account) = find_by_email(conn, key)? {
        return Ok(Some((account, false)));
    }
    let id = AccountId::new(act.now()).to_string();
    let row = (
        accounts::id.eq(&id),
        // A name nobody can have chosen, until an administrator gives a better one.
        accounts::login.eq(&id),
        accounts::login_key.eq(&id),
        accounts::email.eq(email),
        accounts::email_key.eq(key.as_str()),
        accounts::roles.eq("[]"),
        accounts::provisional.eq(true),
        accounts::enabled.eq(true),
        accounts::created_at.eq(act.stamp()),
        accounts::updated_at.eq(act.stamp()),
    );
    let made = on_backend!(conn, |c| diesel::insert_into(accounts::table)
        .values(row)
        .on_conflict(accounts::email_key)
        .do_nothing()
        .execute(c))?
        == 1;
    if made {
        act.record(conn, "account.provision", &id, Some(json!({ "email": email })))?;
    }
    Ok(find_by_email(conn, key)?.map(|account| (account, made)))
}
