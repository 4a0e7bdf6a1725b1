//! This service in a process of its own: what its settings hold besides `bases.*`, and how the parts are put together.

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

use crate::{Bases, BasesSettings};

/// Keys whose values are secrets: each also accepts `<key>_file`.
pub const SECRETS: &[&str] = &[
    "authority.client_secret",
    "bases.database.url",
    "bases.master_key",
    "bases.tokens.base_key",
    "bases.tokens.temporary_key",
];

/// Everything an operator can say to this process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the database and the master key are kept unless they have settings of their own. Default: `./tessera-data`.
    #[serde(default = "data_dir")]
    pub data_dir: PathBuf,
    /// Whether this is a demonstration, whose secrets are public. Default: false.
    #[serde(default)]
    pub demo: bool,
    /// Listeners and limits.
    #[serde(default)]
    pub server: ServerSettings,
    /// Logs.
    #[serde(default)]
    pub log: LogSettings,
    /// Workspaces, bases and their tokens.
    #[serde(default)]
    pub bases: BasesSettings,
    /// Whose tokens are accepted.
    #[serde(default)]
    pub auth: IssuerSettings,
    /// The way to the auth server, where Account-Tokens are exchanged and people and groups are known: the client needs the
    /// grant `token_exchange`, the audience of bases, and the scopes `bases`, `internal:revocations` and
    /// `internal:directory`. `authority.audience` is `bases.audience` by default.
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
    settings.bases.tokens.check(settings.demo)?;
    let telemetry = telemetry::init(&settings.log, "base-token")?;
    let clock = Clock::system();
    let db = settings.bases.open_database(&settings.data_dir)?;
    let master = settings.bases.open_master_key(&settings.data_dir)?;
    let authority = settings.authority.for_audience(&settings.bases.audience);
    let authority = Authority::connect(authority).context("authority")?;
    let access = authority.resource_server(&settings.auth, settings.bases.profile(), clock.clone());
    let (authenticator, directory) = (access.authenticator(), Arc::new(authority));
    let origin = PublicOrigin::new(&settings.server);
    let bases =
        Bases::start(settings.bases, db.clone(), &master, authenticator, directory, origin, clock).await?;
    let explorer = Explorer::new(&[("base-token", || crate::openapi().to_json())]);
    let server = Server::new(&settings.server)
        .dialects(crate::DIALECTS)
        .secret_paths(crate::SECRET_PATHS)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(bases.configure());
    with_checks(server, db, access).on_shutdown(async move { bases.shutdown().await }).run().await?;
    drop(telemetry);
    Ok(())
}

/// Whether the auth server's directory answers is not among them: API-Tokens and external links are exchanged without it,
/// and taking every replica out of service would end that, too.
fn with_checks(server: Server, db: Db, access: ResourceServer) -> Server {
    let ping = move || {
        let db = db.clone();
        async move { db.ping().await }
    };
    let access = Arc::new(access);
    let (keys, seen) = (Arc::clone(&access), Arc::clone(&access));
    server
        .observe(move || seen.report())
        .ready("bases database", ping)
        .ready("keys", move || {
            let access = Arc::clone(&keys);
            async move { access.ensure_keys().await }
        })
        .ready("revocation feed", move || ready(access.ensure_feed()))
}
