//! `bases.tokens.*`

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::settings::hidden_option;

/// The fewest characters of a key: whoever guesses one opens every base.
const SHORTEST_KEY: usize = 32;

/// How Base-Tokens and temporary API-Tokens are signed. Every member has a default.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenSettings {
    /// How Base-Tokens are signed. Default: `shared`.
    pub signing: Signing,
    /// The secret of Base-Tokens, which a data plane shares; at least 32 characters. Default: one that the first start
    /// makes and keeps in the database.
    #[serde(serialize_with = "hidden_option", deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub base_key: Option<SecretString>,
    /// The secret of temporary API-Tokens, which nobody shares, and which is not the other one; at least 32 characters.
    /// Default: one that the first start makes and keeps in the database.
    #[serde(serialize_with = "hidden_option", deserialize_with = "optional_secret")]
    #[schemars(with = "Option<String>")]
    pub temporary_key: Option<SecretString>,
}

/// How Base-Tokens are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signing {
    /// HS256 with `base_key`, as existing data planes verify them.
    #[default]
    Shared,
    /// ES256 with keys of this service's own, published at `/api/v2.1/dtable/jwks.json`.
    Es256,
}

/// A key is one that can be guessed, or taken for the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// Too short.
    #[error("bases.tokens.{0}: has to have at least {SHORTEST_KEY} characters")]
    Short(&'static str),
    /// Both are the same.
    #[error("bases.tokens: base_key and temporary_key must not be the same")]
    Same,
}

impl TokenSettings {
    /// Checks the keys; those of a demonstration, whose secrets are public, may be short, and never the same.
    ///
    /// # Errors
    /// [`WeakKey`].
    pub fn check(&self, demo: bool) -> Result<(), WeakKey> {
        let text = |key: &Option<SecretString>| key.as_ref().map(|key| key.expose_secret().to_owned());
        let keys = [("base_key", text(&self.base_key)), ("temporary_key", text(&self.temporary_key))];
        if let [(_, Some(base)), (_, Some(temporary))] = &keys
            && base == temporary
        {
            return Err(WeakKey::Same);
        }
        let short = |key: &String| key.chars().count() < SHORTEST_KEY;
        match keys.iter().find(|(_, key)| key.as_ref().is_some_and(short)) {
            Some((name, _)) if !demo => Err(WeakKey::Short(name)),
            _ => Ok(()),
        }
    }
}

/// An empty text is none: the way to leave it out in an environment variable, and no key of any token.
fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let given = Option::<SecretString>::deserialize(deserializer)?;
    Ok(given.filter(|secret| !secret.expose_secret().is_empty()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Signing, TokenSettings, WeakKey};

    fn load(value: Value) -> Result<TokenSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn every_member_has_a_default() {
        let settings = load(json!({})).unwrap();
        assert_eq!(settings.signing, Signing::Shared);
        assert!(settings.base_key.is_none() && settings.temporary_key.is_none());
        assert_eq!(settings.check(false), Ok(()));
    }

    /// Threat 22: keys that can be guessed stop the start.
    #[rstest]
    #[case::long(&"a".repeat(32), &"b".repeat(32), Ok(()), Ok(()))]
    #[case::short_base(&"a".repeat(31), &"b".repeat(32), Err(WeakKey::Short("base_key")), Ok(()))]
    #[case::short_temporary("", &"b".repeat(31), Err(WeakKey::Short("temporary_key")), Ok(()))]
    #[case::characters_count(&"é".repeat(31), "", Err(WeakKey::Short("base_key")), Ok(()))]
    #[case::same(&"a".repeat(32), &"a".repeat(32), Err(WeakKey::Same), Err(WeakKey::Same))]
    #[case::empty("", "", Ok(()), Ok(()))]
    fn threat_22_keys_are_long_and_two(
        #[case] base: &str,
        #[case] temporary: &str,
        #[case] expected: Result<(), WeakKey>,
        #[case] in_a_demonstration: Result<(), WeakKey>,
    ) {
        let settings = load(json!({"base_key": base, "temporary_key": temporary})).unwrap();
        assert_eq!(settings.check(false), expected);
        assert_eq!(settings.check(true), in_a_demonstration);
    }

    #[rstest]
    #[case::unknown(json!({"colour": "red"}), "unknown field `colour`")]
    #[case::signing(json!({"signing": "none"}), "unknown variant `none`")]
    fn a_bad_value_stops_the_start(#[case] value: Value, #[case] reason: &str) {
        let error = load(value).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn no_key_is_shown() {
        let settings = load(json!({"base_key": "k3y-of-bases", "temporary_key": "k3y-of-scripts"})).unwrap();
        let shown = format!("{settings:?}{}", serde_json::to_string(&settings).unwrap());
        assert!(!shown.contains("k3y"), "{shown}");
    }
}
