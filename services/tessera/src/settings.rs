//! The settings of the single process: every service's, the same keys as in its own binary, and the data directory.

use std::path::{Path, PathBuf};

use agenda::AgendaSettings;
use applications::ApplicationsSettings;
use auth_server::AuthSettings;
use base_token::BasesSettings;
use bootstrap::BootstrapSettings;
use identity::IdentitySettings;
use provisioning::ProvisioningSettings;
use rooms::RoomsSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service_kit::settings::{LogSettings, ServerSettings, Sources, environment, load};

use crate::cli::{Global, Serve};
use crate::failure::Failure;

/// Keys whose values are secrets: each also accepts `<key>_file`, and none is ever shown.
pub(crate) const SECRETS: &[&str] = &[
    "agenda.shared_secret",
    "applications.database.url",
    "bases.database.url",
    "bases.master_key",
    "bases.tokens.base_key",
    "bases.tokens.temporary_key",
    "identity.master_key",
    "identity.database.url",
    "rooms.database.url",
];

/// Everything an operator can say.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where embedded databases and the master key are kept. Default: `./tessera-data`.
    pub(crate) data_dir: PathBuf,
    /// Whether this is a demonstration, whose secrets are public. Default: false.
    pub(crate) demo: bool,
    /// Listeners and limits.
    pub(crate) server: ServerSettings,
    /// Logs.
    pub(crate) log: LogSettings,
    /// The directory.
    pub(crate) identity: IdentitySettings,
    /// The auth server.
    pub(crate) auth: AuthSettings,
    /// The rooms service.
    pub(crate) rooms: RoomsSettings,
    /// The agenda service.
    pub(crate) agenda: AgendaSettings,
    /// The applications service.
    pub(crate) applications: ApplicationsSettings,
    /// Workspaces, bases and their tokens.
    pub(crate) bases: BasesSettings,
    /// Accounts, groups and apps over OCS.
    pub(crate) provisioning: ProvisioningSettings,
    /// What to apply before serving.
    pub(crate) bootstrap: BootstrapSettings,
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
            rooms: RoomsSettings::default(),
            agenda: AgendaSettings::default(),
            applications: ApplicationsSettings::default(),
            bases: BasesSettings::default(),
            provisioning: ProvisioningSettings::default(),
            bootstrap: BootstrapSettings::default(),
        }
    }
}

impl Settings {
    /// Loads the settings for a command.
    pub(crate) fn load(global: &Global, flags: Vec<(String, String)>) -> Result<Self, Failure> {
        let mut overrides = flags;
        overrides.extend(path_override("data_dir", global.data_dir.as_deref()));
        let sources = Sources {
            service: "tessera",
            file: global.config.clone(),
            overrides,
            secrets: SECRETS,
            env: environment(),
        };
        load(sources).map_err(|error| Failure::Usage(error.to_string()))
    }
}

impl Serve {
    /// The settings that the flags of `serve` stand for.
    pub(crate) fn overrides(&self) -> Vec<(String, String)> {
        let address = |key: &str, address: Option<std::net::SocketAddr>| {
            address.map(|address| (key.to_owned(), address.to_string()))
        };
        [
            address("server.listen", self.listen),
            address("server.management", self.management),
            path_override("bootstrap.file", self.bootstrap.as_deref()),
            self.demo.then(|| ("demo".to_owned(), "true".to_owned())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn path_override(key: &str, path: Option<&Path>) -> Option<(String, String)> {
    path.map(|path| (key.to_owned(), path.display().to_string()))
}
