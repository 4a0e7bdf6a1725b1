//! `tessera application`: by way of the service's own `App`, so that the directory is told before anything changes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use applications::app::App;
use applications::domain::access::Listing;
use applications::domain::application::{Application, Checked, Kind};
use applications::domain::config::{Config, Sections};
use applications::domain::id::ApplicationId;
use applications::domain::refusal::Refusal;
use applications::domain::sort::Sort;
use chrono::{DateTime, Utc};
use identity::Identity;
use serde::Serialize;

use super::arguments::parsed;
use crate::cli::{ApplicationCommand, ApplicationState, CreateApplication, Switch};
use crate::directory;
use crate::failure::Failure;
use crate::output::{Output, names, or_dash};
use crate::settings::Settings;

/// So many are read at once.
const BATCH: i64 = 500;
/// A configuration may be as long as a request to the API, and no longer.
const MAX_CONFIG: u64 = 1024 * 1024;

/// An application as it is shown.
#[derive(Serialize)]
struct ApplicationView {
    id: String,
    organization_id: String,
    #[serde(rename = "type")]
    kind: Kind,
    version: i64,
    visible: bool,
    disabled: bool,
    expires_at: Option<DateTime<Utc>>,
    anonymous_registration_enabled: bool,
    config_entries: Vec<String>,
    created_at: DateTime<Utc>,
    modified_at: DateTime<Utc>,
}

pub(super) async fn run(
    settings: &Settings,
    command: ApplicationCommand,
    output: Output,
) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    let app = directory::open_applications(settings, &identity).await?;
    match command {
        ApplicationCommand::List { organization } => list(&app, organization.as_deref(), output).await,
        ApplicationCommand::Show { id } => {
            let found = app.find(known(&id)?).await?.ok_or_else(|| unknown(&id))?;
            show(&found, output)
        }
        ApplicationCommand::Create(flags) => show(&create(&app, &identity, flags).await?, output),
        ApplicationCommand::Set { state, .. } if state.is_empty() => {
            Err(Failure::Usage("nothing to set: see `tessera application set --help`".to_owned()))
        }
        ApplicationCommand::Set { id, state } => show(&set(&app, known(&id)?, state).await?, output),
        ApplicationCommand::Delete { id } => {
            let application = app.find(known(&id)?).await?.ok_or_else(|| unknown(&id))?;
            app.delete(application.id.clone(), |_| Ok(())).await?;
            show(&application, output)
        }
    }
}

/// No other text is the id of any application.
fn known(id: &str) -> Result<ApplicationId, Failure> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> Failure {
    Failure::NotFound(format!("there is no application {id}"))
}

async fn create(
    app: &Arc<App>,
    identity: &Identity,
    flags: CreateApplication,
) -> Result<Application, Failure> {
    // The API takes any id; on the command line it is rather a slip.
    if identity.find_organization(&flags.organization).await?.is_none() {
        return Err(Failure::Refused(format!("there is no organization {}", flags.organization)));
    }
    let kinds = Kind::ALL.map(Kind::as_str).join(", ");
    let wrong_kind = || Failure::Usage(format!("--type {}: is none of {kinds}", flags.kind));
    let now = app.clock.now();
    let mut application = Application {
        id: match &flags.id {
            Some(id) => parsed("--id")(id)?,
            None => ApplicationId::generate(),
        },
        organization_id: parsed("--organization")(&flags.organization)?,
        kind: flags.kind.parse().map_err(|_| wrong_kind())?,
        config: flags.app_config.as_deref().map(read).transpose()?.unwrap_or_default(),
        version: 0,
        created_at: now,
        modified_at: now,
        visible: true,
        disabled: false,
        expires_at: None,
        anonymous_registration_enabled: false,
    };
    put_over(&mut application, &flags.state);
    let checked = Checked::check(application).map_err(|error| Failure::Refused(error.to_string()))?;
    let made = checked.clone().into_inner();
    app.create(checked).await?;
    Ok(made)
}

fn read(path: &Path) -> Result<Config, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("--app-config {}: {error}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().take(MAX_CONFIG).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(MAX_CONFIG).read_to_string(&mut text))
    };
    read.map_err(|error| wrong(&error))?;
    text.parse().map_err(|error| wrong(&error))
}

async fn set(app: &Arc<App>, id: ApplicationId, state: ApplicationState) -> Result<Application, Failure> {
    let (clock, state) = (app.clock.clone(), Arc::new(state));
    let decide = move |current: &Application| {
        let mut application = current.clone();
        put_over(&mut application, &state);
        if application.disabled != current.disabled {
            // A caller of the API who has read it before is told, rather than writing over it unawares.
            application.version = application.version.saturating_add(1);
            application.modified_at = clock.now();
        }
        Checked::check(application).map_err(Refusal::from)
    };
    Ok(app.change(id, decide).await?)
}

fn put_over(application: &mut Application, state: &ApplicationState) {
    application.visible = state.visible().unwrap_or(application.visible);
    application.disabled = state.disabled().unwrap_or(application.disabled);
    application.expires_at = state.expires_at.map_or(application.expires_at, |expiry| expiry.0);
    application.anonymous_registration_enabled = state
        .anonymous_registration
        .map_or(application.anonymous_registration_enabled, |switch| switch == Switch::On);
}

async fn list(app: &App, organization: Option<&str>, output: Output) -> Result<(), Failure> {
    let listing = match organization {
        Some(id) => Listing::AllOf(parsed("--organization")(id)?),
        None => Listing::Everything,
    };
    let mut views = Vec::new();
    loop {
        let offset = i64::try_from(views.len()).unwrap_or(i64::MAX);
        let page = app.page(listing.clone(), Sort::default(), offset, BATCH).await?;
        let is_last = page.items.is_empty();
        views.extend(page.items.iter().map(view));
        if is_last {
            break;
        }
    }
    let row = |application: &ApplicationView| {
        vec![
            application.id.clone(),
            application.organization_id.clone(),
            application.kind.as_str().to_owned(),
            state(application).to_owned(),
            or_dash(application.expires_at.map(rfc3339)),
        ]
    };
    output
        .table(&views, &["id", "organization", "type", "state", "expires"], row)
        .context("standard output")?;
    Ok(())
}

fn show(application: &Application, output: Output) -> Result<(), Failure> {
    let view = view(application);
    let yes_or_no = |value| if value { "yes" } else { "no" }.to_owned();
    let lines = [
        ("id", view.id.clone()),
        ("organization", view.organization_id.clone()),
        ("type", view.kind.as_str().to_owned()),
        ("version", view.version.to_string()),
        ("state", state(&view).to_owned()),
        ("visible", yes_or_no(view.visible)),
        ("expires", or_dash(view.expires_at.map(rfc3339))),
        ("anonymous registration", yes_or_no(view.anonymous_registration_enabled)),
        ("config entries", names(&view.config_entries)),
        ("created", rfc3339(view.created_at)),
        ("modified", rfc3339(view.modified_at)),
    ];
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn state(application: &ApplicationView) -> &'static str {
    if application.disabled { "disabled" } else { "enabled" }
}

fn view(application: &Application) -> ApplicationView {
    let config = application.config.redacted(Sections::ALL);
    ApplicationView {
        id: application.id.to_string(),
        organization_id: application.organization_id.to_string(),
        kind: application.kind,
        version: application.version,
        visible: application.visible,
        disabled: application.disabled,
        expires_at: application.expires_at,
        anonymous_registration_enabled: application.anonymous_registration_enabled,
        config_entries: config.keys().map(str::to_owned).collect(),
        created_at: application.created_at,
        modified_at: application.modified_at,
    }
}
