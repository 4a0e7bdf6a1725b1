//! Account tokens: one opaque token for each account, the same at every sign-in (contracts/seatable-tokens.md §3).
//!
//! | state | row | the token | its sid |
//! | --- | --- | --- | --- |
//! | none yet, or revoked | no | unknown; the next sign-in makes a new one | revoked, if there was one |
//! | usable | yes | accepted | good |
//! | a refresh token that it was exchanged for was revoked, or used twice | yes | accepted | revoked; it has another one |
//! | its account is disabled | yes | refused, and good again when the account is enabled | good; the account is revoked |
//! | its account is deleted | for [`KEPT`], with `deleted_at` | refused, as that of a deleted account | the account is revoked |
//!
//! It never expires, and a change of password leaves it alone: only an administrator ends it, or the end of its account.
//! The contract has it given again at every sign-in, so that it is kept sealed, and not as a keyed hash alone. What is
//! exchanged for it belongs to a session with an id, the sid. Whoever revokes that session, as a client does with its refresh
//! token, ends what was exchanged; the token goes on under another one, for it is no client's to end.

mod ending;
mod facade;
mod giving;
mod resealing;
mod rows;
mod token;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use ending::{count, end, ends_credentials};
pub(crate) use resealing::reseal;
pub use token::PlainAccountToken;

use crate::accounts::Account;

/// How long the token of a deleted account is told from one that never was.
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// What may be told of an account's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountToken {
    /// The id of its session, in tokens, revocations and the audit trail. No secret.
    pub sid: String,
    /// When its account signed in for it.
    pub created_at: DateTime<Utc>,
}

/// What a text is that somebody presents as an account token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountTokenStanding {
    /// Nobody's token.
    Unknown,
    /// The token of an account that was deleted not long ago.
    Deleted,
    /// The token of an account that is disabled.
    Disabled(Account),
    /// The token of an account that may use it.
    Usable {
        /// Whose it is.
        account: Account,
        /// The id of the session that it stands for.
        sid: String,
        /// When its account signed in for it.
        created_at: DateTime<Utc>,
    },
}
