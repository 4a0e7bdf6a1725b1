//! This service in a process of its own: its flags, what its settings hold besides `auth.*`, and how the parts are put
//! together.

use std::path::PathBuf;

use anyhow::Context as _;
use auth_claims::clock::Clock;
use clap::Parser;
use identity::IdentitySettings;
use identity::audit::Origin;
use identity::bootstrap::BootstrapSettings;
use schemars::JsonSchema;
use serde::Deserialize;
use service_kit::docs::Explorer;
use service_kit::flags::Flags;
use service_kit::settings::{LogSettings, ServerSettings};
use service_kit::{Server, telemetry};

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
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    let (auth, _) = settings.auth.with_issuer_at(&settings.server).context("auth.issuer")?;
    let identity = settings.identity.open(&settings.data_dir, settings.demo, Clock::system()).await?;
    let sources = settings.bootstrap.sources(settings.demo).context("bootstrap.file")?;
    identity.apply_at_start(&sources, settings.demo, &Origin::default()).await.context("bootstrap.file")?;
    let auth = AuthServer::start(auth, identity.clone()).await.context("signing keys")?;
    let explorer = Explorer::new(&[("auth-server", || crate::openapi().to_json())]);
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
        .dialects(crate::DIALECTS)
        .configure(move |cfg| explorer.configure(cfg))
        .configure(auth.configure())
        .configure(auth.configure_last())
        .ready("identity database", ping)
        .on_shutdown(flush)
        .run()
        .await?;
    drop(telemetry);
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
