//! `tessera user`

use clap::{Args, Subcommand};

use super::{AccountTokenCommand, AppPasswordCommand, OtpCommand};

/// `tessera user …`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create an account
    Create(CreateUser),
    /// List the accounts
    List,
    /// Set an account's password, read from standard input or asked for
    SetPassword {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Refuse an account and every session it has
    Disable {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Accept a disabled account again
    Enable {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Let an account in again that too many wrong passwords or codes have locked
    Unlock {
        /// Login, e-mail, id or number of the account
        account: String,
    },
    /// Work with the second factors of accounts
    #[command(subcommand)]
    Otp(OtpCommand),
    /// Work with the app passwords of accounts
    #[command(subcommand)]
    AppPassword(AppPasswordCommand),
    /// Work with the account tokens of the bases API
    #[command(subcommand)]
    Token(AccountTokenCommand),
}

/// `tessera user create`.
#[derive(Debug, Args)]
pub(crate) struct CreateUser {
    /// The name to sign in with
    #[arg(long)]
    pub(crate) login: String,
    /// The e-mail address, unique whatever its letter case
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// Given name
    #[arg(long)]
    pub(crate) given_name: Option<String>,
    /// Family name
    #[arg(long)]
    pub(crate) family_name: Option<String>,
    /// The organisation it belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// The role it has there [default: CUSTOMER]
    #[arg(long, value_name = "ROLE", requires = "organization")]
    pub(crate) organization_role: Option<String>,
    /// A service it works in (repeatable), the first one first of all
    #[arg(long = "service", value_name = "ID")]
    pub(crate) services: Vec<String>,
    /// A territory it administers (repeatable)
    #[arg(long = "territory", value_name = "ID")]
    pub(crate) territories: Vec<String>,
    /// A platform role (repeatable), such as `AGENT`
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Read a password from standard input, or ask for it on a terminal
    #[arg(long)]
    pub(crate) password: bool,
}
