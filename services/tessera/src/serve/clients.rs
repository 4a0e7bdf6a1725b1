//! The services as clients of the auth server in their own process. A service that runs apart has a client with the same
//! scopes in the bootstrap file.

use agenda::AgendaSettings;
use anyhow::Context;
use applications::ApplicationsSettings;
use auth_claims::scopes::{Scope, Scopes};
use auth_server::InProcessClient;
use base_token::BasesSettings;
use identity::clients::ClientId;
use provisioning::ProvisioningSettings;
use rooms::RoomsSettings;
use rooms::domain::scopes::RoomScope;

use crate::failure::Failure;

/// The rooms service, whose callers may do with rooms whatever their person may.
pub(super) fn rooms(settings: &RoomsSettings) -> Result<InProcessClient, Failure> {
    let all = [RoomScope::List, RoomScope::Create, RoomScope::Retrieve, RoomScope::Update, RoomScope::Delete];
    let names = settings.base_scopes.iter().map(String::as_str).chain(all.map(RoomScope::as_str));
    Ok(client("rooms", &settings.audience, names).context("rooms.base_scopes")?)
}

/// The agenda service.
pub(super) fn agenda(settings: &AgendaSettings) -> Result<InProcessClient, Failure> {
    Ok(client("agenda", &settings.audience, [settings.scope.as_str()]).context("agenda.scope")?)
}

/// The applications service, which asks for no scope: `global` is what its clients have.
pub(super) fn applications(settings: &ApplicationsSettings) -> Result<InProcessClient, Failure> {
    Ok(client("applications", &settings.audience, ["global"]).context("applications.audience")?)
}

/// The service of bases.
pub(super) fn bases(settings: &BasesSettings) -> Result<InProcessClient, Failure> {
    Ok(client("bases", &settings.audience, [settings.scope.as_str()]).context("bases.scope")?)
}

/// The provisioning service.
pub(super) fn provisioning(settings: &ProvisioningSettings) -> Result<InProcessClient, Failure> {
    Ok(client("provisioning", &settings.audience, [settings.scope.as_str()]).context("provisioning.scope")?)
}

fn client<'a>(
    id: &str,
    audience: &str,
    scopes: impl IntoIterator<Item = &'a str>,
) -> anyhow::Result<InProcessClient> {
    let id: ClientId = id.parse()?;
    let scopes: Vec<Scope> = scopes.into_iter().map(str::parse).collect::<Result<_, _>>()?;
    Ok(InProcessClient { id, audience: audience.to_owned(), scopes: Scopes::from_iter(scopes) })
}
