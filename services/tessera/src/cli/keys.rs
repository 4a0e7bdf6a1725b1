//! `tessera keys` and `tessera config`

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Replace the master keys of the directory and of bases, while nothing runs on them
    Rekey(Rekey),
}

/// `tessera keys rekey`. Whoever was interrupted says it again.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Rekey {
    /// The directory's new master key; made there when nothing is there
    #[arg(long, value_name = "FILE")]
    pub(crate) new_master_key_file: Option<PathBuf>,
    /// The new master key of bases; made there when nothing is there
    #[arg(long, value_name = "FILE")]
    pub(crate) new_bases_master_key_file: Option<PathBuf>,
}

/// `tessera config …`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the effective settings, secrets masked
    Show,
    /// Print every setting of every binary, with its default, as Markdown
    Reference,
}
