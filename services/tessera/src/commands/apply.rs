//! `tessera apply`

use anyhow::Context;
use identity::bootstrap::{Change, Document, Source};

use crate::cli::Apply;
use crate::directory;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// The settings that the flags of `apply` stand for.
pub(super) fn overrides(flags: &Apply) -> Vec<(String, String)> {
    flags.demo.then(|| ("demo".to_owned(), "true".to_owned())).into_iter().collect()
}

pub(super) async fn run(settings: Settings, flags: &Apply, output: Output) -> Result<(), Failure> {
    let document = Document::of(&Source::open(&flags.file)?, settings.demo)?;
    let identity = directory::open(&settings).await?;
    let changes = if flags.dry_run {
        identity.plan_bootstrap(&document, flags.prune, &directory::operator()).await?
    } else {
        identity.apply_bootstrap(&document, flags.prune, &directory::operator()).await?
    };
    print(&changes, output)?;
    if flags.dry_run && !changes.is_empty() { Err(Failure::Drift(changes.len())) } else { Ok(()) }
}

fn print(changes: &[Change], output: Output) -> Result<(), Failure> {
    match output {
        Output::Human if changes.is_empty() => println!("nothing to change"),
        Output::Human => changes.iter().for_each(|change| println!("{change}")),
        Output::Json => output.table(changes, &[], |_| Vec::new()).context("standard output")?,
    }
    Ok(())
}
