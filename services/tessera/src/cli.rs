//! The command line: names, flags and their help. What a command does is in `commands/`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Work with accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Work with the signing keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the databases to this version's schema
    Migrate,
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

/// `tessera serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Public listener [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Management listener: /livez, /readyz, /metrics [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDR")]
    pub(crate) management: Option<SocketAddr>,
    /// Bootstrap file to apply before serving
    #[arg(long, value_name = "FILE")]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Load the demo directory: its secrets are public, so never use it for anything real
    #[arg(long)]
    pub(crate) demo: bool,
}

/// `tessera apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The bootstrap file (YAML); `-` reads standard input
    pub(crate) file: PathBuf,
    /// Print the plan and change nothing; exit 5 when there is anything to change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also remove what an earlier bootstrap file declared and this one does not
    #[arg(long)]
    pub(crate) prune: bool,
    /// Accept weak and well-known secrets, and mark the database as a demo
    #[arg(long)]
    pub(crate) demo: bool,
}

/// The kinds of OAuth client that can be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientKindArg {
    /// A back end that acts for itself
    Service,
    /// An application of the Meet external API, which acts for people
    Application,
    /// A client that cannot keep a secret
    Public,
}

/// `tessera client …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register a client; its secret is shown once
    Create(Box<CreateClient>),
    /// List the clients
    List,
    /// Show one client
    Show {
        /// The client's id
        client_id: String,
    },
    /// Give a client a new secret; the old one works until --keep-old has passed
    RotateSecret {
        /// The client's id
        client_id: String,
        /// How long the old secret stays valid, such as `0s`, `24h`
        #[arg(long, default_value = "24h", value_name = "DURATION", value_parser = duration)]
        keep_old: std::time::Duration,
    },
    /// Refuse a client and every token it holds
    Disable {
        /// The client's id
        client_id: String,
    },
    /// Accept a disabled client again
    Enable {
        /// The client's id
        client_id: String,
    },
}

/// `tessera client create`.
#[derive(Debug, Args)]
pub(crate) struct CreateClient {
    /// The client's id; made up when left out
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// A name for people
    #[arg(long)]
    pub(crate) name: String,
    /// What kind of client it is
    #[arg(long, value_enum, default_value = "service")]
    pub(crate) kind: ClientKindArg,
    /// A scope it may ask for (repeatable)
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// A scope it gets when it asks for none (repeatable)
    #[arg(long = "default-scope", value_name = "SCOPE")]
    pub(crate) default_scopes: Vec<String>,
    /// A grant it may use (repeatable), such as `client_credentials`
    #[arg(long = "grant", value_name = "GRANT")]
    pub(crate) grants: Vec<String>,
    /// An audience its tokens may name (repeatable), such as `rooms`
    #[arg(long = "audience", value_name = "AUDIENCE")]
    pub(crate) audiences: Vec<String>,
    /// An e-mail domain that it may act for (repeatable); none means any
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub(crate) domains: Vec<String>,
    /// The organisation it belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) organization: Option<String>,
    /// A platform role (repeatable), such as `SERVICE`
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// A permission string for its claims (repeatable)
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub(crate) permissions: Vec<String>,
}

/// `tessera user …`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create an account
    Create(CreateUser),
    /// List the accounts
    List,
    /// Set an account's password, read from standard input or asked for
    SetPassword {
        /// Login, e-mail or id of the account
        account: String,
    },
    /// Refuse an account and every session it has
    Disable {
        /// Login, e-mail or id of the account
        account: String,
    },
    /// Accept a disabled account again
    Enable {
        /// Login, e-mail or id of the account
        account: String,
    },
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
    /// A platform role (repeatable), such as `AGENT`
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Read a password from standard input, or ask for it on a terminal
    #[arg(long)]
    pub(crate) password: bool,
}

/// `tessera keys …`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the signing keys and when each signs
    List,
    /// Make the next signing key; it is published before it signs
    Rotate {
        /// Sign with it at once; services fetch it when they first meet it. Old tokens live on
        #[arg(long)]
        now: bool,
        /// Sign with it at once and withdraw every older key: for a key that may have leaked. Old tokens die
        #[arg(long, conflicts_with = "now")]
        withdraw: bool,
    },
}

/// `tessera config …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the effective settings, secrets masked
    Show,
}

/// `tessera healthcheck`.
#[derive(Debug, Args)]
pub(crate) struct Healthcheck {
    /// Address of the management listener [default: the one in the settings]
    #[arg(long, value_name = "ADDR")]
    pub(crate) management: Option<SocketAddr>,
    /// How long to wait for the answer
    #[arg(long, default_value = "3s", value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: std::time::Duration,
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
