//! How a command ends when it does not succeed: one sentence, and an exit status that a script can tell apart.

use std::process::ExitCode;

use applications::app::AppError;
use applications::domain::refusal::Refusal;
use applications::store::lists::NoPage;
use auth_client::applications::RegistryError;
use bootstrap::Syntax;
use identity::bootstrap::BootstrapError;
use identity::errors::IdentityError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The settings or the arguments are wrong. Exit status 2, as clap's own.
    #[error("{0}")]
    Usage(String),
    /// What was named does not exist. Exit status 3.
    #[error("{0}")]
    NotFound(String),
    /// The change is against a rule: taken id, unknown scope, weak secret. Exit status 4.
    #[error("{0}")]
    Refused(String),
    /// `apply --dry-run` found something to change. Exit status 5.
    #[error("the directory differs from the file: {0} to change")]
    Drift(usize),
    /// The server does not answer, or is not ready. Exit status 6.
    #[error("{0}")]
    NotReady(String),
    /// `audit verify` found something that is not as it was sealed. Exit status 7.
    #[error("the audit trail is not as it was sealed (faults: {0})")]
    Tampered(u64),
    /// Everything else. Exit status 1.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// The exit status; `tessera --help` and proto-docs/operations.md list them.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Refused(_) => 4,
            Self::Drift(_) => 5,
            Self::NotReady(_) => 6,
            Self::Tampered(_) => 7,
        })
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Unknown(_) => Self::NotFound(error.to_string()),
            IdentityError::Invalid(_)
            | IdentityError::Taken(_)
            | IdentityError::InUse(_)
            | IdentityError::DemoDatabase
            | IdentityError::ForeignMasterKey
            | IdentityError::Password(_) => Self::Refused(error.to_string()),
            other => Self::Other(other.into()),
        }
    }
}

impl From<BootstrapError> for Failure {
    fn from(error: BootstrapError) -> Self {
        match error {
            BootstrapError::Failed(error) => error.into(),
            BootstrapError::Syntax(_) | BootstrapError::Invalid(_) => Self::Refused(error.to_string()),
        }
    }
}

impl From<Syntax> for Failure {
    fn from(error: Syntax) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<NoPage> for Failure {
    fn from(error: NoPage) -> Self {
        Self::Other(error.into())
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(Refusal::Unknown) => Self::NotFound(error.to_string()),
            AppError::Refused(_) | AppError::Registry(RegistryError::Refused(_)) => {
                Self::Refused(error.to_string())
            }
            AppError::Registry(RegistryError::Unconfirmed(_)) | AppError::Store(_) => {
                Self::Other(error.into())
            }
        }
    }
}

impl From<applications::bootstrap::BootstrapError> for Failure {
    fn from(error: applications::bootstrap::BootstrapError) -> Self {
        use applications::bootstrap::BootstrapError as E;
        match error {
            E::Failed(error) => error.into(),
            E::Syntax(_) | E::Invalid(_) => Self::Refused(error.to_string()),
        }
    }
}
