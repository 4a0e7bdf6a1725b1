//! `tessera serve`: every service in one process, on one listener.
//!
//! Services get the auth server's keys and revocations from memory; apart they ask for them over HTTP. Everything behind
//! those two sources is the code that their own binaries run.

use std::sync::Arc;

use agenda::Agenda;
use anyhow::Context;
use applications::Applications;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::revocations::Follower;
use auth_claims::verify::{LostFeed, Verifier, VerifierSettings};
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
    let rooms_db = directory::open_rooms_db(&settings)?;
    let (authenticator, rooms_feed) = access(issuer.as_str(), &auth, clients::rooms(&settings.rooms)?);
    let origin = PublicOrigin::new(&settings.server);
    let rooms =
        Rooms::start(settings.rooms.clone(), rooms_db.clone(), authenticator, origin, Clock::system())
            .await
            .context("rooms.database")?;
    let (authenticator, agenda_feed) = access(issuer.as_str(), &auth, clients::agenda(&settings.agenda)?);
    let (db, audit) = (identity.db().clone(), identity.audit().clone());
    let agenda = Agenda::start(settings.agenda.clone(), db, audit, authenticator, Clock::system());
    let (authenticator, applications_feed) =
        access(issuer.as_str(), &auth, clients::applications(&settings.applications)?);
    let applications_db = directory::open_applications_db(&settings)?;
    let applications = Applications::start(
        settings.applications.clone(),
        applications_db.clone(),
        authenticator,
        auth.application_registry(),
        Clock::system(),
    )
    .await
    .context("applications.database")?;
    applications.app().apply_at_start(&sources).await?;
    let explorer = explorer()?;

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
    let server = with_checks(server, databases, [rooms_feed, agenda_feed, applications_feed]);
    let bound =
        server.on_shutdown(flush(identity)).bind().map_err(|error| Failure::Usage(error.to_string()))?;
    if settings.demo {
        banner::print(bound.listen(), bound.management());
    }
    bound.run().await.context("the server ended")?;
    drop(telemetry);
    Ok(())
}

/// What a service needs to know its callers, whatever they present: it verifies tokens of its audience, and exchanges
/// every other credential for one.
fn access(issuer: &str, auth: &AuthServer, client: InProcessClient) -> (Authenticator, Follower) {
    let expected = VerifierSettings {
        // Whatever was revoked before this process began is unknown until the feed has told it.
        lost_feed: LostFeed::KeepServingOnceHeard,
        ..VerifierSettings::new(issuer, client.audience.as_str())
    };
    let verifier = Verifier::new(expected, auth.key_source(), Clock::system());
    let follower =
        Follower::spawn(auth.revocation_source(), Arc::clone(verifier.revocations()), Clock::system());
    (Authenticator::new(verifier, Some(auth.exchange(client))), follower)
}

fn explorer() -> Result<Explorer, Failure> {
    let document =
        |api: utoipa::openapi::OpenApi| api.to_json().context("an OpenAPI document does not serialize");
    Ok(Explorer::new([
        ("agenda", document(agenda::openapi())?),
        ("applications", document(applications::openapi())?),
        ("auth-server", document(auth_server::openapi())?),
        ("rooms", document(rooms::openapi())?),
    ]))
}

fn with_checks<const N: usize>(
    server: Server,
    databases: [(&'static str, Db); N],
    followers: [Follower; N],
) -> Server {
    let server = databases.into_iter().fold(server, |server, (name, db)| {
        server.ready(name, move || {
            let db = db.clone();
            async move { db.ping().await }
        })
    });
    server.ready("revocation feed", move || {
        let alive = followers.iter().try_for_each(Follower::ensure_alive);
        async move { alive }
    })
}

async fn flush(identity: Identity) {
    if let Err(error) = identity.audit().flush().await {
        tracing::error!("{error}");
    }
}
