//! `provisioning.*`

use auth_claims::resource_server::ServiceProfile;
use auth_claims::scopes::Scope;
use identity::apps::PROVISIONING;
use phonenumber::country::Id as Region;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use service_kit::client_address;

/// What an operator says about this service. Every member has a default.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProvisioningSettings {
    /// Whether the API is served; if not, every path below its prefixes is unknown. Default: true.
    pub enabled: bool,
    /// The `aud` that access tokens for this service have. Default: `provisioning`.
    pub audience: String,
    /// The scope that access tokens need. Default: `provisioning`.
    #[serde(deserialize_with = "scope")]
    pub scope: String,
    /// Sizes and numbers.
    pub limits: LimitSettings,
    /// What accounts may say of themselves.
    pub accounts: AccountSettings,
}

impl Default for ProvisioningSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            audience: "provisioning".to_owned(),
            scope: "provisioning".to_owned(),
            limits: LimitSettings::default(),
            accounts: AccountSettings::default(),
        }
    }
}

impl ProvisioningSettings {
    /// What this service says of itself to the rest of the platform. It is an app that cannot be disabled.
    #[must_use]
    pub fn profile(&self) -> ServiceProfile<'_> {
        ServiceProfile { app: PROVISIONING, audience: &self.audience, client_address }
    }
}

/// Sizes of what clients send and get, and how often they may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Bytes of a request body; more is answered with 413. Default: 65536.
    pub body: usize,
    /// The most ids of one answer, also where no `limit` is given. Default: 100000.
    pub ids: i64,
    /// The most accounts or groups with all their details in one answer, also where no `limit` is given. Default: 1000.
    pub details: i64,
    /// How many changes of accounts a caller may make in ten minutes; 0 is as many as they like. Default: 50.
    pub edits: usize,
    /// How many changes of further addresses a caller may make in a minute; 0 is as many as they like. Default: 5.
    pub address_edits: usize,
    /// How many searches for telephone numbers a caller may make in an hour; 0 is as many as they like. Default: 20.
    pub phone_searches: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { body: 64 * 1024, ids: 100_000, details: 1000, edits: 50, address_edits: 5, phone_searches: 20 }
    }
}

/// What accounts may say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    /// The language of accounts that have not chosen one. Default: `en`.
    pub language: String,
    /// The country, as ISO 3166-1 has it, of telephone numbers without a country code. Default: none, and such numbers are
    /// refused.
    pub phone_region: Option<String>,
    /// Whether a quota may be unlimited. Default: true.
    pub unlimited_quota: bool,
    /// The most bytes of a quota. Default: no bound.
    pub largest_quota: Option<u64>,
    /// Whether a new account needs an e-mail address. Default: false.
    pub require_email: bool,
    /// Whether a new password has to keep the rules of the RDV dialect: 12 characters or more, a digit, an upper-case letter,
    /// a special character, and none of the common ones. Default: false.
    pub password_rules: bool,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            phone_region: None,
            unlimited_quota: true,
            largest_quota: None,
            require_email: false,
            password_rules: false,
        }
    }
}

/// The country is none of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("provisioning.accounts.phone_region: has to be a country, such as DE")]
pub struct UnknownRegion;

impl AccountSettings {
    /// The country of telephone numbers without a country code.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.phone_region.as_deref().and_then(|region| region.to_uppercase().parse().ok())
    }

    /// Checks the country.
    ///
    /// # Errors
    /// [`UnknownRegion`].
    pub fn check(&self) -> Result<(), UnknownRegion> {
        if self.phone_region.is_some() && self.region().is_none() { Err(UnknownRegion) } else { Ok(()) }
    }
}

fn scope<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Scope::deserialize(deserializer)?.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::ProvisioningSettings;

    fn load(value: Value) -> Result<ProvisioningSettings, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn every_member_has_a_default() {
        let settings = load(json!({})).unwrap();
        assert!(settings.enabled && settings.accounts.unlimited_quota);
        assert_eq!((settings.audience.as_str(), settings.scope.as_str()), ("provisioning", "provisioning"));
        assert_eq!((settings.limits.edits, settings.limits.address_edits), (50, 5));
    }

    #[rstest]
    #[case(json!(null), true, false)]
    #[case(json!("DE"), true, true)]
    #[case(json!("fr"), true, true)]
    #[case(json!("XX"), false, false)]
    #[case(json!(""), false, false)]
    fn a_region_is_a_country(#[case] region: Value, #[case] is_right: bool, #[case] is_there: bool) {
        let accounts = load(json!({"accounts": {"phone_region": region}})).unwrap().accounts;
        assert_eq!((accounts.check().is_ok(), accounts.region().is_some()), (is_right, is_there));
    }

    #[rstest]
    #[case::scope(json!({"scope": "a b"}), "a scope is")]
    #[case::unknown(json!({"colour": "red"}), "unknown field `colour`")]
    #[case::limit(json!({"limits": {"body": -1}}), "invalid value")]
    fn a_bad_value_stops_the_start(#[case] value: Value, #[case] reason: &str) {
        let error = load(value).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}
