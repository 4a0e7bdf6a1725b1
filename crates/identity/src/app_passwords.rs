//! App passwords: secrets beside the account's password, each for one program, each revoked by itself
//! (contracts/ocs-provisioning.md §3.1).
//!
//! | state | row | the secret | its sid |
//! | --- | --- | --- | --- |
//! | usable | yes | accepted | good |
//! | its account is disabled | yes | refused, and good again when the account is enabled | good; the account is revoked |
//! | a refresh token that it was exchanged for was revoked, or used twice | yes | accepted | revoked; it has another one |
//! | revoked | no | a wrong password | revoked |
//! | its account is deleted | no | a wrong password | the account is revoked |
//!
//! They are good where a program sends name and secret with every request, and nowhere else: no dialect opens a session
//! for one. They hold 125 random bits, so that a keyed hash is all that has to be computed, nobody can guess one, and no
//! second factor is asked for. A change of the account's password leaves them alone.

mod changes;
mod ending;
mod rows;
mod secret;
mod verify;

use chrono::{DateTime, Utc};

pub use changes::{list, revoke, revoke_all};
pub(crate) use ending::{count, end};
pub use secret::PlainAppPassword;
pub use verify::{BasicIdentity, CredentialSession};

use crate::accounts::AccountId;

/// An app password, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// Its id: a UUID v7.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// What it is for, as somebody has called it.
    pub name: String,
    /// The id of the session it stands for, in tokens, revocations and the audit trail. No secret.
    pub sid: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to about a minute; `None` before its first use.
    pub last_used_at: Option<DateTime<Utc>>,
}
