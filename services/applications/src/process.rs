//! This service in a process of its own: what its settings hold besides `applications.*`, and how the parts are put
//! together.

use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use ::bootstrap::BootstrapSettings;
use anyhow::Context as _;
use auth_claims::clock::Clock;
use auth_claims::resource_server::ResourceServer;
use auth_client::{Authority, AuthoritySettings, IssuerSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use service_kit::Server;
use service_kit::docs::Explorer;
use service_kit::settings::{LogSettings, ServerSettings};
use service_kit::telemetry;
use store::Db;

use crate::{Applications, ApplicationsSettings};

/// Keys whose values are secrets: each also accepts `<key>_file`.
pub const SECRETS: &[&str] = &["authority.client_secret", "applications.database.url"];

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
    /// Applications.
    #[serde(default)]
    pub applications: ApplicationsSettings,
    /// What to apply before serving: of a bootstrap file the section `applications`.
    #[serde(default)]
    pub bootstrap: BootstrapSettings,
    /// Whose tokens are accepted.
    #[serde(default)]
    pub auth: IssuerSettings,
    /// The way to the auth server, which is told of applications before they change: the client has to be registered for
    /// the scope `internal:applications`. Agents' device sessions are exchanged there: for them it needs the grant
    /// `token_exchange` and the audience of applications. `authority.audience` is `applications.audience` by default.
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
    let telemetry = telemetry::init(&settings.log, "applications")?;
    let clock = Clock::system();
    let db = settings.applications.open_database(&settings.data_dir)?;
    let authority = settings.authority.for_audience(&settings.applications.audience);
    let authority = Authority::connect(authority).context("authority")?;
    let access = authority.resource_server(&settings.auth, settings.applications.profile(), clock.clone());
    let (authenticator, registry) = (access.authenticator(), Arc::new(authority));
    let applications =
        Applications::start(settings.applications, db.clone(), authenticator, registry, clock).await;
    let applications = applications.context("applications.database")?;
    let sources = settings.bootstrap.sources(false).context("bootstrap.file")?;
    applications.app().apply_at_start(&sources).await.context("bootstrap.file")?;
    let explorer = Explorer::new(&[("applications", || crate::openapi().to_json())]);
    let server = Server::new(&settings.server)
        .dialects(crate::DIALECTS)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(applications.configure());
    with_checks(server, db, access).run().await?;
    drop(telemetry);
    Ok(())
}

/// Whether the auth server can be told of changes is not among them: without it applications are still read and
/// configured, and taking every replica out of service would end that, too.
fn with_checks(server: Server, db: Db, access: ResourceServer) -> Server {
    let ping = move || {
        let db = db.clone();
        async move { db.ping().await }
    };
    let access = Arc::new(access);
    let (keys, seen) = (Arc::clone(&access), Arc::clone(&access));
    server
        .observe(move || seen.report())
        .ready("applications database", ping)
        .ready("keys", move || {
            let access = Arc::clone(&keys);
            async move { access.ensure_keys().await }
        })
        .ready("revocation feed", move || ready(access.ensure_feed()))
}
