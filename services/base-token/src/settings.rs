//! `bases.*`

mod base_url;

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use auth_claims::resource_server::ServiceProfile;
use auth_claims::scopes::Scope;
use master_key::MasterKey;
use schemars::JsonSchema;
use seatable_dialect::rates::RateSettings;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::client_address;
use service_kit::settings::hidden_option;
use store::pruning::PruneSettings;
use store::{DatabaseSettings, Db, create_data_dir};

pub use self::base_url::BaseUrl;
use crate::tokens::TokenSettings;

/// The embedded database, in the data directory.
pub const DATABASE_FILE: &str = "bases.db";
/// The master key that the first start makes, in the data directory.
pub const MASTER_KEY_FILE: &str = "bases-master.key";

/// What an operator says about this service. Every member has a default.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BasesSettings {
    /// Whether the API is served; if not, its paths are unknown. Default: true.
    pub enabled: bool,
    /// The database of workspaces, bases and their tokens. Default: a SQLite file in the data directory.
    pub database: DatabaseSettings,
    /// Base64 of 32 bytes, which API-Tokens and signing keys are sealed under. Default: a file in the data directory, made
    /// at the first start.
    #[serde(serialize_with = "hidden_option")]
    #[schemars(with = "Option<String>")]
    pub master_key: Option<SecretString>,
    /// The `aud` that access tokens for this service have. Default: `bases`.
    pub audience: String,
    /// The scope that access tokens need. Default: `bases`.
    #[serde(deserialize_with = "scope")]
    pub scope: String,
    /// The address of the SeaTable server, which the URLs of external links and those below begin with. Default: the
    /// public origin.
    #[schemars(with = "Option<String>")]
    pub server_url: Option<BaseUrl>,
    /// Where clients find `dtable-server`. Default: `dtable-server/` below the server.
    #[schemars(with = "Option<String>")]
    pub dtable_server: Option<BaseUrl>,
    /// Where clients find the socket of `dtable-server`. Default: the server.
    #[schemars(with = "Option<String>")]
    pub dtable_socket: Option<BaseUrl>,
    /// Where clients find `dtable-db`. Default: `dtable-db/` below the server.
    #[schemars(with = "Option<String>")]
    pub dtable_db: Option<BaseUrl>,
    /// Whether the data plane is behind an API gateway at `api-gateway/` below the server; clients are told so. Default:
    /// false.
    pub use_api_gateway: bool,
    /// How many requests are answered.
    pub rates: RateSettings,
    /// How Base-Tokens are signed.
    pub tokens: TokenSettings,
    /// Sizes.
    pub limits: LimitSettings,
    /// How long a deleted base can be restored; then it is gone with its tokens and links. Default: 30 days.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub trash_retention: Duration,
    /// How long an external link that has expired is shown as such; then it is gone, and its token free again. Default: 90
    /// days.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub expired_links_kept: Duration,
    /// How what is over is deleted from the database.
    pub pruning: PruneSettings,
}

impl Default for BasesSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            database: DatabaseSettings::default(),
            master_key: None,
            audience: "bases".to_owned(),
            scope: "bases".to_owned(),
            server_url: None,
            dtable_server: None,
            dtable_socket: None,
            dtable_db: None,
            use_api_gateway: false,
            rates: RateSettings::default(),
            tokens: TokenSettings::default(),
            limits: LimitSettings::default(),
            trash_retention: Duration::from_hours(30 * 24),
            expired_links_kept: Duration::from_hours(90 * 24),
            pruning: PruneSettings::default(),
        }
    }
}

fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Scope::deserialize(deserializer)?.as_str().to_owned())
}

/// Sizes of what clients send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Bytes of a request body; more is answered with 413. Default: 1048576.
    pub body: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { body: 1024 * 1024 }
    }
}

