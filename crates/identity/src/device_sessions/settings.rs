//! How long device sessions last, and how many an account has (contracts/rdv-sign-in.md §8).

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// No session lasts longer, whatever the settings say.
pub const LONGEST_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// `auth.rdv.sessions.*`
///
/// Deserializing refuses what cannot be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct DeviceSettings {
    /// How long a session lasts after sign-in, used or not: whole seconds, at most 30 days. Default: `24h`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub lifetime: Duration,
    /// How many sessions an account has at the same time; one more takes the place of the one that would end first.
    /// At least 1. Default: 1.
    pub max_clients: u32,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self { lifetime: Duration::from_hours(24), max_clients: 1 }
    }
}

impl<'de> Deserialize<'de> for DeviceSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = Self::deserialize(deserializer)?;
        if settings.lifetime < Duration::from_secs(1) || settings.lifetime > LONGEST_LIFETIME {
            return Err(de::Error::custom("lifetime must be from 1s to 30d"));
        }
        if settings.max_clients == 0 {
            return Err(de::Error::custom("max_clients must be at least 1"));
        }
        Ok(settings)
    }
}

impl Serialize for DeviceSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json, to_value};

    use super::*;

    fn read(value: Value) -> Result<DeviceSettings, String> {
        from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_shown_is_what_is_read() {
        let shown = to_value(DeviceSettings::default()).unwrap();
        assert_eq!(shown, json!({ "lifetime": "1day", "max_clients": 1 }));
        assert_eq!(read(shown), Ok(DeviceSettings::default()));
        let long = DeviceSettings { lifetime: LONGEST_LIFETIME, max_clients: 10 };
        assert_eq!(read(json!({ "lifetime": "30d", "max_clients": 10 })), Ok(long));
    }

    #[test]
    fn what_cannot_be_worked_with_is_refused() {
        for (wrong, sentence) in [
            (json!({ "lifetime": "0s" }), "lifetime must be from 1s to 30d"),
            (json!({ "lifetime": "999ms" }), "lifetime must be from 1s to 30d"),
            (json!({ "lifetime": "30d 1s" }), "lifetime must be from 1s to 30d"),
            (json!({ "max_clients": 0 }), "max_clients must be at least 1"),
            (json!({ "max_devices": 1 }), "unknown field `max_devices`"),
        ] {
            assert!(read(wrong.clone()).is_err_and(|error| error.contains(sentence)), "{wrong}");
        }
    }
}
