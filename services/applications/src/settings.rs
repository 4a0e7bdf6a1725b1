//! `applications.*`

use std::path::Path;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use store::{DatabaseSettings, Db, create_data_dir};

/// What an operator says about this service. Every member has a default.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationsSettings {
    /// Whether the API is served; if not, every path below its prefix is unknown. Default: true.
    pub enabled: bool,
    /// The database of applications.
    pub database: DatabaseSettings,
    /// The `aud` that access tokens for this service have. Default: `applications`.
    pub audience: String,
}

impl Default for ApplicationsSettings {
    fn default() -> Self {
        Self { enabled: true, database: DatabaseSettings::default(), audience: "applications".to_owned() }
    }
}

impl ApplicationsSettings {
    /// Opens the database without looking into it; an embedded one lies in the data directory.
    ///
    /// # Errors
    /// A directory that cannot be made, or a URL that does not work.
    pub fn open_database(&self, data_dir: &Path) -> anyhow::Result<Db> {
        if self.database.url.expose_secret().is_empty() {
            create_data_dir(data_dir)
                .with_context(|| format!("data_dir: cannot create {}", data_dir.display()))?;
        }
        let database = self.database.clone().or_sqlite(&data_dir.join("applications.db"));
        Db::open(&database).context("applications.database")
    }
}
