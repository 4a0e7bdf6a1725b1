//! `rooms.*`

use std::num::NonZero;
use std::path::Path;

use anyhow::Context as _;
use auth_claims::resource_server::ServiceProfile;
use meet_dialect::cors::CorsSettings;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use service_kit::client_address;
use store::{DatabaseSettings, Db, create_data_dir};
use url::Url;

use crate::domain::changes::LevelPolicy;
use crate::domain::pagination::PageSizes;
use crate::domain::pin::PinLength;
use crate::domain::room::AccessLevel;

/// The embedded database, in the data directory.
pub const DATABASE_FILE: &str = "rooms.db";

/// What an operator says about this service. Every member has a default. `contracts/meet.md` §10.2.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoomsSettings {
    /// Whether the API is served; if not, every path below its prefix is unknown. Default: true.
    pub enabled: bool,
    /// The database of rooms.
    pub database: DatabaseSettings,
    /// The `aud` that access tokens for this service have. Default: `rooms`.
    pub audience: String,
    /// A user's own token has to hold one of these scopes, spelt exactly so. Default: `lasuite_visio`, `lasuite_meet`.
    pub base_scopes: Vec<String>,
    /// `<prefix>:rooms:list` counts as `rooms:list` for each of these. Default: `lasuite_visio`, `lasuite_meet`.
    pub scope_prefixes: Vec<String>,
    /// Where people enter rooms: `url` is this address, a slash and the slug. Default: none, and rooms show no `url`.
    #[serde(deserialize_with = "optional_web_address")]
    pub application_base_url: Option<Url>,
    /// The level of a room for which none is asked. Default: `trusted`.
    #[schemars(with = "String")]
    pub default_access_level: AccessLevel,
    /// Whether `public` may be asked for. Default: false.
    pub allow_public_access: bool,
    /// Dial-in.
    pub telephony: TelephonySettings,
    /// Browsers of other sites.
    pub cors: CorsSettings,
    /// Sizes.
    pub limits: LimitSettings,
}

impl Default for RoomsSettings {
    fn default() -> Self {
        let both = || vec!["lasuite_visio".to_owned(), "lasuite_meet".to_owned()];
        Self {
            enabled: true,
            database: DatabaseSettings::default(),
            audience: "rooms".to_owned(),
            base_scopes: both(),
            scope_prefixes: both(),
            application_base_url: None,
            default_access_level: AccessLevel::Trusted,
            allow_public_access: false,
            telephony: TelephonySettings::default(),
            cors: CorsSettings::default(),
            limits: LimitSettings::default(),
        }
    }
}

impl RoomsSettings {
    /// What this service says of itself to the rest of the platform.
    #[must_use]
    pub fn profile(&self) -> ServiceProfile<'_> {
        ServiceProfile { app: "rooms", audience: &self.audience, client_address }
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
        Ok(Db::open(&database).context("rooms.database")?.named("rooms"))
    }

    /// Which levels may be asked for.
    #[must_use]
    pub fn level_policy(&self) -> LevelPolicy {
        LevelPolicy { default: self.default_access_level, allow_public: self.allow_public_access }
    }
}

/// Dial-in. `contracts/meet.md` §8.5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TelephonySettings {
    /// Whether rooms show how to dial in, and new ones get a PIN. Default: false.
    pub enabled: bool,
    /// Digits of a PIN, 4 to 32. Default: 10.
    #[schemars(with = "u8")]
    pub pin_length: PinLength,
    /// How many colliding PINs are drawn before a room goes without. Default: 5.
    pub pin_max_retries: u32,
    /// The number to dial, shown as it is. Default: none.
    pub phone_number: Option<String>,
    /// The country of that number, shown as it is. Default: `US`.
    pub default_country: String,
}

impl Default for TelephonySettings {
    fn default() -> Self {
        Self {
            enabled: false,
            pin_length: PinLength::default(),
            pin_max_retries: 5,
            phone_number: None,
            default_country: "US".to_owned(),
        }
    }
}

/// Sizes of what clients send and get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Bytes of a request body; more is answered with 413. Default: 65536.
    pub body: usize,
    /// Bytes of a query string; more is answered with 414. Default: 8192.
    pub query: usize,
    /// Items on a page unless the client asks for another number. Default: 20.
    pub page_size: NonZero<u32>,
    /// Items on a page at most. Default: 100.
    pub max_page_size: NonZero<u32>,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let sizes = (NonZero::<u32>::MIN.saturating_add(19), NonZero::<u32>::MIN.saturating_add(99));
        Self { body: 64 * 1024, query: 8 * 1024, page_size: sizes.0, max_page_size: sizes.1 }
    }
}

impl LimitSettings {
    /// The sizes of pages.
    #[must_use]
    pub fn page_sizes(&self) -> PageSizes {
        PageSizes { default: self.page_size.get(), max: self.max_page_size.get() }
    }
}

/// An empty text is none: the way to switch it off in an environment variable.
fn optional_web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let url: Url = text.parse().map_err(D::Error::custom)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(D::Error::custom("must begin with http:// or https://"));
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::RoomsSettings;
    use crate::domain::room::AccessLevel;

    fn load(value: serde_json::Value) -> Result<RoomsSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_seed() {
        let settings = load(json!({})).unwrap();
        assert_eq!(settings.base_scopes, ["lasuite_visio", "lasuite_meet"]);
        assert_eq!(settings.default_access_level, AccessLevel::Trusted);
        assert!(!settings.allow_public_access && !settings.telephony.enabled);
        assert_eq!((settings.limits.page_size.get(), settings.limits.max_page_size.get()), (20, 100));
    }

    #[rstest]
    #[case::level(json!({"default_access_level": "open"}), "unknown variant `open`")]
    #[case::pin(json!({"telephony": {"pin_length": 3}}), "PIN code length must be at least 4 digits")]
    #[case::page(json!({"limits": {"page_size": 0}}), "nonzero")]
    #[case::url(json!({"application_base_url": "ftp://meet.example"}), "must begin with http:// or https://")]
    #[case::pattern(json!({"cors": {"allowed_origin_regexes": ["("]}}), "open group")]
    #[case::unknown(json!({"colour": "red"}), "unknown field `colour`")]
    fn a_bad_value_stops_the_start(#[case] value: serde_json::Value, #[case] reason: &str) {
        let error = load(value).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn an_empty_base_url_is_none() {
        assert_eq!(load(json!({"application_base_url": ""})).unwrap().application_base_url, None);
    }
}
