//! How second factors are checked.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::throttle::{LockoutRule, PasswordLimits};

/// No device is trusted longer, whatever the settings say.
const LONGEST_TRUST: Duration = Duration::from_hours(365 * 24);

/// `auth.otp.*`
///
/// Of a million codes three are good at any moment. With the defaults somebody who knows the password finds one within
/// a day with a chance of less than one in five thousand.
///
/// Deserializing refuses what cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct OtpSettings {
    /// The name under which authenticator apps show the account. Default: `Tessera`.
    pub issuer: String,
    /// How long a trusted device needs no code, at most a year. Default: `90d`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub trusted_device_lifetime: Duration,
    /// How many devices of one account are trusted; one more takes the place of the oldest. At least 1. Default: 20.
    pub trusted_devices: u32,
    /// Wrong codes for one account from one address within `failure_window`; 0 switches this limit off. Default: 5.
    pub failures: usize,
    /// How long those count. Default: `5m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub failure_window: Duration,
    /// Wrong codes for one account in a row, from all addresses together and at all auth servers, from which on every one
    /// locks; an address from which the account has signed in before has this limit to itself, so that others do not lock
    /// the account out there. 0 switches it off. Default: 50.
    pub account_failures: u32,
    /// How long the first lock lasts; each further wrong code doubles it. Default: `5m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub lockout: Duration,
    /// How long a lock lasts at most. Default: `1d`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub lockout_longest: Duration,
    /// How long after the last wrong code, or the end of the lock it brought, all are forgotten. Default: `1d`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub account_window: Duration,
}

impl Default for OtpSettings {
    fn default() -> Self {
        Self {
            issuer: "Tessera".to_owned(),
            trusted_device_lifetime: Duration::from_hours(90 * 24),
            trusted_devices: 20,
            failures: 5,
            failure_window: Duration::from_mins(5),
            account_failures: 50,
            lockout: Duration::from_mins(5),
            lockout_longest: Duration::from_hours(24),
            account_window: Duration::from_hours(24),
        }
    }
}

impl OtpSettings {
    /// The same kind of counts as for passwords, with the account in place of a name.
    pub(crate) fn limits(&self) -> PasswordLimits {
        PasswordLimits {
            pair_failures: self.failures,
            pair_window: self.failure_window,
            lockout: LockoutRule {
                failures: self.account_failures,
                first: self.lockout,
                longest: self.lockout_longest,
                forgotten: self.account_window,
            },
            // Whoever gets here knows a password, so there are no names to be tried out.
            address_failures: 0,
            ..PasswordLimits::default()
        }
    }
}

impl<'de> Deserialize<'de> for OtpSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = Self::deserialize(deserializer)?;
        if settings.issuer.trim().is_empty() || settings.issuer.contains(':') {
            return Err(de::Error::custom("issuer must be a name without a colon"));
        }
        let lifetime = settings.trusted_device_lifetime;
        if lifetime < Duration::from_secs(1) || lifetime > LONGEST_TRUST {
            return Err(de::Error::custom("trusted_device_lifetime must be from 1s to 365d"));
        }
        if settings.trusted_devices == 0 {
            return Err(de::Error::custom("trusted_devices must be at least 1"));
        }
        Ok(settings)
    }
}

impl Serialize for OtpSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    fn read(value: Value) -> Result<OtpSettings, String> {
        from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_shown_is_what_is_read() {
        let shown = to_value(OtpSettings::default()).unwrap();
        assert_eq!(read(shown), Ok(OtpSettings::default()));
        assert_eq!(read(json!({})), Ok(OtpSettings::default()));
    }

    #[test]
    fn what_cannot_be_worked_with_is_refused() {
        for (wrong, sentence) in [
            (json!({ "issuer": " " }), "issuer must be a name without a colon"),
            (json!({ "issuer": "a:b" }), "issuer must be a name without a colon"),
            (json!({ "trusted_device_lifetime": "0s" }), "must be from 1s to 365d"),
            (json!({ "trusted_device_lifetime": "366d" }), "must be from 1s to 365d"),
            (json!({ "trusted_devices": 0 }), "trusted_devices must be at least 1"),
            (json!({ "lifetime": "1d" }), "unknown field `lifetime`"),
        ] {
            assert!(read(wrong.clone()).is_err_and(|error| error.contains(sentence)), "{wrong}");
        }
    }
}
