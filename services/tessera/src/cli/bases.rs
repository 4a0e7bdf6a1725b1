//! `tessera base`

use clap::{Args, Subcommand};
use uuid::Uuid;

/// `tessera base …`.
#[derive(Debug, Subcommand)]
pub(crate) enum BaseCommand {
    /// List bases by their age
    List(ListBases),
    /// Take a base out of the trash; its API-Tokens and links work again
    Restore {
        /// The base's UUID
        uuid: Uuid,
        /// Call it this from now on, since another base of the workspace has its name
        #[arg(long)]
        name: Option<String>,
    },
}

/// `tessera base list`.
#[derive(Debug, Args)]
pub(crate) struct ListBases {
    /// Those in the trash, with the day they are removed for good
    #[arg(long)]
    pub(crate) trash: bool,
    /// Only those of this workspace
    #[arg(long, value_name = "NUMBER")]
    pub(crate) workspace: Option<i64>,
}
