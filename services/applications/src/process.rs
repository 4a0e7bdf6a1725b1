//! This service in a process of its own: what its settings hold besides `applications.*`, and how the parts are put
//! together.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use auth_claims::caller::Authenticator;
use auth_claims::clock::Clock;
use auth_claims::revocations::Follower;
use auth_claims::verify::{LostFeed, Verifier, VerifierSettings};
use ::bootstrap::BootstrapSettings;
use auth_client::{Authority, AuthoritySettings};
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
    let telemetry = telemetry::init(&settings.log, "applications")?;
    let clock = Clock::system();
    let db = settings.applications.open_database(&settings.data_dir)?;
    let authority = Authority::connect(asking_for(settings.authority, &settings.applications.audience));
    let authority = Arc::new(authority.context("authority")?);
    let expected = VerifierSettings {
        // Whatever was revoked before this process began is unknown until the feed has told it.
        lost_feed: LostFeed::KeepServingOnceHeard,
        ..VerifierSettings::new(settings.auth.issuer, settings.applications.audience.as_str())
    };
    let verifier = Verifier::new(expected, Arc::clone(&authority) as _, clock.clone());
    let revocations = Arc::clone(verifier.revocations());
    let follower = Follower::spawn(Arc::clone(&authority) as _, revocations, clock.clone());
    let exchange = Arc::clone(&authority);
    let authenticator = Authenticator::new(verifier.clone(), Some(exchange));
    let applications =
        Applications::start(settings.applications, db.clone(), authenticator, authority, clock).await;
    let applications = applications.context("applications.database")?;
    let sources = settings.bootstrap.sources(false).context("bootstrap.file")?;
    applications.app().apply_at_start(&sources).await.context("bootstrap.file")?;
    let explorer = Explorer::new([("applications", crate::openapi().to_json()?)]);
    let server = Server::new(&settings.server)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(applications.configure());
    with_checks(server, db, verifier, follower).run().await?;
    drop(telemetry);
    Ok(())
}

/// Exchanged tokens are for this service alone, whatever else its client is registered for.
fn asking_for(authority: AuthoritySettings, audience: &str) -> AuthoritySettings {
    let audience = authority.audience.or_else(|| Some(audience.to_owned()));
    AuthoritySettings { audience, ..authority }
}

/// Whether the auth server can be told of changes is not among them: without it applications are still read and
/// configured, and taking every replica out of service would end that, too.
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
    server.ready("applications database", ping).ready("keys", keys).ready("revocation feed", feed)
}
