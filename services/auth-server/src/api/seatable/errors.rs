//! How failures of the directory are told in this dialect, and what audit and metrics call them.

use identity::IdentityError;
use seatable_dialect::SeaTableError;

/// The directory could not be asked, or failed. `SeaTableError` logs the cause, where it is told one.
pub(super) fn failed(error: IdentityError) -> SeaTableError {
    match error {
        IdentityError::Store(error) => SeaTableError::Store(error),
        error if error.is_unavailable() => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the directory is unavailable");
            SeaTableError::Unavailable
        }
        error => SeaTableError::internal(error),
    }
}

/// The outcome in metrics, of whatever no credentials were looked at for: a bounded label.
pub(super) const fn outcome(error: &SeaTableError) -> &'static str {
    match error {
        SeaTableError::Throttled { .. } => "throttled",
        SeaTableError::Unavailable | SeaTableError::Disabled | SeaTableError::Store(_) => {
            "temporarily_unavailable"
        }
        SeaTableError::Internal(_) => "server_error",
        SeaTableError::Detail { .. }
        | SeaTableError::ErrorMsg { .. }
        | SeaTableError::Fields(_)
        | SeaTableError::MethodNotAllowed { .. } => "invalid_request",
    }
}
