//! `tessera territory`

use anyhow::Context;
use identity::Identity;
use identity::pages::MAX_PAGE;
use identity::territories::Territory;
use serde::Serialize;

use super::listing::every;
use crate::cli::TerritoryCommand;
use crate::directory;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// A territory as it is shown.
#[derive(Serialize)]
struct TerritoryView {
    id: String,
    number: i64,
    name: String,
}

pub(super) async fn run(
    settings: &Settings,
    command: TerritoryCommand,
    output: Output,
) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    match command {
        TerritoryCommand::Create { id, name } => {
            show(identity.create_territory(&id, &name, &directory::operator()).await?, output)
        }
        TerritoryCommand::List => list(&identity, output).await,
    }
}

async fn list(identity: &Identity, output: Output) -> Result<(), Failure> {
    let page =
        |after: Option<String>| async move { identity.list_territories(after.as_deref(), MAX_PAGE).await };
    let views: Vec<TerritoryView> = every(page).await?.into_iter().map(view).collect();
    let row = |territory: &TerritoryView| {
        vec![territory.number.to_string(), territory.id.clone(), territory.name.clone()]
    };
    output.table(&views, &["number", "id", "name"], row).context("standard output")?;
    Ok(())
}

fn show(territory: Territory, output: Output) -> Result<(), Failure> {
    let view = view(territory);
    let lines = [("id", view.id.clone()), ("number", view.number.to_string()), ("name", view.name.clone())];
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

fn view(territory: Territory) -> TerritoryView {
    TerritoryView { id: territory.id, number: territory.number, name: territory.name }
}
