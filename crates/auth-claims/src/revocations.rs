//! What was revoked, as every service knows it: entries, the feed they come from, and the index tokens are checked
//! against.
//!
//! | an entry's reason | hits | ends |
//! | --- | --- | --- |
//! | a moment: `signed_out` `revoked` `reuse_detected` `password_changed` | tokens with `iat` ≤ `issued_before` | at `expires_at`, when the last such token is dead |
//! | a state: `account_disabled` `client_disabled` | every token of the account or client | with an entry that is `lifted` |
//! | a final state: `account_deleted` `client_deleted` | every token of the account or client | with an entry that is `lifted`, or at `expires_at` |
//! | a state of a service: `service_disabled` | everybody at that service but administrators | with an entry that is `lifted` |
//!
//! One name can be under both a moment and a state; lifting the state leaves the moment.
//!
//! A feed may come from a later version. An entry of a kind that nobody here knows is passed over; one for a reason that
//! nobody here knows counts as a moment, so that what it names is rather refused too much than too little.

mod follower;
mod index;

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use self::follower::{FeedHealth, FeedLost, Follower, FollowerSettings, LONGEST_SILENCE};
pub use self::index::RevocationIndex;
pub use crate::source::SourceError;

/// What an entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationKind {
    /// One token.
    Jti,
    /// A session, with all tokens that came from it.
    Sid,
    /// An account.
    Sub,
    /// A client.
    Client,
    /// A service of the platform, by its id among the apps. No token is revoked by it.
    Service,
    /// Something that only a later version knows.
    #[serde(other)]
    Unknown,
}

impl RevocationKind {
    /// Every kind that is written.
    pub const ALL: [Self; 5] = [Self::Jti, Self::Sid, Self::Sub, Self::Client, Self::Service];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jti => "jti",
            Self::Sid => "sid",
            Self::Sub => "sub",
            Self::Client => "client",
            Self::Service => "service",
            Self::Unknown => "unknown",
        }
    }
}

/// Why something was revoked, so that a service can answer in its dialect's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// The user signed out.
    SignedOut,
    /// Somebody revoked the token or session.
    Revoked,
    /// A refresh token was used twice.
    ReuseDetected,
    /// The account is disabled.
    AccountDisabled,
    /// The account is gone.
    AccountDeleted,
    /// The password was changed.
    PasswordChanged,
    /// The client is disabled.
    ClientDisabled,
    /// The client is gone.
    ClientDeleted,
    /// The service is switched off for everybody but administrators.
    ServiceDisabled,
    /// Something that only a later version knows.
    #[serde(other)]
    Unknown,
}

impl RevocationReason {
    /// Every reason that is written.
    pub const ALL: [Self; 9] = [
        Self::SignedOut,
        Self::Revoked,
        Self::ReuseDetected,
        Self::AccountDisabled,
        Self::AccountDeleted,
        Self::PasswordChanged,
        Self::ClientDisabled,
        Self::ClientDeleted,
        Self::ServiceDisabled,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::ReuseDetected => "reuse_detected",
            Self::AccountDisabled => "account_disabled",
            Self::AccountDeleted => "account_deleted",
            Self::PasswordChanged => "password_changed",
            Self::ClientDisabled => "client_disabled",
            Self::ClientDeleted => "client_deleted",
            Self::ServiceDisabled => "service_disabled",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it tells of a state that lasts, and hits every token until it is lifted.
    #[must_use]
    pub const fn is_state(self) -> bool {
        matches!(
            self,
            Self::AccountDisabled
                | Self::AccountDeleted
                | Self::ClientDisabled
                | Self::ClientDeleted
                | Self::ServiceDisabled
        )
    }

    /// Whether that state cannot be left, so that no new token can follow it.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::AccountDeleted | Self::ClientDeleted)
    }
}

/// One line of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationEntry {
    /// Its place in the feed.
    pub seq: i64,
    /// What `value` names.
    pub kind: RevocationKind,
    /// The token id, session id, account, client or service.
    pub value: String,
    /// Hits tokens issued at this second or earlier.
    pub issued_before: i64,
    /// Why.
    pub reason: RevocationReason,
    /// From this second on no token is left that it could hit.
    pub expires_at: i64,
    /// Whether it ends the state it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lifted: bool,
}

/// Some lines of the feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationPage {
    /// What to ask after next.
    pub next: i64,
    /// The entries, by `seq`.
    pub entries: Vec<RevocationEntry>,
}

/// Where the feed comes from.
pub trait RevocationSource: Send + Sync + 'static {
    /// The entries after `seq`; waits up to `wait` while there are none, and answers at once when one arrives.
    fn after(&self, seq: i64, wait: Duration) -> BoxFuture<'_, Result<RevocationPage, SourceError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_wire_are_those_of_the_contract() {
        for reason in RevocationReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        for kind in RevocationKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn what_a_later_version_writes_can_be_read() {
        let page = r#"{"next": 9, "more": {}, "entries": [
            {"seq": 8, "kind": "galaxy", "value": "m31", "issued_before": 1, "reason": "signed_out", "expires_at": 2},
            {"seq": 9, "kind": "sid", "value": "s", "issued_before": 1, "reason": "moved", "expires_at": 2, "by": "x"}
        ]}"#;
        let page: RevocationPage = serde_json::from_str(page).unwrap();
        assert_eq!(page.next, 9);
        let read: Vec<_> = page.entries.iter().map(|entry| (entry.kind, entry.reason)).collect();
        let unknown = (RevocationKind::Unknown, RevocationReason::SignedOut);
        assert_eq!(read, [unknown, (RevocationKind::Sid, RevocationReason::Unknown)]);
        assert!(!RevocationReason::Unknown.is_state());
    }
}
