//! Why somebody is not signed in.

use crate::errors::IdentityError;
use crate::throttle::Throttled;

/// Why somebody is not signed in by password.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// No such account, no password on it, or another password: told apart by nobody.
    #[error("bad credentials")]
    BadCredentials,
    /// The password is right and the account disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The password is right, and the account needs a code that was not shown.
    #[error("a second factor is required")]
    OtpRequired,
    /// The password is right, and the code is wrong or used up.
    #[error("the second factor is not valid")]
    OtpInvalid,
    /// Too many wrong passwords, or codes: this one was not even looked at.
    #[error("too many failed attempts, try again in {retry_after} seconds")]
    Throttled {
        /// Whole seconds, at least one.
        retry_after: u64,
    },
    /// It could not be found out.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<Throttled> for SignInRefusal {
    fn from(Throttled { retry_after }: Throttled) -> Self {
        Self::Throttled { retry_after }
    }
}

impl SignInRefusal {
    /// A word for audit and metrics.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Disabled => "disabled",
            Self::OtpRequired => "otp_required",
            Self::OtpInvalid => "otp_invalid",
            Self::Throttled { .. } => "throttled",
            Self::Failed(_) => "failed",
        }
    }
}
