//! `tessera user app-password` and `tessera user token`

use clap::Subcommand;

/// `tessera user app-password …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AppPasswordCommand {
    /// Make an app password and print it: good in place of the password for programs that send one with every request
    Create {
        /// Login, e-mail, id or number of the account
        account: String,
        /// What it is for
        #[arg(long)]
        name: String,
    },
    /// List the app passwords of an account
    List {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Refuse an app password, and end at once what it was exchanged for
    Revoke {
        /// Login, e-mail, id or number of the account
        account: String,
        /// The id of the app password
        id: String,
    },
}

/// `tessera user token …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountTokenCommand {
    /// Show whether an account has an account token; none is made
    Show {
        /// Login, e-mail, id or number of the account
        account: String,
        /// Print the token as well; the audit trail says so
        #[arg(long)]
        reveal: bool,
    },
    /// Refuse the account token, and end at once what it was exchanged for; the next sign-in makes another
    Revoke {
        /// Login, e-mail, id or number of the account
        account: String,
    },
}
