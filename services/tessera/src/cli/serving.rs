//! Running the services and looking after them: `serve`, `apply`, `migrate`, `healthcheck`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::duration;

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

/// `tessera migrate`.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Folder with identity.sql, applications.sql, bases.sql and rooms.sql, which grant the services' database roles what
    /// they need; each is run after the migrations of its database, in one transaction (PostgreSQL)
    #[arg(long, value_name = "DIR")]
    pub(crate) grants: Option<PathBuf>,
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
