//! The audit trail: who did what, through which client and dialect, on what, from where, and how it ended.
//!
//! Two ways in. What changes security state writes its row with [`insert`] in the transaction of the change, so that
//! neither exists without the other. Everything else goes through [`AuditTrail::record`], which never waits, and which
//! writes down only so many refusals of one kind. Tokens that are issued have [`AuditTrail::issued`]: under load those on
//! the same terms share a row, which lists them.
//! What is stored is sealed soon afterwards: see [`chain`]. Lists and their pages are [`listing`]'s.
//!
//! No field ever holds a secret; values come from requests, so each is cut to a bound and freed of control characters.

pub mod chain;
mod flood;
mod issued;
pub mod listing;
mod queue;
mod rows;
mod trail;

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use chrono::{DateTime, Utc};
pub use issued::TokenIssue;
pub use listing::{AuditFilter, list};
pub use rows::insert;
pub use trail::{AuditTrail, Unflushed};

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused, or did not work.
    Failure,
    /// It was asked for, by somebody known, and recorded before anything was decided.
    Received,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Received];

    /// The word it is stored and shown as.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Received => "received",
        }
    }
}

/// None of the three words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is success, failure or received")]
pub struct UnknownOutcome;

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(UnknownOutcome)
    }
}

/// On whose behalf something happens, and through what: the part of an event a request knows from its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The account or client that acts.
    pub actor: Option<String>,
    /// The client it acts through.
    pub client_id: Option<String>,
    /// The API dialect that was spoken.
    pub dialect: Option<String>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// The request's id, as in the logs.
    pub request_id: Option<String>,
}

/// One act. Made with [`AuditEvent::new`], refined by the methods that take and give it back.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What: `noun.verb`, such as `token.issue`.
    pub action: Cow<'static, str>,
    /// On whose behalf.
    pub origin: Origin,
    /// On what: an id.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What else helps to understand it.
    pub detail: Option<serde_json::Value>,
}

impl AuditEvent {
    /// A successful act.
    #[must_use]
    pub fn new(at: DateTime<Utc>, action: impl Into<Cow<'static, str>>, origin: &Origin) -> Self {
        Self {
            at,
            action: action.into(),
            origin: origin.clone(),
            target: None,
            outcome: Outcome::Success,
            detail: None,
        }
    }

    /// Names what it was done to.
    #[must_use]
    pub fn target(mut self, id: impl Into<String>) -> Self {
        self.target = Some(id.into());
        self
    }

    /// Says how it ended.
    #[must_use]
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// Adds what helps to understand it. Never a secret.
    #[must_use]
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(detail);
        self
    }
}