impl BasesSettings {
    /// What this service says of itself to the rest of the platform.
    #[must_use]
    pub fn profile(&self) -> ServiceProfile<'_> {
        ServiceProfile { app: "bases", audience: &self.audience, client_address }
    }

    /// Opens the database without looking into it; an embedded one lies in the data directory.
    ///
    /// # Errors
    /// A directory that cannot be made, or a URL that does not work.
    pub fn open_database(&self, data_dir: &Path) -> anyhow::Result<Db> {
        if self.database.url.expose_secret().is_empty() {
            made(data_dir)?;
        }
        let database = self.database.clone().or_sqlite(&data_dir.join(DATABASE_FILE));
        Ok(Db::open(&database).context("bases.database")?.named("bases"))
    }

    /// The database for a program that has it for itself, without looking into it.
    ///
    /// # Errors
    /// A URL that does not work; somebody who has an embedded database open.
    pub fn open_database_alone(&self, data_dir: &Path) -> anyhow::Result<Db> {
        let database = self.database.clone().or_sqlite(&data_dir.join(DATABASE_FILE));
        Ok(Db::open_alone(&database).context("bases.database")?.named("bases"))
    }

    /// The master key of this service as [`open_master_key`](Self::open_master_key) reads it. None is made.
    ///
    /// # Errors
    /// A key or file that is none.
    pub fn load_master_key(&self, data_dir: &Path) -> anyhow::Result<MasterKey> {
        let key = match &self.master_key {
            Some(key) => MasterKey::parse(key.expose_secret()),
            None => MasterKey::load(&data_dir.join(MASTER_KEY_FILE)),
        };
        key.context("bases.master_key")
    }

    /// The master key of this service: the one that is set, or the file in the data directory, which the first start makes.
    ///
    /// # Errors
    /// A key or file that is none, a directory that cannot be made.
    pub fn open_master_key(&self, data_dir: &Path) -> anyhow::Result<MasterKey> {
        let key = if let Some(key) = &self.master_key {
            MasterKey::parse(key.expose_secret())
        } else {
            made(data_dir)?;
            MasterKey::load_or_create(&data_dir.join(MASTER_KEY_FILE))
        };
        key.context("bases.master_key")
    }
}

fn made(data_dir: &Path) -> anyhow::Result<()> {
    create_data_dir(data_dir).with_context(|| format!("data_dir: cannot create {}", data_dir.display()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn load(value: Value) -> Result<BasesSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn every_member_has_a_default() {
        let settings = load(json!({})).unwrap();
        assert!(settings.enabled && !settings.use_api_gateway && settings.server_url.is_none());
        assert_eq!((settings.audience.as_str(), settings.scope.as_str()), ("bases", "bases"));
        assert_eq!((settings.limits.body, settings.trash_retention.as_secs()), (1_048_576, 2_592_000));
    }

    #[rstest]
    #[case::unknown(json!({"colour": "red"}), "unknown field `colour`")]
    #[case::scope(json!({"scope": "a b"}), "a scope is")]
    #[case::no_unit(json!({"trash_retention": 5}), "invalid type")]
    #[case::no_url(json!({"dtable_server": "tables.example"}), "http")]
    fn a_bad_value_stops_the_start(#[case] value: Value, #[case] reason: &str) {
        let error = load(value).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    /// The first start makes the key, the next one finds it; one that is set wins.
    #[test]
    fn the_master_key_is_made_once() {
        let home = tempfile::tempdir().unwrap();
        let data_dir = home.path().join("data");
        let settings = BasesSettings::default();
        settings.open_master_key(&data_dir).unwrap();
        let made = std::fs::read(data_dir.join(MASTER_KEY_FILE)).unwrap();
        settings.open_master_key(&data_dir).unwrap();
        assert_eq!(std::fs::read(data_dir.join(MASTER_KEY_FILE)).unwrap(), made);
        let wrong = BasesSettings { master_key: Some("no base64".into()), ..settings };
        let error = format!("{:#}", wrong.open_master_key(&data_dir).unwrap_err());
        assert!(error.starts_with("bases.master_key: ") && !error.contains("no base64"), "{error}");
    }

    #[test]
    fn no_secret_is_shown() {
        let settings = load(json!({"master_key": "k3y-of-somebody"})).unwrap();
        let shown = format!("{settings:?}{}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("k3y"), "{shown}");
    }
}
