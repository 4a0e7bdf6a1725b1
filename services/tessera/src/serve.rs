//! `tessera serve`: every service in one process, on one listener.
//!
//! Services get the auth server's keys and revocations from memory; apart they ask for them over HTTP. Everything behind
//! those two sources is the code that their own binaries run.

use agenda::Agenda;
use anyhow::Context;
use auth_claims::clock::Clock;
use auth_claims::resource_server::{ResourceServer, Sources};
use auth_server::{AuthServer, InProcessClient};
use identity::Identity;
use rooms::Rooms;
use service_kit::Server;
use service_kit::docs::Explorer;
use service_kit::origin::PublicOrigin;
use service_kit::telemetry;
use store::Db;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::{banner, directory};

mod clients;

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(settings: Settings) -> Result<(), Failure> {
    settings.agenda.check_secret(settings.demo).map_err(|error| Failure::Usage(error.to_string()))?;
    let telemetry =
        telemetry::init(&settings.log, "tessera").map_err(|error| Failure::Usage(error.to_string()))?;
    let identity = directory::open(&settings).await?;
    settings.bootstrap.apply_at_start(&identity, settings.demo, &directory::operator()).await?;

    let (auth, issuer) = settings.auth.clone().with_issuer_at(&settings.server).context("auth.issuer")?;
    let auth = AuthServer::start(auth, identity.clone()).await.context("signing keys")?;
    let rooms_db = directory::open_rooms_db(&settings)?;
    let rooms_access = access(issuer.as_str(), &auth, clients::rooms(&settings.rooms)?);
    let origin = PublicOrigin::new(&settings.server);
    let rooms = Rooms::start(
        settings.rooms.clone(),
        rooms_db.clone(),
        rooms_access.authenticator(),
        origin,
        Clock::system(),
    )
    .await
    .context("rooms.database")?;
    let agenda_access = access(issuer.as_str(), &auth, clients::agenda(&settings.agenda)?);
    let (db, audit) = (identity.db().clone(), identity.audit().clone());
    let agenda =
        Agenda::start(settings.agenda.clone(), db, audit, agenda_access.authenticator(), Clock::system());
    let explorer = explorer()?;

    let server = Server::new(&settings.server)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(auth.configure())
        // Behind its own resources each of these mounts the page for everything else below a prefix that it shares with
        // the auth server.
        .configure(agenda.configure())
        .configure(rooms.configure());
    let server = with_checks(server, identity.db().clone(), rooms_db, [rooms_access, agenda_access]);
    let bound =
        server.on_shutdown(flush(identity)).bind().map_err(|error| Failure::Usage(error.to_string()))?;
    if settings.demo {
        banner::print(bound.listen(), bound.management());
    }
    bound.run().await.context("the server ended")?;
    drop(telemetry);
    Ok(())
}

/// What a service needs to know its callers, whatever they present.
fn access(issuer: &str, auth: &AuthServer, client: InProcessClient) -> ResourceServer {
    let audience = client.audience.clone();
    let sources = Sources {
        keys: auth.key_source(),
        revocations: auth.revocation_source(),
        exchange: auth.exchange(client),
    };
    ResourceServer::start(issuer, &audience, sources, Clock::system())
}

fn explorer() -> Result<Explorer, Failure> {
    let document =
        |api: utoipa::openapi::OpenApi| api.to_json().context("an OpenAPI document does not serialize");
    Ok(Explorer::new([
        ("agenda", document(agenda::openapi())?),
        ("auth-server", document(auth_server::openapi())?),
        ("rooms", document(rooms::openapi())?),
    ]))
}

fn with_checks(server: Server, identity: Db, rooms: Db, services: [ResourceServer; 2]) -> Server {
    let ping = |db: Db| {
        move || {
            let db = db.clone();
            async move { db.ping().await }
        }
    };
    server.ready("identity database", ping(identity)).ready("rooms database", ping(rooms)).ready(
        "revocation feed",
        move || {
            let alive = services.iter().try_for_each(ResourceServer::ensure_feed);
            async move { alive }
        },
    )
}

async fn flush(identity: Identity) {
    if let Err(error) = identity.audit().flush().await {
        tracing::error!("{error}");
    }
}
