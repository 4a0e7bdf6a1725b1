//! Keeping what the embedded databases hold: `backup`, `restore`.

use std::path::PathBuf;

use clap::Args;

/// `tessera backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The folder to make; it must not be there yet
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Also copy the master keys: whoever has both can read every secret
    #[arg(long)]
    pub(crate) with_keys: bool,
}

/// `tessera restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder that `tessera backup` made
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Replace the databases that are in the data directory; they are moved into a folder beside the new ones
    #[arg(long)]
    pub(crate) replace: bool,
    /// Only judge the backup: whether it is complete, unchanged and sound
    #[arg(long, conflicts_with = "replace")]
    pub(crate) check: bool,
}
