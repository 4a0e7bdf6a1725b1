//! `agenda.*`

use auth_claims::resource_server::ServiceProfile;
use auth_claims::scopes::Scope;
use rdv_dialect::parameters::BodyLimit;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::client_address;
use service_kit::settings::hidden_option;

/// The fewest characters of a shared secret: it makes its holder every agent, for ever.
const SHORTEST_SECRET: usize = 32;

/// What an operator says about this service. Every member has a default.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgendaSettings {
    /// Whether the API is served; if not, every path below its prefix is unknown. Default: true.
    pub enabled: bool,
    /// The `aud` that access tokens for this service have. Default: `agenda`.
    pub audience: String,
    /// The scope that access tokens need. Default: `agenda`.
    #[serde(deserialize_with = "scope")]
    pub scope: String,
    /// The key of `X-Agent-Auth-Signature`, at least 32 characters. Whoever has it is every agent. Default: none, and no
    /// signature is accepted.
    #[serde(serialize_with = "hidden_option", deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub shared_secret: Option<SecretString>,
    /// Sizes.
    pub limits: LimitSettings,
}

impl Default for AgendaSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            audience: "agenda".to_owned(),
            scope: "agenda".to_owned(),
            shared_secret: None,
            limits: LimitSettings::default(),
        }
    }
}

/// Sizes of what clients send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Bytes of a request body; more is answered with 413. Default: 65536.
    pub body: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let BodyLimit(body) = BodyLimit::default();
        Self { body }
    }
}

/// The shared secret is one that can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("agenda.shared_secret: has to have at least {SHORTEST_SECRET} characters")]
pub struct ShortSecret;

impl AgendaSettings {
    /// What this service says of itself to the rest of the platform.
    #[must_use]
    pub fn profile(&self) -> ServiceProfile<'_> {
        ServiceProfile { app: "agenda", audience: &self.audience, client_address }
    }

    /// Checks the length of the shared secret; a demonstration, whose secrets are public, may have a short one.
    ///
    /// # Errors
    /// [`ShortSecret`].
    pub fn check_secret(&self, demo: bool) -> Result<(), ShortSecret> {
        let short = |secret: &SecretString| secret.expose_secret().chars().count() < SHORTEST_SECRET;
        if !demo && self.shared_secret.as_ref().is_some_and(short) { Err(ShortSecret) } else { Ok(()) }
    }
}

fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Scope::deserialize(deserializer)?.as_str().to_owned())
}

/// An empty text is none: the way to switch it off in an environment variable, and no key for anybody's signature.
fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let given = Option::<SecretString>::deserialize(deserializer)?;
    Ok(given.filter(|secret| !secret.expose_secret().is_empty()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{AgendaSettings, ShortSecret};

    fn load(value: Value) -> Result<AgendaSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn without_settings_there_is_no_shared_secret() {
        let settings = load(json!({})).unwrap();
        assert!(settings.enabled && settings.shared_secret.is_none());
        assert_eq!((settings.audience.as_str(), settings.scope.as_str()), ("agenda", "agenda"));
        assert_eq!(settings.limits.body, 65536);
    }

    #[rstest]
    #[case::none(json!(null), false, Ok(()))]
    #[case::empty(json!(""), false, Ok(()))]
    #[case::short(json!("x".repeat(31)), false, Err(ShortSecret))]
    #[case::short_in_a_demonstration(json!("x"), true, Ok(()))]
    #[case::long_enough(json!("x".repeat(32)), false, Ok(()))]
    fn a_shared_secret_is_long(
        #[case] secret: Value,
        #[case] demo: bool,
        #[case] expected: Result<(), ShortSecret>,
    ) {
        let settings = load(json!({ "shared_secret": secret })).unwrap();
        assert_eq!(settings.check_secret(demo), expected);
        assert_eq!(settings.shared_secret.is_none(), secret.is_null() || secret == "");
    }

    #[rstest]
    #[case::scope(json!({"scope": "a b"}), "a scope is")]
    #[case::unknown(json!({"colour": "red"}), "unknown field `colour`")]
    fn a_bad_value_stops_the_start(#[case] value: Value, #[case] reason: &str) {
        let error = load(value).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn the_secret_is_not_shown() {
        let settings = load(json!({ "shared_secret": "k3y" })).unwrap();
        let shown = format!("{settings:?}{}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("k3y"), "{shown}");
    }
}
