//! Why a change of details was not made.

use store::{StoreCause, StoreError};

use super::InvalidDetail;
use crate::errors::IdentityError;

/// Why a change of details was not made. Knows nothing of HTTP.
#[derive(Debug, thiserror::Error)]
pub enum DetailsError {
    /// The value does not do for this account.
    #[error(transparent)]
    Invalid(#[from] InvalidDetail),
    /// The directory failed, or has no such account or group.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<StoreError> for DetailsError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<diesel::result::Error> for DetailsError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreCause for DetailsError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Invalid(_) => None,
            Self::Failed(error) => error.store_error(),
        }
    }
}
