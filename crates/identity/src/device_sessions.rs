//! Device sessions: sign-ins that hold an opaque token for a fixed time (contracts/rdv-sign-in.md §3, §4, §8).
//!
//! A sign-in gives three values: a token, the id of the client (device) it was made for, and the uid, which is the
//! account's e-mail key and follows it. All three are presented again with every request; the token never changes.
//!
//! | state | row | the three values | its sid |
//! | --- | --- | --- | --- |
//! | live | yes, `expires_at` in the future | accepted, while the account is enabled | good |
//! | expired | until pruned or the next sign-in | refused | good: what was issued for it ended with it |
//! | evicted: a newer sign-in needed its place | no | refused | revoked |
//! | signed out | no | refused | revoked |
//! | ended: password changed, account disabled or deleted, session revoked | no | refused | revoked |
//!
//! A session is found by uid and client, never by its token, which is compared in constant time. What is stored of
//! client and token are keyed hashes, each under a key of its own (threat 4).

mod ending;
mod opening;
mod password;
mod presented;
mod rows;
mod settings;
mod token;

use chrono::{DateTime, Utc};
pub(crate) use ending::{count, end, hold};
pub use password::ChangeRefusal;
use secrecy::SecretString;
pub use settings::{DeviceSettings, LONGEST_LIFETIME};
pub use token::PlainDeviceToken;

use crate::accounts::Account;
use crate::agents::Level;

/// The three values of a session, as somebody presents them.
#[derive(Debug, Clone)]
pub struct DeviceCredential {
    /// The token.
    pub access_token: SecretString,
    /// The client id.
    pub client: String,
    /// The account's e-mail key, exactly.
    pub uid: String,
}

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSession {
    /// Its name in tokens, revocations and the audit trail. No secret.
    pub sid: String,
    /// Whose it is: enabled.
    pub account: Account,
    /// The client it was made for.
    pub client: String,
    /// When it ends: a whole second.
    pub expires_at: DateTime<Utc>,
    /// When its account signed in.
    pub created_at: DateTime<Utc>,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct OpenedSession {
    /// The session.
    pub session: DeviceSession,
    /// Its token, for the one answer it goes into.
    pub token: PlainDeviceToken,
}

/// Whether an account can have sessions of agents. Whoever belongs to no organisation can (contracts/rdv-sign-in.md §11.4,
/// agent i); whoever belongs to some must be an agent in one of them who signs in, which a customer and an intervenant
/// (§3.2) are not, or look after a territory.
fn is_agent(account: &Account) -> bool {
    let mut levels = account.organizations.iter().map(|membership| Level::of(membership.role));
    account.organizations.is_empty()
        || !account.territories.is_empty()
        || levels.any(|level| matches!(level, Some(Level::Basic | Level::Admin)))
}
