//! How what a request costs grows with what is in the database.

use crate::server::Setup;

/// What is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}

/// Measures, and prints a table.
#[expect(clippy::unused_async, clippy::unnecessary_wraps, reason = "to come")]
pub(crate) async fn run(_options: &Options, _setup: &Setup) -> anyhow::Result<()> {
    Ok(())
}
