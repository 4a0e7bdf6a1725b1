//! Why something is not done to an application that the caller may or may not know of.

use super::config::MissingEntry;
use super::id::NotAnId;

/// Why a request is refused; each displays the sentence that the client gets. `contracts/auvious-applications.md` §8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such application, or none within the caller's reach: nobody can tell which.
    #[error("Application not found")]
    Unknown,
    /// The caller may see it, but not do this.
    #[error("Access is denied")]
    Forbidden,
    /// The configuration lacks an entry.
    #[error(transparent)]
    Config(#[from] MissingEntry),
    /// A given id is none.
    #[error(transparent)]
    Id(#[from] NotAnId),
    /// The caller belongs to no organisation, and names none.
    #[error("organizationId is required")]
    NoOrganization,
    /// Somebody was faster.
    #[error("Application version does not match")]
    VersionMismatch,
    /// An application has this id, of whatever organisation.
    #[error("Application id already exists")]
    IdTaken,
}
