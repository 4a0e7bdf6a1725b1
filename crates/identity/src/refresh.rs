//! Refresh tokens: families whose token changes with every use (contracts/oauth2.md §3).
//!
//! A family is one sign-in at one client. Its row holds the number of the newest token, and tokens are derived from
//! family, number and a server key: nothing secret is stored, and the same successor can be given out again.
//!
//! | presented | the newest is | answer | the family then |
//! | --- | --- | --- | --- |
//! | n | n | n + 1 | at n + 1, by one conditional update |
//! | n − 1 | n, for less than the grace window | n again: its first delivery may have been lost | unchanged |
//! | n − 1 | n, for longer | refused | revoked, with its session |
//! | older | n | refused: n or a token before it was used, so two parties hold the family | revoked, with its session |
//! | any, by another client | any | refused | unchanged |
//! | any | any; revoked, expired, or account or client disabled | refused | unchanged |
//! | any | any; its application is disabled, expired or another organisation's | refused | unchanged |
//!
//! Of any number of concurrent presentations of one token, all within the window get the same successor. Refreshes
//! at the same time share a flush to disk, as all writes do.

mod attempt;
mod families;
mod judgement;
mod rotation;
mod token;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use auth_claims::revocations::RevocationReason;
use auth_claims::scopes::Scopes;
use chrono::{DateTime, Utc};
pub(crate) use families::{count_live, end_with_application, revoke_families};
use schemars::JsonSchema;
use serde::Deserialize;
use store::StoreError;
pub use token::PlainRefreshToken;
use uuid::Uuid;

use crate::accounts::{Account, AccountId};
use crate::applications::ApplicationRefusal;
use crate::clients::{Client, ClientId};
use crate::errors::IdentityError;
use crate::revocations::Feed;

/// How long refresh tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshSettings {
    /// How long the token just used still gives its successor, as long as that is unused. Default: 60s.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub grace: Duration,
    /// How long a family lives after sign-in, however often it is used. Default: 30d.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub absolute: Duration,
    /// How long a family lives without being used. Default: 14d.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub idle: Duration,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            grace: Duration::from_mins(1),
            absolute: Duration::from_hours(30 * 24),
            idle: Duration::from_hours(14 * 24),
        }
    }
}

/// What an `Identity` holds for this module and for the revocation feed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenState {
    pub(crate) feed: Feed,
    pub(crate) refresh: RefreshSettings,
}

/// Names a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FamilyId(Uuid);

impl fmt::Display for FamilyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for FamilyId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// A sign-in that is to be kept alive.
#[derive(Debug, Clone)]
pub struct NewFamily {
    /// Who gets the token. Nobody else can use it.
    pub client_id: ClientId,
    /// Who signed in.
    pub account_id: AccountId,
    /// The session its access tokens name.
    pub sid: String,
    /// What was granted.
    pub scope: Scopes,
    /// Whom its access tokens are meant for.
    pub audience: Vec<String>,
    /// The application it is bound to.
    pub application_id: Option<String>,
    /// When the user proved who they are.
    pub auth_time: DateTime<Utc>,
    /// How they proved it (RFC 8176).
    pub amr: Vec<String>,
    /// Before the credential it comes from was looked at. What was revoked since then stays revoked; a credential that
    /// has outlived an earlier revocation, as a device session does the password change it made, may begin a family.
    pub proven_at: DateTime<Utc>,
    /// The end of the session it belongs to, if that has one: the family ends with it.
    pub until: Option<DateTime<Utc>>,
}

/// A sign-in that is kept alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub id: FamilyId,
    /// Who may use it.
    pub client_id: ClientId,
    /// Who signed in.
    pub account_id: AccountId,
    /// The session its access tokens name.
    pub sid: String,
    /// What was granted.
    pub scope: Scopes,
    /// Whom its access tokens are meant for.
    pub audience: Vec<String>,
    /// The application it is bound to.
    pub application_id: Option<String>,
    /// When the user proved who they are.
    pub auth_time: DateTime<Utc>,
    /// How they proved it.
    pub amr: Vec<String>,
    /// The number of the newest token.
    pub generation: u32,
    /// Since when that token exists.
    pub rotated_at: DateTime<Utc>,
    /// When the family was started.
    pub created_at: DateTime<Utc>,
    /// When it ends, however often it is used.
    pub expires_at: DateTime<Utc>,
    /// Why it ended before.
    pub revoked: Option<RevocationReason>,
    /// Whether it ended with its application.
    pub application_deleted: bool,
}

/// What a refresh token was exchanged for.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The family, at its present number.
    pub family: Family,
    /// Who signed in: enabled.
    pub account: Account,
    /// Who presented the token: enabled.
    pub client: Client,
    /// The application this use of the token is bound to: by the family, its client or the request. It was looked at in
    /// the same transaction, and the account may authenticate through it.
    pub application_id: Option<String>,
    /// The successor.
    pub token: PlainRefreshToken,
    /// Taken before the transaction began. An access token issued with it as `iat` is hit by every revocation that
    /// comes after the rotation.
    pub issued_at: DateTime<Utc>,
}

/// What a refresh token names, and whether its client could use it now.
#[derive(Debug, Clone)]
pub struct FoundFamily {
    /// The family.
    pub family: Family,
    /// `Ok` when [`Identity::rotate`](crate::Identity::rotate) would give a successor.
    pub standing: Result<(), RefreshRefusal>,
}

/// Why a refresh token gives no successor, or none is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshRefusal {
    /// Not a value this server ever made.
    #[error("not a refresh token")]
    Malformed,
    /// The family is gone, or the database is older than the token.
    #[error("no such refresh token")]
    Unknown,
    /// It was issued to another client.
    #[error("the refresh token was issued to another client")]
    WrongClient,
    /// Too old, or unused for too long.
    #[error("the refresh token has expired")]
    Expired,
    /// Revoked before.
    #[error("the refresh token was revoked")]
    Revoked,
    /// Used before: the family is revoked now.
    #[error("the refresh token was used before")]
    Reused,
    /// The account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The account is gone.
    #[error("the account is gone")]
    AccountDeleted,
    /// The client is disabled or gone.
    #[error("the client is disabled")]
    ClientDisabled,
    /// Nobody, or not this account, authenticates through the application it is bound to.
    #[error(transparent)]
    Application(#[from] ApplicationRefusal),
}

/// Why a call about refresh tokens failed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] RefreshRefusal),
    /// The directory could not do it.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Identity(error.into())
    }
}
