//! `auth.seatable.*`, after `contracts/seatable-tokens.md` §5, §11, §12.

use auth_claims::scopes::Scope;
use schemars::JsonSchema;
use seatable_dialect::rates::RateSettings;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

/// The SeaTable dialect's sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SeaTableSettings {
    /// Whether the routes below `/api2` and `/server-info/` are there at all. Default: true.
    pub enabled: bool,
    /// The version that clients are told, some of which ask for a minimum. Default: `5.1.9`.
    pub version: String,
    /// The edition that they are told: `enterprise edition` or `developer edition`. Default: `enterprise edition`.
    pub edition: String,
    /// The audience that an access token needs to be taken instead of an Account-Token. Default: `bases`.
    pub audience: String,
    /// The scope that it needs. Default: `bases`.
    #[serde(deserialize_with = "scope")]
    pub scope: String,
    /// The picture of every account. Default: `/media/avatars/default.png` at the issuer.
    pub avatar_url: Option<Url>,
    /// How often anybody may ask.
    pub rates: RateSettings,
}

impl Default for SeaTableSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            version: "5.1.9".to_owned(),
            edition: "enterprise edition".to_owned(),
            audience: "bases".to_owned(),
            scope: "bases".to_owned(),
            avatar_url: None,
            rates: RateSettings::default(),
        }
    }
}

fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Scope::deserialize(deserializer)?.as_str().to_owned())
}
