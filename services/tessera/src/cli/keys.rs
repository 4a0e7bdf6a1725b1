//! `tessera keys` and `tessera config`

use clap::Subcommand;

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
    /// Print every setting of every binary, with its default, as Markdown
    Reference,
}
