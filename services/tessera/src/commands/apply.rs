//! `tessera apply`

use anyhow::Context;
use bootstrap::{Change, Source};
use identity::bootstrap::Document;

use super::bases;
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
    let source = Source::open(&flags.file)?;
    // What can be wrong with the one is found before anything of the other is applied.
    let document = Document::of(&source, settings.demo)?;
    let applications = applications::bootstrap::Document::of(&source)?;
    let own_bases = base_token::bootstrap::Document::of(&source)?;
    let identity = directory::open(&settings).await?;
    // Whoever declares no applications need not be able to reach them.
    let app = if applications.is_empty() && !flags.prune {
        None
    } else {
        Some(directory::open_applications(&settings, &identity).await?)
    };
    let mut changes = Vec::new();
    if let Some(app) = &app {
        changes.extend(app.plan_bootstrap(&applications, flags.prune).await?);
    }
    if flags.dry_run {
        let own = identity.plan_bootstrap(&document, flags.prune, &directory::operator()).await?;
        changes.splice(..0, own);
        changes.extend(bases::plan(&settings, &identity, &own_bases).await?);
    } else {
        changes = identity.apply_bootstrap(&document, flags.prune, &directory::operator()).await?;
        if let Some(app) = &app {
            changes.extend(app.apply_bootstrap(&applications, flags.prune).await?);
        }
        changes.extend(bases::apply(&settings, &identity, &own_bases).await?);
    }
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
