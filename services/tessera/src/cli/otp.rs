//! `tessera user otp`

use clap::Subcommand;

/// `tessera user otp …`.
#[derive(Debug, Subcommand)]
pub(crate) enum OtpCommand {
    /// Make a secret for an account and print it, for the person's authenticator app; it is asked for once it is confirmed
    Enrol {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Switch the second factor on with a code that the app shows, and print recovery codes
    Confirm {
        /// Login, e-mail, id or number of the account
        account: String,
        /// The six digits
        code: String,
    },
    /// Switch the second factor off; recovery codes and trusted devices are forgotten
    Disable {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Show whether the second factor is on, and what hangs on it
    Status {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Print new recovery codes; the old ones are no longer good
    RecoveryCodes {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Switch the second factor off for somebody who has a recovery code, read from standard input or asked for
    Recover {
        /// Login, e-mail, id or number of the account
        account: String,
    },
}
