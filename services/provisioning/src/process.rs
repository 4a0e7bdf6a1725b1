//! This service in a process of its own: what its settings hold besides `provisioning.*`, and how the parts are put together.

use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use auth_claims::clock::Clock;
use auth_claims::resource_server::ResourceServer;
use auth_client::{Authority, AuthoritySettings, IssuerSettings};
use identity::IdentitySettings;
use identity::passwords::{PasswordHasher, PasswordSettings};
use identity::revocations::Feed;
use schemars::JsonSchema;
use serde::Deserialize;
use service_kit::Server;
use service_kit::docs::Explorer;
use service_kit::origin::PublicOrigin;
use service_kit::settings::{LogSettings, ServerSettings};
use service_kit::telemetry;
use store::{DatabaseSettings, Db};

use crate::{Provisioning, ProvisioningSettings};

/// Keys whose values are secrets: each also accepts `<key>_file`.
pub const SECRETS: &[&str] = &["authority.client_secret", "identity.database.url"];

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
    /// Accounts, groups and apps over OCS.
    #[serde(default)]
    pub provisioning: ProvisioningSettings,
    /// Where accounts, groups and apps are kept: the directory, without its master key.
    #[serde(default)]
    pub identity: DirectorySettings,
    /// Whose tokens are accepted.
    #[serde(default)]
    pub auth: IssuerSettings,
    /// The way to the auth server.
    pub authority: AuthoritySettings,
}

/// The part of `identity.*` that concerns those who query, and set passwords without checking any.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DirectorySettings {
    /// Where the directory is kept, the same as the auth server's. Default: a SQLite file in the data directory.
    pub database: DatabaseSettings,
    /// Cost of password hashes and bounds of their pool.
    pub password: PasswordSettings,
}

fn data_dir() -> PathBuf {
    PathBuf::from("./tessera-data")
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A setting that does not work, or a database that cannot be brought up to date; in one sentence.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    settings.provisioning.accounts.check()?;
    let telemetry = telemetry::init(&settings.log, "provisioning")?;
    let clock = Clock::system();
    let DirectorySettings { database, password } = settings.identity;
    let hasher = hasher(password).await.context("identity.password")?;
    let db =
        IdentitySettings { database, ..IdentitySettings::default() }.open_database(&settings.data_dir)?;
    db.migrate(&identity::MIGRATIONS).await.context("identity.database")?;
    let authority = settings.authority.for_audience(&settings.provisioning.audience);
    let authority = Authority::connect(authority).context("authority")?;
    let access = authority.resource_server(&settings.auth, settings.provisioning.profile(), clock.clone());
    let (own, origin) = (settings.provisioning, PublicOrigin::new(&settings.server));
    let authenticator = access.authenticator();
    // Nobody in this process waits for revocations: auth servers read them.
    let mine = Feed::informing(Arc::clone(authenticator.verifier().revocations()));
    let provisioning = Provisioning::start(own, db.clone(), mine, hasher, authenticator, origin, clock)?;
    let explorer = Explorer::new(&[("provisioning", || crate::openapi().to_json())]);
    let server = Server::new(&settings.server)
        .dialects(crate::DIALECTS)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(provisioning.configure());
    with_checks(server, db, access).run().await?;
    drop(telemetry);
    Ok(())
}

/// Its first hash is computed at once, so not on a thread that serves.
async fn hasher(settings: PasswordSettings) -> anyhow::Result<PasswordHasher> {
    let made = actix_web::rt::task::spawn_blocking(move || PasswordHasher::new(&settings));
    Ok(made.await??)
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
        .ready("identity database", ping)
        .ready("keys", move || {
            let access = Arc::clone(&keys);
            async move { access.ensure_keys().await }
        })
        .ready("revocation feed", move || ready(access.ensure_feed()))
}
