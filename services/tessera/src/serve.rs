//! `tessera serve`: every service in one process, on one listener.
//!
//! Services get the auth server's keys and revocations from memory; apart they ask for them over HTTP. Everything behind
//! those two sources is the code that their own binaries run.

use anyhow::Context;
use auth_server::AuthServer;
use base_token::bootstrap::Document as BasesDocument;
use identity::Identity;
use service_kit::{Server, telemetry};

use crate::commands::bases;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{banner, directory};

mod clients;
mod services;

use services::Services;

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(settings: Settings) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    settings.agenda.check_secret(settings.demo).map_err(|error| usage(&error))?;
    settings.bases.tokens.check(settings.demo).map_err(|error| usage(&error))?;
    let telemetry = telemetry::init(&settings.log, "tessera").map_err(|error| usage(&error))?;
    let identity = directory::open(&settings).await?;
    let sources = settings.bootstrap.sources(settings.demo)?;
    identity.apply_at_start(&sources, settings.demo, &directory::operator()).await?;

    let (auth, issuer) = settings.auth.clone().with_issuer_at(&settings.server).context("auth.issuer")?;
    let auth = AuthServer::start(auth, identity.clone()).await.context("signing keys")?;
    let services = Services::start(&settings, issuer.as_str(), &auth, &identity).await?;
    services.applications.app().apply_at_start(&sources).await?;
    for source in &sources {
        bases::apply(&settings, &identity, &BasesDocument::of(source)?).await?;
    }

    let bases = services.bases.clone();
    let server = services.mount(Server::new(&settings.server), &auth);
    let bound = server
        .on_shutdown(async move {
            bases.shutdown().await;
            flush(identity).await;
        })
        .bind()
        .map_err(|error| usage(&error))?;
    if settings.demo {
        banner::print(bound.listen(), bound.management());
    }
    bound.run().await.context("the server ended")?;
    drop(telemetry);
    Ok(())
}

async fn flush(identity: Identity) {
    if let Err(error) = identity.audit().flush().await {
        tracing::error!("{error}");
    }
}
