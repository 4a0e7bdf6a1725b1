//! `tessera client`

use std::time::Duration;

use anyhow::Context;
use applications::ApplicationsSettings;
use auth_claims::roles::Role;
use auth_claims::scopes::Scopes;
use identity::Identity;
use identity::clients::{
    Client, ClientFilter, ClientId, ClientKind, GrantType, NewClient, NewSecret, Registration, SecretRotation,
};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::arguments::{all, parsed};
use super::listing::every;
use crate::cli::{ClientCommand, ClientKindArg, CreateClient};
use crate::directory;
use crate::failure::Failure;
use crate::output::{Output, names, or_dash};
use crate::settings::Settings;

/// A client as it is shown. The secret is there only in the answer that makes it.
#[derive(Serialize)]
struct ClientView {
    client_id: String,
    kind: &'static str,
    name: String,
    enabled: bool,
    scopes: Scopes,
    default_scopes: Scopes,
    grants: Vec<GrantType>,
    audiences: Vec<String>,
    domains: Vec<String>,
    organization_id: Option<String>,
    application_id: Option<String>,
    roles: Vec<Role>,
    permissions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

pub(super) async fn run(settings: &Settings, command: ClientCommand, output: Output) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    match command {
        ClientCommand::Create(flags) => create(&identity, *flags, output).await,
        ClientCommand::List => list(&identity, output).await,
        ClientCommand::Show { client_id } => show(&find(&identity, &client_id).await?, None, output),
        ClientCommand::RotateSecret { client_id, keep_old } => {
            rotate(&identity, &client_id, keep_old, output).await
        }
        ClientCommand::Disable { client_id } => set_enabled(&identity, &client_id, false, output).await,
        ClientCommand::Enable { client_id } => set_enabled(&identity, &client_id, true, output).await,
    }
}

async fn create(identity: &Identity, flags: CreateClient, output: Output) -> Result<(), Failure> {
    let kind = match flags.kind {
        ClientKindArg::Service => ClientKind::Service,
        ClientKindArg::Application => ClientKind::Application,
        ClientKindArg::Public => ClientKind::Public,
    };
    let id = flags.id.as_deref().map(parsed::<ClientId>("--id")).transpose()?;
    let new = NewClient { id, kind, registration: registration(flags)?, secret: NewSecret::Generate };
    let (client, secret) = identity.create_client(new, &directory::operator()).await?;
    let secret = secret.map(|secret| secret.expose().expose_secret().to_owned());
    show(&client, secret, output)
}

fn registration(flags: CreateClient) -> Result<Registration, Failure> {
    let mut registration = Registration::new(flags.name);
    registration.scopes = parsed("--scope")(&flags.scopes.join(" "))?;
    registration.default_scopes = parsed("--default-scope")(&flags.default_scopes.join(" "))?;
    registration.grants = flags.grants.iter().map(|text| grant(text)).collect::<Result<_, _>>()?;
    registration.roles = all("--role", &flags.roles)?;
    registration.audiences = flags.audiences;
    registration.domains = flags.domains;
    registration.organization_id = flags.organization;
    registration.application_id = flags.application;
    registration.permissions = flags.permissions;
    if registration.organization_id.is_some() && flags.kind == ClientKindArg::Service {
        complete_client_of_organization(&mut registration)?;
    }
    Ok(registration)
}

/// contracts/auvious-applications.md §3.5: an organisation's client has `CLIENT_SERVICE` and whatever roles are registered
/// for it, unless it is an internal service that is placed there. What is not said is what the applications API asks for
/// (§3.2: `global` unless configured otherwise).
fn complete_client_of_organization(registration: &mut Registration) -> Result<(), Failure> {
    let is_placed = [Role::ClientService, Role::Service].iter().any(|role| registration.roles.contains(role));
    if !is_placed {
        registration.roles.insert(0, Role::ClientService);
    }
    if registration.grants.is_empty() {
        registration.grants.push(GrantType::ClientCredentials);
    }
    if registration.scopes.is_empty() && registration.default_scopes.is_empty() {
        registration.scopes = parsed("--scope")("global")?;
        registration.default_scopes = registration.scopes.clone();
    }
    if registration.audiences.is_empty() {
        registration.audiences.push(ApplicationsSettings::default().audience);
    }
    Ok(())
}

