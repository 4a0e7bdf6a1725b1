//! Why the directory did not do what it was asked to.

use store::{StoreCause, StoreError};

use crate::{faults::Faults, passwords::PasswordError};

/// Why an act on the directory failed. Knows nothing of HTTP; [`is_unavailable`](Self::is_unavailable) tells a 503
/// from the rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many passwords are being checked; worth a 503 or 429 with `Retry-After`.
    #[error("too many password checks are waiting")]
    Overloaded,
    /// A password or an imported hash is refused.
    #[error(transparent)]
    Password(PasswordError),
    /// The record breaks the rules for its kind.
    #[error("{0}")]
    Invalid(#[from] Faults),
    /// Something that must be unique belongs to another record.
    #[error("this {0} is taken")]
    Taken(&'static str),
    /// There is no record of this kind with that id.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// Something else still refers to the record.
    #[error("the {0} is still in use")]
    InUse(&'static str),
    /// The database holds demo data, whose secrets everybody knows.
    #[error(
        "this database holds the demo accounts and clients, whose secrets are public: say --demo, or set \
         TESSERA_DEMO=true, or take another database"
    )]
    DemoDatabase,
    /// The master key is not the one the database was made with.
    #[error(
        "the master key is not the one this database was made with: none of its secrets and tokens would be \
         recognised"
    )]
    ForeignMasterKey,
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
}

impl IdentityError {
    /// Whether the same call may succeed a little later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_unavailable(),
            Self::Overloaded | Self::Password(PasswordError::Unavailable) => true,
            _ => false,
        }
    }

    /// Names what a unique constraint protects; the look before the write missed a concurrent one.
    pub(crate) fn or_taken(error: StoreError, what: &'static str) -> Self {
        if error.is_unique_violation() { Self::Taken(what) } else { Self::Store(error) }
    }
}

impl From<PasswordError> for IdentityError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Overloaded => Self::Overloaded,
            other => Self::Password(other),
        }
    }
}

impl From<diesel::result::Error> for IdentityError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl StoreCause for IdentityError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
