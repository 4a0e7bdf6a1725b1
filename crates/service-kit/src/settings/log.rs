//! `log.*`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the process logs, to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `human` or `json`. Default: `human`.
    pub format: LogFormat,
    /// The least severe level that is logged, or directives such as `info,rooms=debug`. Default: `info`.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for a person, in colour on a terminal.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Human, level: "info".to_owned() }
    }
}