/// A grant as a bootstrap file may spell it: the registered name of token exchange is a URN that nobody remembers.
fn grant(text: &str) -> Result<GrantType, Failure> {
    if text == "token_exchange" { Ok(GrantType::TokenExchange) } else { parsed("--grant")(text) }
}

async fn list(identity: &Identity, output: Output) -> Result<(), Failure> {
    let page = |after| identity.list_clients(ClientFilter::default(), after, identity::pages::MAX_PAGE);
    let clients = every(page).await?;
    let views: Vec<ClientView> = clients.iter().map(|client| view(client, None)).collect();
    let headings = ["client_id", "kind", "name", "state", "scopes"];
    let row = |client: &ClientView| {
        let state = if client.enabled { "enabled" } else { "disabled" };
        vec![
            client.client_id.clone(),
            client.kind.into(),
            client.name.clone(),
            state.into(),
            scopes(&client.scopes),
        ]
    };
    output.table(&views, &headings, row).context("standard output")?;
    Ok(())
}

async fn rotate(identity: &Identity, id: &str, keep_old: Duration, output: Output) -> Result<(), Failure> {
    let client = find(identity, id).await?;
    let rotation = SecretRotation { keep_previous: Some(keep_old), revoke_tokens: false };
    let secret = identity.rotate_secret(&client.id, rotation, &directory::operator()).await?;
    show(&client, Some(secret.expose().expose_secret().to_owned()), output)
}

async fn set_enabled(identity: &Identity, id: &str, enabled: bool, output: Output) -> Result<(), Failure> {
    let client = find(identity, id).await?;
    let client = identity.set_client_enabled(&client.id, enabled, &directory::operator()).await?;
    show(&client, None, output)
}

async fn find(identity: &Identity, id: &str) -> Result<Client, Failure> {
    let unknown = || Failure::NotFound(format!("there is no client {id}"));
    let id: ClientId = id.parse().map_err(|_| unknown())?;
    identity.find_client(&id).await?.ok_or_else(unknown)
}

fn show(client: &Client, secret: Option<String>, output: Output) -> Result<(), Failure> {
    let view = view(client, secret);
    let mut lines = vec![
        ("client_id", view.client_id.clone()),
        ("kind", view.kind.to_owned()),
        ("name", view.name.clone()),
        ("state", if view.enabled { "enabled" } else { "disabled" }.to_owned()),
        ("scopes", scopes(&view.scopes)),
        ("default scopes", scopes(&view.default_scopes)),
        ("grants", names(view.grants.iter().map(|grant| grant.as_str()))),
        ("audiences", names(&view.audiences)),
        ("domains", names(&view.domains)),
        ("organization", or_dash(view.organization_id.as_ref())),
        ("application", or_dash(view.application_id.as_ref())),
        ("roles", names(&view.roles)),
        ("permissions", names(&view.permissions)),
    ];
    if let Some(secret) = &view.client_secret {
        lines.push(("client_secret", format!("{secret}   (shown only now)")));
    }
    output.record(&view, &lines).context("standard output")?;
    Ok(())
}

fn view(client: &Client, client_secret: Option<String>) -> ClientView {
    ClientView {
        client_id: client.id.to_string(),
        kind: client.kind.as_str(),
        name: client.name.clone(),
        enabled: client.enabled,
        scopes: client.scopes.clone(),
        default_scopes: client.default_scopes.clone(),
        grants: client.grants.clone(),
        audiences: client.audiences.clone(),
        domains: client.domains.clone(),
        organization_id: client.organization_id.clone(),
        application_id: client.application_id.clone(),
        roles: client.roles.clone(),
        permissions: client.permissions.clone(),
        client_secret,
    }
}

fn scopes(scopes: &Scopes) -> String {
    if scopes.is_empty() { "-".to_owned() } else { scopes.to_string() }
}
