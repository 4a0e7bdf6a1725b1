//! This service in a process of its own: what its settings hold besides `rooms.*`, and how the parts are put together.

use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use auth_claims::clock::Clock;
use auth_claims::resource_server::ResourceServer;
use auth_client::{Authority, AuthoritySettings, IssuerSettings};
use schemars::JsonSchema;
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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    let authority = settings.authority.for_audience(&settings.rooms.audience);
    let authority = Authority::connect(authority).context("authority")?;
    let access = authority.resource_server(&settings.auth, settings.rooms.profile(), clock.clone());
    let origin = PublicOrigin::new(&settings.server);
    let rooms = Rooms::start(settings.rooms, db.clone(), access.authenticator(), origin, clock).await;
    let explorer = Explorer::new(&[("rooms", || crate::openapi().to_json())]);
    let server = Server::new(&settings.server)
        .dialects(crate::DIALECTS)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(rooms.context("rooms.database")?.configure());
    with_checks(server, db, access).run().await?;
    drop(telemetry);
    Ok(())
}

fn with_checks(server: Server, db: Db, access: ResourceServer) -> Server {
    let ping = move || {
        let db = db.clone();
        async move { db.ping().await }
    };
    let access = Arc::new(access);
    let (keys, seen) = (Arc::clone(&access), Arc::clone(&access));
    server
        .observe(move || seen.report())
        .ready("rooms database", ping)
        .ready("keys", move || {
            let access = Arc::clone(&keys);
            async move { access.ensure_keys().await }
        })
        .ready("revocation feed", move || ready(access.ensure_feed()))
}
