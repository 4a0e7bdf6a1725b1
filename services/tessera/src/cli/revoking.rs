//! `tessera revoke`

use clap::Args;

/// `tessera revoke`: whose, and whether to count only.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// End app passwords, too; what was issued for them ends in any case
    #[arg(long, conflicts_with = "client")]
    pub(crate) app_passwords: bool,
    /// Count what would end, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// One of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whose {
    /// Of every account and every client
    #[arg(long)]
    pub(crate) everybody: bool,
    /// Of the members and the clients of this organisation
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// Of this client, whoever it acts for
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Of this account: its id, e-mail address, login or number
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
}
