//! The command line: names, flags and their help, one file for each family. What a command does is in `commands/`.

mod applications;
mod audit;
mod bases;
mod clients;
mod credentials;
mod keeping;
mod keys;
mod organizations;
mod otp;
mod revoking;
mod roles;
mod serving;
mod users;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::{
    applications::{ApplicationCommand, ApplicationState, CreateApplication, Switch},
    audit::{AuditCommand, ListAudit, Narrowed, VerifyAudit},
    bases::{BaseCommand, ListBases},
    clients::{ClientCommand, ClientKindArg, CreateClient},
    credentials::{AccountTokenCommand, AppPasswordCommand},
    keeping::{Backup, Restore},
    keys::{ConfigCommand, KeysCommand, Rekey},
    organizations::{AboutOrganization, OrganizationCommand, ServiceCommand, TerritoryCommand},
    otp::OtpCommand,
    revoking::{Revoke, Whose},
    roles::{Place, RoleCommand},
    serving::{Apply, Healthcheck, Migrate, Serve},
    users::{CreateUser, UserCommand},
};

/// One authorization platform for five API dialects.
#[derive(Debug, Parser)]
#[command(name = "tessera", version, about, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Settings file (TOML); without it /etc/tessera/tessera.toml is read when it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of the embedded databases and the master key [default: ./tessera-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Answer as JSON, for scripts
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What the operator asks for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run every service in one process
    Serve(Serve),
    /// Make the directory match a bootstrap file
    Apply(Apply),
    /// Work with OAuth clients
    #[command(subcommand)]
    Client(ClientCommand),
    /// Work with applications of organisations
    #[command(subcommand)]
    Application(ApplicationCommand),
    /// Work with bases
    #[command(subcommand)]
    Base(BaseCommand),
    /// Work with accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Work with organisations
    #[command(subcommand, name = "org")]
    Organization(OrganizationCommand),
    /// Work with services, the departments of agents
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Work with territories, which group organisations
    #[command(subcommand)]
    Territory(TerritoryCommand),
    /// Grant and revoke what accounts may do in organisations and territories
    #[command(subcommand)]
    Role(RoleCommand),
    /// End sessions and tokens of many at once: after an incident
    Revoke(Revoke),
    /// Look at the audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Work with the signing keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Copy the embedded databases, beside a running server
    Backup(Backup),
    /// Put the databases of a backup into the data directory, while nothing runs on it
    Restore(Restore),
    /// Bring the databases to this version's schema
    Migrate(Migrate),
    /// Ask a running server whether it is ready; exit 0 when it is
    Healthcheck(Healthcheck),
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Write the OpenAPI document of each service
    #[command(hide = true)]
    Openapi {
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

/// A duration in the settings' own notation, such as `90s` or `24h`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_has_no_contradictions() {
        Cli::command().debug_assert();
    }
}
