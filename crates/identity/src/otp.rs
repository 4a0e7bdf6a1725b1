//! Second factors: six digits of an app beside the password (TOTP, RFC 6238: SHA-1, 30 s), in every dialect.
//!
//! | state | row | a sign-in needs | commands |
//! | --- | --- | --- | --- |
//! | off | no | the password | enrol |
//! | enrolled: the secret was handed out, nobody has shown a code yet | `confirmed_at` empty | the password | enrol anew, confirm, disable |
//! | on | `confirmed_at` set | the password and a code, or the password on a trusted device | disable, recovery codes, recover |
//!
//! A code is good for the step it is of, the one before and the one after, and only once: `last_step` moves forward with
//! each accepted code by one conditional update, and no step up to it is good again. Guesses are counted for the account
//! ([`OtpSettings`]), so that however many are tried at once, and from wherever, no more are looked at.
//!
//! A dialect that has no way to ask for a code lets nobody in whose factor is on: there is one check, inside the check of
//! the password (threat 9).
//!
//! Recovery codes and trusted devices hang on the factor's row and go with it. Both are stored as keyed hashes under
//! sub-keys of their own (threat 4); a new password ends the trust in devices, too.

mod checking;
mod codes;
mod enrolment;
mod recovery;
mod resealing;
mod rows;
mod settings;
mod trusted;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use store::{StoreCause, StoreError};

pub(crate) use checking::{OtpChecks, Shown, Whence};
pub use codes::Enrolment;
pub use recovery::RecoveryCodes;
pub(crate) use resealing::reseal;
pub(crate) use rows::{forget_devices, is_on};
pub use settings::OtpSettings;
pub use trusted::PlainTrust;

use crate::errors::IdentityError;

/// What somebody shows beside the password. By default nothing.
#[derive(Clone, Debug, Default)]
pub struct SecondFactor {
    /// The code of the app, as it was typed.
    pub code: Option<SecretString>,
    /// The value of a trusted device. When it is good the code is not looked at.
    pub trusted_device: Option<SecretString>,
}

impl SecondFactor {
    /// A code of the app.
    #[must_use]
    pub fn code(code: impl Into<SecretString>) -> Self {
        Self { code: Some(code.into()), trusted_device: None }
    }

    /// The value of a trusted device.
    #[must_use]
    pub fn trusted_device(value: impl Into<SecretString>) -> Self {
        Self { code: None, trusted_device: Some(value.into()) }
    }
}

/// Which second factor a sign-in rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorShown {
    /// None: the account has no second factor.
    NotNeeded,
    /// A code, which is used up by it.
    Code,
    /// A trusted device.
    TrustedDevice,
}

/// How an account stands with its second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpStanding {
    /// Whether it is needed.
    pub state: OtpState,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
    /// Devices that need no code at present.
    pub trusted_devices: i64,
}

/// Whether a second factor is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtpState {
    /// No.
    Off,
    /// Not yet: nobody has shown a code of the secret that was handed out.
    Enrolled {
        /// When it was handed out.
        at: DateTime<Utc>,
    },
    /// Yes.
    On {
        /// Since when.
        since: DateTime<Utc>,
    },
}

/// Why a second factor is not changed.
#[derive(Debug, thiserror::Error)]
pub enum OtpRefusal {
    /// It is on already, and has to be switched off before there can be another.
    #[error("the second factor is on already")]
    AlreadyOn,
    /// There is none to confirm.
    #[error("no second factor was enrolled")]
    NotEnrolled,
    /// There is none.
    #[error("the second factor is not on")]
    NotOn,
    /// The code is not one that is good now.
    #[error("the code is not valid")]
    WrongCode,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<StoreError> for OtpRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreCause for OtpRefusal {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Failed(error) => error.store_error(),
            _ => None,
        }
    }
}
