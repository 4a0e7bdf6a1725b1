//! `applications.*`

use std::path::Path;

use anyhow::Context as _;
use auth_claims::resource_server::ServiceProfile;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::client_address;
use store::{DatabaseSettings, Db, create_data_dir};

/// The embedded database, in the data directory.
pub const DATABASE_FILE: &str = "applications.db";

/// What an operator says about this service. Every member has a default.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationsSettings {
    /// Whether the API is served; if not, every path below its prefix is unknown. Default: true.
    pub enabled: bool,
    /// The database of applications.
    pub database: DatabaseSettings,
    /// The `aud` that access tokens for this service have. Default: `applications`.
    pub audience: String,
    /// Sizes.
    pub limits: LimitSettings,
}

impl Default for ApplicationsSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            database: DatabaseSettings::default(),
            audience: "applications".to_owned(),
            limits: LimitSettings::default(),
        }
    }
}

impl ApplicationsSettings {
    /// What this service says of itself to the rest of the platform.
    #[must_use]
    pub fn profile(&self) -> ServiceProfile<'_> {
        ServiceProfile { app: "applications", audience: &self.audience, client_address }
    }

    /// Opens the database without looking into it; an embedded one lies in the data directory.
    ///
    /// # Errors
    /// A directory that cannot be made, or a URL that does not work.
    pub fn open_database(&self, data_dir: &Path) -> anyhow::Result<Db> {
        if self.database.url.expose_secret().is_empty() {
            create_data_dir(data_dir)
                .with_context(|| format!("data_dir: cannot create {}", data_dir.display()))?;
        }
        let database = self.database.clone().or_sqlite(&data_dir.join(DATABASE_FILE));
        Ok(Db::open(&database).context("applications.database")?.named("applications"))
    }
}

/// Sizes of what clients send and get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Bytes of a request body, at least 262144; more is answered with 413. Default: 327680.
    #[serde(deserialize_with = "at_least_what_is_promised")]
    pub body: usize,
    /// Bytes of a query string; more is answered with 414. Default: 8192.
    pub query: usize,
    /// Bytes of the applications on one page of a list, as the caller sees them; a page that would hold more is answered
    /// with 400 and has to be asked for in smaller ones. Default: 16777216.
    pub page: usize,
}

/// `contracts/auvious-applications.md` §4.6: so many bytes are accepted by every installation.
const PROMISED_BODY: usize = 256 * 1024;

impl Default for LimitSettings {
    fn default() -> Self {
        // A configuration as large as that, and what stands around it.
        Self { body: PROMISED_BODY + 64 * 1024, query: 8 * 1024, page: 16 * 1024 * 1024 }
    }
}

fn at_least_what_is_promised<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let body = usize::deserialize(deserializer)?;
    if body < PROMISED_BODY {
        return Err(D::Error::custom("must be at least 262144"));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::ApplicationsSettings;

    fn load(value: serde_json::Value) -> Result<ApplicationsSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_has_a_default() {
        let settings = load(json!({})).unwrap();
        assert!(settings.enabled && settings.audience == "applications");
        assert_eq!((settings.limits.body, settings.limits.query), (327_680, 8192));
        assert_eq!(settings.limits.page, 16_777_216);
    }

    #[rstest]
    #[case::body(json!({"limits": {"body": 262_143}}), "must be at least 262144")]
    #[case::unknown(json!({"colour": "red"}), "unknown field `colour`")]
    fn a_bad_value_stops_the_start(#[case] value: serde_json::Value, #[case] reason: &str) {
        let error = load(value).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}
