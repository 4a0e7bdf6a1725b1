//! What an operator says about a database.

use std::{path::Path, time::Duration};

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// Where a database is and how patient to be with it. Every member has a default.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `sqlite:<path>` or `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=<file>`.
    /// Default: empty, for which the service puts a SQLite file into its data directory.
    #[serde(serialize_with = "shown")]
    #[schemars(with = "String")]
    pub url: SecretString,
    /// Connections at most, and so queries running at the same time. SQLite writes have one of their own besides.
    /// Default: 10.
    pub max_connections: u32,
    /// How long a request waits for a connection before it is answered with 503. Default: 5s.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub acquire_timeout: Duration,
    /// How long a statement waits for a lock somebody else holds. Default: 5s.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub busy_timeout: Duration,
    /// How long a PostgreSQL statement may run; migrations have no limit. Default: 15s.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub statement_timeout: Duration,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: SecretString::default(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            busy_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(15),
        }
    }
}

impl DatabaseSettings {
    /// The defaults for this URL.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into().into(), ..Self::default() }
    }

    /// The same settings, with a SQLite file at `path` where the operator named no URL.
    #[must_use]
    pub fn or_sqlite(mut self, path: &Path) -> Self {
        if self.url.expose_secret().is_empty() {
            self.url = format!("sqlite:{}", path.display()).into();
        }
        self
    }
}

/// A PostgreSQL URL may hold a password in more places than one, so only its kind is shown.
fn shown<S: Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    let url = url.expose_secret();
    let is_secret = !(url.is_empty() || url.starts_with("sqlite:"));
    serializer.serialize_str(if is_secret { "postgres://********" } else { url })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<DatabaseSettings, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn every_member_has_a_default_and_no_other_is_accepted() {
        let settings = read(r#"{"url": "sqlite:x.db", "busy_timeout": "250ms"}"#).unwrap();
        assert_eq!((settings.max_connections, settings.busy_timeout), (10, Duration::from_millis(250)));
        assert!(read(r#"{"urls": ""}"#).unwrap_err().contains("unknown field `urls`"));
        assert!(read(r#"{"acquire_timeout": 5}"#).is_err(), "a number has no unit");
    }

    #[test]
    fn a_file_is_the_default_only_where_there_is_no_url() {
        let path = Path::new("/data/identity.db");
        assert_eq!(read("{}").unwrap().or_sqlite(path).url.expose_secret(), "sqlite:/data/identity.db");
        assert_eq!(
            DatabaseSettings::at("postgres://h/d").or_sqlite(path).url.expose_secret(),
            "postgres://h/d"
        );
    }

    #[test]
    fn shown_settings_hold_no_password() {
        let shown = |url: &str| serde_json::to_value(DatabaseSettings::at(url)).unwrap()["url"].clone();
        assert_eq!(shown("postgres://tessera:geheim@db/tessera?password=geheim"), "postgres://********");
        assert_eq!(shown("sqlite:/var/lib/tessera/rooms.db"), "sqlite:/var/lib/tessera/rooms.db");
        assert_eq!(shown(""), "");
    }
}
