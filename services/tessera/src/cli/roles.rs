//! `tessera role`

use clap::{Args, Subcommand};

/// `tessera role …`.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Give an account a role in an organisation, in place of the one it has there, or a territory to administer
    Grant {
        /// Login, e-mail, id or number of the account
        account: String,
        /// In the organisation: `basic`, `admin`, `intervenant`, or a platform role such as `SUPERVISOR`
        #[arg(
            long,
            value_name = "ROLE",
            required_unless_present = "territory",
            conflicts_with = "territory"
        )]
        role: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Take an account's role in an organisation or its territory away
    Revoke {
        /// Login, e-mail, id or number of the account
        account: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Where a role is held.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// In this organisation, named by its id
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// In this territory and all its organisations, named by its id
    #[arg(long, value_name = "ID")]
    pub(crate) territory: Option<String>,
}
