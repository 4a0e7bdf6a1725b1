//! `tessera service`

use anyhow::Context;
use identity::Identity;
use identity::pages::MAX_PAGE;
use identity::services::{Service, ServiceChange};
use serde::Serialize;

use super::listing::every;
use crate::cli::ServiceCommand;
use crate::directory;
use crate::failure::Failure;
use crate::output::{Output, or_dash};
use crate::settings::Settings;

/// A service (department) as it is shown.
#[derive(Serialize)]
struct ServiceView {
    id: String,
    number: i64,
    name: String,
    short_name: Option<String>,
}

pub(super) async fn run(settings: &Settings, command: ServiceCommand, output: Output) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    match command {
        ServiceCommand::Create { id, name, short_name } => {
            let values = ServiceChange { name: Some(name), short_name: short_name.map(Some) };
            show(identity.create_service(&id, values, &directory::operator()).await?, output)
        }
        ServiceCommand::List => list(&identity, output).await,
    }
}

async fn list(identity: &Identity, output: Output) -> Result<(), Failure> {
    let page =
        |after: Option<String>| async move { identity.list_services(after.as_deref(), MAX_PAGE).await };
    let views: Vec<ServiceView> = every(page).await?.into_iter().map(view).collect();
    let row = |service: &ServiceView| {
        vec![
            service.number.to_string(),
            service.id.clone(),
            service.name.clone(),
            or_dash(service.short_name.as_ref()),
        ]
    };
    output.table(&views, &["number", "id", "name", "short name"], row).context("standard output")?;
    Ok(())
}

fn show(service: Service, output: Output) -> Result<(), Failure> {
    let view = view(service);
    let lines = [
        ("id", view.id.clone()),
        ("number", view.number.to_string()),
        ("name", view.name.clone()),
        ("short name", or_dash(view.short_name.as_ref())),
    ];
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

fn view(service: Service) -> ServiceView {
    ServiceView { id: service.id, number: service.number, name: service.name, short_name: service.short_name }
}
