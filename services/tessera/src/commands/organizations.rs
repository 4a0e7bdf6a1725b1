//! `tessera org`

use anyhow::Context;
use chrono::{DateTime, Utc};
use identity::Identity;
use identity::organizations::{Organization, OrganizationChange};
use identity::pages::MAX_PAGE;
use serde::Serialize;

use super::arguments::parsed;
use super::listing::every;
use crate::cli::{AboutOrganization, OrganizationCommand};
use crate::directory;
use crate::failure::Failure;
use crate::output::{Output, or_dash};
use crate::settings::Settings;

/// An organisation as it is shown.
#[derive(Serialize)]
struct OrganizationView {
    id: String,
    number: i64,
    name: String,
    territory_id: Option<String>,
    phone_number: Option<String>,
    email: Option<String>,
    verticale: &'static str,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

pub(super) async fn run(
    settings: &Settings,
    command: OrganizationCommand,
    output: Output,
) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    match command {
        OrganizationCommand::Create(flags) => {
            let values = change(Some(flags.name), flags.about)?;
            let made = identity.create_organization_with(&flags.id, values, &directory::operator()).await?;
            show(made, output)
        }
        OrganizationCommand::List => list(&identity, output).await,
        OrganizationCommand::Show { organization } => show(find(&identity, &organization).await?, output),
        OrganizationCommand::Update { organization, name, about } => {
            let id = find(&identity, &organization).await?.id;
            let change = change(name, about)?;
            show(identity.update_organization(&id, change, &directory::operator()).await?, output)
        }
    }
}

/// By id, or else by number.
async fn find(identity: &Identity, name: &str) -> Result<Organization, Failure> {
    let mut found = identity.find_organization(name).await?;
    if found.is_none()
        && let Ok(number) = name.parse()
    {
        found = identity.find_organization_by_number(number).await?;
    }
    found.ok_or_else(|| Failure::NotFound(format!("there is no organization {name}")))
}

/// What the flags give; an empty text takes away.
fn change(name: Option<String>, about: AboutOrganization) -> Result<OrganizationChange, Failure> {
    let given = |text: Option<String>| text.map(|text| Some(text).filter(|text| !text.is_empty()));
    Ok(OrganizationChange {
        name,
        territory_id: given(about.territory),
        phone_number: given(about.phone_number),
        email: given(about.email),
        verticale: about.verticale.as_deref().map(parsed("--verticale")).transpose()?,
    })
}

async fn list(identity: &Identity, output: Output) -> Result<(), Failure> {
    let page =
        |after: Option<String>| async move { identity.list_organizations(after.as_deref(), MAX_PAGE).await };
    let views: Vec<OrganizationView> = every(page).await?.into_iter().map(view).collect();
    let row = |organization: &OrganizationView| {
        vec![
            organization.number.to_string(),
            organization.id.clone(),
            organization.name.clone(),
            or_dash(organization.territory_id.as_ref()),
        ]
    };
    output.table(&views, &["number", "id", "name", "territory"], row).context("standard output")?;
    Ok(())
}

fn show(organization: Organization, output: Output) -> Result<(), Failure> {
    let view = view(organization);
    let lines = [
        ("id", view.id.clone()),
        ("number", view.number.to_string()),
        ("name", view.name.clone()),
        ("territory", or_dash(view.territory_id.as_ref())),
        ("phone number", or_dash(view.phone_number.as_ref())),
        ("email", or_dash(view.email.as_ref())),
        ("verticale", view.verticale.to_owned()),
    ];
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

fn view(organization: Organization) -> OrganizationView {
    OrganizationView {
        id: organization.id,
        number: organization.number,
        name: organization.name,
        territory_id: organization.territory_id,
        phone_number: organization.phone_number,
        email: organization.email,
        verticale: organization.verticale.as_str(),
        created_at: organization.created_at,
        updated_at: organization.updated_at,
    }
}
