//! `tessera serve`: every service in one process, on one listener.
//!
//! Services get the auth server's keys and revocations from memory; apart they ask for them over HTTP. Everything behind
//! those two sources is the code that their own binaries run.

use agenda::Agenda;
use anyhow::Context;
use applications::Applications;
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
    let sources = settings.bootstrap.sources(settings.demo)?;
    identity.apply_at_start(&sources, settings.demo, &directory::operator()).await?;

    let (auth, issuer) = settings.auth.clone().with_issuer_at(&settings.server).context("auth.issuer")?;
    let auth = AuthServer::start(auth, identity.clone()).await.context("signing keys")?;
    let (rooms_db, applications_db) =
        (directory::open_rooms_db(&settings)?, directory::open_applications_db(&settings)?);
    let access = |client: InProcessClient| access(issuer.as_str(), &auth, client);
    let callers = [
        access(clients::rooms(&settings.rooms)?),
        access(clients::agenda(&settings.agenda)?),
        access(clients::applications(&settings.applications)?),
    ];
    let [of_rooms, of_agenda, of_applications] = callers.each_ref().map(ResourceServer::authenticator);
    let (origin, clock) = (PublicOrigin::new(&settings.server), Clock::system());
    let rooms = Rooms::start(settings.rooms.clone(), rooms_db.clone(), of_rooms, origin, clock.clone());
    let rooms = rooms.await.context("rooms.database")?;
    let (db, audit) = (identity.db().clone(), identity.audit().clone());
    let agenda = Agenda::start(settings.agenda.clone(), db, audit, of_agenda, clock.clone());
    let (own, registry) = (settings.applications.clone(), auth.application_registry());
    let applications = Applications::start(own, applications_db.clone(), of_applications, registry, clock);
    let applications = applications.await.context("applications.database")?;
    applications.app().apply_at_start(&sources).await?;
    let explorer = explorer();

    let server = Server::new(&settings.server)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(auth.configure())
        // Behind its own resources each of these mounts the page for everything else below a prefix that it shares with
        // the auth server.
        .configure(agenda.configure())
        .configure(applications.configure())
        .configure(rooms.configure());
    let databases = [
        ("identity database", identity.db().clone()),
        ("rooms database", rooms_db),
        ("applications database", applications_db),
    ];
    let server = with_checks(server, databases, callers);
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

fn explorer() -> Explorer {
    Explorer::new(&[
        ("agenda", || agenda::openapi().to_json()),
        ("applications", || applications::openapi().to_json()),
        ("auth-server", || auth_server::openapi().to_json()),
        ("rooms", || rooms::openapi().to_json()),
    ])
}

fn with_checks<const N: usize>(
    server: Server,
    databases: [(&'static str, Db); N],
    callers: [ResourceServer; N],
) -> Server {
    let server = databases.into_iter().fold(server, |server, (name, db)| {
        server.ready(name, move || {
            let db = db.clone();
            async move { db.ping().await }
        })
    });
    server.ready("revocation feed", move || {
        let alive = callers.iter().try_for_each(ResourceServer::ensure_feed);
        async move { alive }
    })
}

async fn flush(identity: Identity) {
    if let Err(error) = identity.audit().flush().await {
        tracing::error!("{error}");
    }
}
