//! What can go wrong between a domain function and its database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why the database did not do what it was asked to. Never shows a connection string or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The settings do not name a usable database.
    #[error("database settings: {0}")]
    Settings(String),
    /// Nobody answers, or not in time: worth a 503 and another try later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Query(#[source] DieselError),
    /// A stored value is not one this program writes.
    #[error("stored {what} cannot be read: {reason}")]
    Corrupt {
        /// The column or the kind of value.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A migration failed; the ones before it stay applied on PostgreSQL, none of the run on SQLite.
    #[error("migration {version} of {component} failed: {reason}")]
    Migration {
        /// [`Migrations::name`](crate::Migrations::name).
        component: &'static str,
        /// The version that failed.
        version: String,
        /// What the database said.
        reason: String,
    },
    /// The closure panicked; its transaction is rolled back and its connection closed.
    #[error("a database operation panicked")]
    Panicked,
}

impl StoreError {
    /// A stored value that does not parse: `Scopes::from_str(&row.scopes).map_err(|e| StoreError::corrupt("scopes", e))`.
    pub fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt { what, reason: reason.to_string() }
    }

    /// The runtime ends before the work has begun.
    pub(crate) fn stopping() -> Self {
        Self::Unavailable("the program is stopping".to_owned())
    }

    /// Whether the request may succeed unchanged a little later (503): the database is unreachable, shutting down,
    /// out of connections, or somebody else held a lock for too long.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Query(error) => is_busy(error),
            _ => false,
        }
    }

    /// Whether a unique constraint refused the row. Constraint names exist on PostgreSQL only.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Query(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }

    /// Whether the connection it happened on is of no more use.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether running the whole transaction again is the answer: a serialization failure or a deadlock.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Query(error) if is_conflict(error))
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                info,
            ) => Self::Unavailable(format!("connection lost: {}", info.message().trim())),
            // A pooled connection to what was the primary before a fail-over. It is closed; the next may find the new one.
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            DieselError::BrokenTransactionManager => Self::Unavailable("connection lost".to_owned()),
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            other => Self::Query(other),
        }
    }
}

/// Lets [`Db::write`](crate::Db::write) see inside a domain error whether trying again is worth it.
pub trait StoreCause {
    /// The database's failure, when that is what this error is.
    fn store_error(&self) -> Option<&StoreError>;
}

impl StoreCause for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// diesel names no SQLSTATE for 40P01 and passes PostgreSQL's English sentence on.
fn is_conflict(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message() == "deadlock detected",
        _ => false,
    }
}

fn is_busy(error: &DieselError) -> bool {
    const BUSY: [&str; 7] = [
        "database is locked",
        "database or disk is full",
        "canceling statement due to lock timeout",
        "canceling statement due to statement timeout",
        "the database system is shutting down",
        "the database system is in recovery mode",
        "terminating connection due to",
    ];
    is_conflict(error)
        || matches!(error, DieselError::DatabaseError(DatabaseErrorKind::Unknown, info)
            if BUSY.iter().any(|start| info.message().starts_with(start)))
}
