//! This service in a process of its own: its flags, what its settings hold besides `auth.*`, and how the parts are put
//! together.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use auth_claims::clock::Clock;
use clap::Parser;
use identity::audit::Origin;
use identity::bootstrap::{DEMO_DOCUMENT, Document, SecretSources};
use identity::master::MasterKey;
use identity::{Identity, IdentitySettings};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use service_kit::docs::Explorer;
use service_kit::flags::Flags;
use service_kit::settings::{LogSettings, ServerSettings};
use service_kit::{Server, telemetry};
use store::Db;

use crate::{AuthServer, AuthSettings};

/// Keys whose values are secrets: each also accepts `<key>_file`.
pub const SECRETS: &[&str] = &["identity.master_key", "identity.database.url"];

/// Tokens in every dialect of the platform
#[derive(Debug, Parser)]
#[command(name = "auth-server", version)]
pub struct Command {
    /// The flags of every binary.
    #[command(flatten)]
    pub flags: Flags,
    /// Bootstrap file to apply before serving
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// Load the demo directory: its secrets are public, so never use it for anything real
    #[arg(long)]
    demo: bool,
}

impl Command {
    /// The settings that the flags stand for.
    #[must_use]
    pub fn overrides(&self) -> Vec<(String, String)> {
        let bootstrap = self.bootstrap.as_ref().map(|path| path.display().to_string());
        let own = [
            bootstrap.map(|path| ("bootstrap.file".to_owned(), path)),
            self.demo.then(|| ("demo".to_owned(), "true".to_owned())),
        ];
        self.flags.overrides().into_iter().chain(own.into_iter().flatten()).collect()
    }
}

/// Everything an operator can say to this process.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the embedded database and the master key are kept. Default: `./tessera-data`.
    pub data_dir: PathBuf,
    /// Whether this is a demonstration, whose secrets are public. Default: false.
    pub demo: bool,
    /// Listeners and limits.
    pub server: ServerSettings,
    /// Logs.
    pub log: LogSettings,
    /// The directory.
    pub identity: IdentitySettings,
    /// How tokens are issued.
    pub auth: AuthSettings,
    /// What to apply before serving.
    pub bootstrap: BootstrapSettings,
}

/// `bootstrap.*`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapSettings {
    /// The bootstrap file that is applied at the start. Default: none.
    pub file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./tessera-data"),
            demo: false,
            server: ServerSettings::default(),
            log: LogSettings::default(),
            identity: IdentitySettings::default(),
            auth: AuthSettings::default(),
            bootstrap: BootstrapSettings::default(),
        }
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// A setting that does not work, a bootstrap file that is refused, or a database that cannot be brought up to date; in
/// one sentence.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let telemetry = telemetry::init(&settings.log, "auth-server")?;
    let identity = open(&settings).await?;
    bootstrap(&settings, &identity).await?;
    let auth = AuthServer::start(settings.auth, identity.clone()).await.context("signing keys")?;
    let explorer = Explorer::new([("auth-server", crate::openapi().to_json()?)]);
    let db = identity.db().clone();
    let ping = move || {
        let db = db.clone();
        async move { db.ping().await }
    };
    let flush = async move {
        if let Err(error) = identity.audit().flush().await {
            tracing::error!("{error}");
        }
    };
    Server::new(&settings.server)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(auth.configure())
        .ready("identity database", ping)
        .on_shutdown(flush)
        .run()
        .await?;
    drop(telemetry);
    Ok(())
}

/// Opens the directory, applying missing migrations; makes the data directory at the first start.
async fn open(settings: &Settings) -> anyhow::Result<Identity> {
    let (directory, given) = (&settings.data_dir, &settings.identity);
    let embedded = given.database.url.expose_secret().is_empty();
    if embedded || given.master_key.is_none() {
        // Secrets and people's data lie in it, so it is its owner's alone.
        DirBuilder::new().recursive(true).mode(0o700).create(directory).context("data_dir")?;
    }
    let master = match &given.master_key {
        Some(key) => MasterKey::parse(key.expose_secret()),
        None => MasterKey::load_or_create(&directory.join("master.key")),
    }
    .context("identity.master_key")?;
    let database = given.database.clone().or_sqlite(&directory.join("identity.db"));
    let db = Db::open(&database).context("identity.database")?;
    let identity = Identity::open(db, master, given.password.clone(), Clock::system()).await?;
    if !settings.demo {
        identity.require_not_demo().await?;
    }
    Ok(identity)
}

/// Applies the demo and the file of the settings, whichever are asked for.
async fn bootstrap(settings: &Settings, identity: &Identity) -> anyhow::Result<()> {
    if settings.demo {
        apply(identity, DEMO_DOCUMENT, Path::new("."), true).await?;
    }
    if let Some(path) = &settings.bootstrap.file {
        let text = fs::read_to_string(path).with_context(|| format!("bootstrap.file {}", path.display()))?;
        apply(identity, &text, path.parent().unwrap_or(Path::new(".")), settings.demo).await?;
    }
    Ok(())
}

async fn apply(identity: &Identity, text: &str, directory: &Path, demo: bool) -> anyhow::Result<()> {
    let environment = |name: &str| {
        #[expect(clippy::disallowed_methods, reason = "`env:NAME` in a bootstrap file is no setting")]
        std::env::var(name).ok()
    };
    let sources = SecretSources { environment: &environment, directory: directory.to_owned() };
    let document = Document::parse(text, &sources, demo)?;
    for change in identity.apply_bootstrap(&document, false, &Origin::default()).await? {
        tracing::info!("bootstrap: {change}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_settings() {
        let arguments = ["auth-server", "--listen", "0.0.0.0:80", "--bootstrap", "b.yaml", "--demo"];
        let given = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            Command::parse_from(arguments).overrides(),
            [given("server.listen", "0.0.0.0:80"), given("bootstrap.file", "b.yaml"), given("demo", "true")]
        );
        assert_eq!(Command::parse_from(["auth-server"]).overrides(), []);
    }
}
