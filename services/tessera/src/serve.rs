//! `tessera serve`: every service in one process, on one listener.
//!
//! Services get the auth server's keys and revocations from memory; apart they ask for them over HTTP. Everything behind
//! those two sources is the code that their own binaries run.

use std::sync::Arc;

use anyhow::Context;
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::revocations::Follower;
use auth_claims::verify::{LostFeed, Verifier, VerifierSettings};
use auth_server::AuthServer;
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

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(settings: Settings) -> Result<(), Failure> {
    let telemetry =
        telemetry::init(&settings.log, "tessera").map_err(|error| Failure::Usage(error.to_string()))?;
    let identity = directory::open(&settings).await?;
    settings.bootstrap.apply_at_start(&identity, settings.demo, &directory::operator()).await?;

    let (auth, issuer) = settings.auth.clone().with_issuer_at(&settings.server).context("auth.issuer")?;
    let auth = AuthServer::start(auth, identity.clone()).await.context("signing keys")?;
    let rooms_db = directory::open_rooms_db(&settings)?;
    let (authenticator, follower) = access(issuer.as_str(), &settings.rooms.audience, &auth);
    let origin = PublicOrigin::new(&settings.server);
    let rooms =
        Rooms::start(settings.rooms.clone(), rooms_db.clone(), authenticator, origin, Clock::system())
            .await
            .context("rooms.database")?;
    let explorer = explorer()?;

    let server = Server::new(&settings.server)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(auth.configure())
        // Last: behind its own resources it mounts the page for everything else below the shared prefix.
        .configure(rooms.configure());
    let server = with_checks(server, identity.db().clone(), rooms_db, follower);
    let bound =
        server.on_shutdown(flush(identity)).bind().map_err(|error| Failure::Usage(error.to_string()))?;
    if settings.demo {
        banner::print(bound.listen(), bound.management());
    }
    bound.run().await.context("the server ended")?;
    drop(telemetry);
    Ok(())
}

/// What a service needs to know its callers.
fn access(issuer: &str, audience: &str, auth: &AuthServer) -> (Authenticator, Follower) {
    let expected = VerifierSettings {
        // Whatever was revoked before this process began is unknown until the feed has told it.
        lost_feed: LostFeed::KeepServingOnceHeard,
        ..VerifierSettings::new(issuer, audience)
    };
    let verifier = Verifier::new(expected, auth.key_source(), Clock::system());
    let follower =
        Follower::spawn(auth.revocation_source(), Arc::clone(verifier.revocations()), Clock::system());
    (Authenticator::new(verifier, None), follower)
}

fn explorer() -> Result<Explorer, Failure> {
    let document =
        |api: utoipa::openapi::OpenApi| api.to_json().context("an OpenAPI document does not serialize");
    Ok(Explorer::new([
        ("auth-server", document(auth_server::openapi())?),
        ("rooms", document(rooms::openapi())?),
    ]))
}

fn with_checks(server: Server, identity: Db, rooms: Db, follower: Follower) -> Server {
    let ping = |db: Db| {
        move || {
            let db = db.clone();
            async move { db.ping().await }
        }
    };
    server.ready("identity database", ping(identity)).ready("rooms database", ping(rooms)).ready(
        "revocation feed",
        move || {
            let alive = follower.ensure_alive();
            async move { alive }
        },
    )
}

async fn flush(identity: Identity) {
    if let Err(error) = identity.audit().flush().await {
        tracing::error!("{error}");
    }
}
