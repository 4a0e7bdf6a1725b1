//! This service in a process of its own: what its settings hold besides `rooms.*`, and how the parts are put together.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::revocations::Follower;
use auth_claims::verify::{LostFeed, Verifier, VerifierSettings};
use auth_client::{Authority, AuthoritySettings};
use serde::Deserialize;
use service_kit::Server;
use service_kit::docs::Explorer;
use service_kit::origin::PublicOrigin;
use service_kit::settings::{LogSettings, ServerSettings};
use service_kit::telemetry;
use store::Db;

use crate::{Rooms, RoomsSettings};

/// Keys whose values are secrets: each also accepts `<key>_file`.
pub const SECRETS: &[&str] = &["authority.client_secret", "rooms.database.url"];

/// Everything an operator can say to this process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the database is kept unless it has a URL. Default: `./tessera-data`.
    #[serde(default = "data_dir")]
    pub data_dir: PathBuf,
    /// Listeners and limits.
    #[serde(default)]
    pub server: ServerSettings,
    /// Logs.
    #[serde(default)]
    pub log: LogSettings,
    /// Rooms.
    #[serde(default)]
    pub rooms: RoomsSettings,
    /// Whose tokens are accepted.
    #[serde(default)]
    pub auth: IssuerSettings,
    /// The way to the auth server. Agents' device sessions are exchanged there: the client has to be registered for the
    /// grant `token_exchange`, for the audience of rooms, and for the scopes agents shall have here, which are its
    /// default scopes. `authority.audience` is `rooms.audience` by default.
    pub authority: AuthoritySettings,
}

/// The part of `auth.*` that concerns those who only verify tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IssuerSettings {
    /// The `iss` of accepted tokens, the same as the auth server's. Default: `http://127.0.0.1:8080`.
    pub issuer: String,
}

impl Default for IssuerSettings {
    fn default() -> Self {
        Self { issuer: "http://127.0.0.1:8080".to_owned() }
    }
}

fn data_dir() -> PathBuf {
    PathBuf::from("./tessera-data")
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A setting that does not work, or a database that cannot be brought up to date; in one sentence.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let telemetry = telemetry::init(&settings.log, "rooms")?;
    let clock = Clock::system();
    let db = settings.rooms.open_database(&settings.data_dir)?;
    let authority = Authority::connect(asking_for(settings.authority, &settings.rooms.audience));
    let authority = authority.context("authority")?;
    let expected = VerifierSettings {
        // Whatever was revoked before this process began is unknown until the feed has told it.
        lost_feed: LostFeed::KeepServingOnceHeard,
        ..VerifierSettings::new(settings.auth.issuer, settings.rooms.audience.as_str())
    };
    let verifier = Verifier::new(expected, Arc::new(authority.clone()), clock.clone());
    let authority = Arc::new(authority);
    let revocations = Arc::clone(verifier.revocations());
    let follower = Follower::spawn(Arc::clone(&authority) as _, revocations, clock.clone());
    let authenticator = Authenticator::new(verifier.clone(), Some(authority));
    let origin = PublicOrigin::new(&settings.server);
    let rooms = Rooms::start(settings.rooms, db.clone(), authenticator, origin, clock).await;
    let explorer = Explorer::new([("rooms", crate::openapi().to_json()?)]);
    let server = Server::new(&settings.server)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(rooms.context("rooms.database")?.configure());
    with_checks(server, db, verifier, follower).run().await?;
    drop(telemetry);
    Ok(())
}

/// Exchanged tokens are for this service alone, whatever else its client is registered for.
fn asking_for(authority: AuthoritySettings, audience: &str) -> AuthoritySettings {
    let audience = authority.audience.or_else(|| Some(audience.to_owned()));
    AuthoritySettings { audience, ..authority }
}

fn with_checks(server: Server, db: Db, verifier: Verifier, follower: Follower) -> Server {
    let ping = move || {
        let db = db.clone();
        async move { db.ping().await }
    };
    let keys = move || {
        let verifier = verifier.clone();
        async move { if verifier.warm().await { Ok(()) } else { Err(anyhow!("no keys from the auth server")) } }
    };
    let feed = move || {
        let alive = follower.ensure_alive();
        async move { alive }
    };
    server.ready("rooms database", ping).ready("keys", keys).ready("revocation feed", feed)
}
