//! What an operator says about pruning.

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// How rows whose time is over are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PruneSettings {
    /// From the end of a pass to the next. Default: `10m`.
    #[serde(serialize_with = "humantime_serde::serialize", deserialize_with = "longer_than_nothing")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// Rows that one transaction deletes at most. Default: 500.
    pub batch: NonZeroU32,
}

impl Default for PruneSettings {
    fn default() -> Self {
        Self { interval: Duration::from_mins(10), batch: NonZeroU32::new(500).unwrap_or(NonZeroU32::MIN) }
    }
}

fn longer_than_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let interval: Duration = humantime_serde::deserialize(deserializer)?;
    if interval.is_zero() {
        return Err(de::Error::custom("interval must be longer than nothing"));
    }
    Ok(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_a_default_and_nothing_is_refused() {
        let settings: PruneSettings = serde_json::from_str("{}").unwrap();
        assert_eq!((settings.interval, settings.batch.get()), (Duration::from_mins(10), 500));
        for wrong in [r#"{"interval": "0s"}"#, r#"{"batch": 0}"#, r#"{"batches": 1}"#] {
            assert!(serde_json::from_str::<PruneSettings>(wrong).is_err(), "{wrong}");
        }
    }
}
