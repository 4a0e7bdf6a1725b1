//! Types of config values (`contracts/ocs-provisioning.md`, §7.14): a key keeps the one that it was declared with.

use std::{fmt, str::FromStr};

use serde_json::Value;
use store::StoreError;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whatever it is.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// Yes or no.
    Boolean,
    /// A list or a map.
    Array,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Text, Self::Integer, Self::Float, Self::Boolean, Self::Array];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Array => "array",
        }
    }

    /// The type that a declared value has, and the value as a text.
    #[must_use]
    pub fn of(value: &Value) -> (Self, String) {
        match value {
            Value::Null => (Self::Text, String::new()),
            Value::String(text) => (Self::Text, text.clone()),
            Value::Bool(value) => (Self::Boolean, yes_or_no(*value)),
            Value::Number(number) if number.is_f64() => (Self::Float, number.to_string()),
            Value::Number(number) => (Self::Integer, number.to_string()),
            Value::Array(_) | Value::Object(_) => (Self::Array, value.to_string()),
        }
    }

    /// What is stored of a text that is written to a key of this type; nothing when it cannot be read as one. Numbers are
    /// read leniently, as the contract's clients expect: what is none is 0.
    pub(super) fn cast(self, text: &str) -> Option<String> {
        let trimmed = text.trim();
        match self {
            Self::Text => Some(text.to_owned()),
            Self::Integer => Some(trimmed.parse::<i64>().unwrap_or_default().to_string()),
            Self::Float => {
                let number = trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
                Some(number.unwrap_or_default().to_string())
            }
            Self::Boolean => {
                Some(yes_or_no(["1", "true", "yes", "on"].contains(&trimmed.to_lowercase().as_str())))
            }
            Self::Array => {
                let value: Value = serde_json::from_str(trimmed).ok()?;
                (value.is_array() || value.is_object()).then(|| value.to_string())
            }
        }
    }
}

fn yes_or_no(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt("app_config.kind", text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn typed_keys_keep_their_type() {
        for (kind, text, stored) in [
            (Kind::Text, " a ", Some(" a ")),
            (Kind::Integer, "10", Some("10")),
            (Kind::Integer, "ten", Some("0")),
            (Kind::Float, "1.50", Some("1.5")),
            (Kind::Float, "NaN", Some("0")),
            (Kind::Boolean, "YES", Some("1")),
            (Kind::Boolean, "off", Some("0")),
            (Kind::Array, "[1, \"a\"]", Some("[1,\"a\"]")),
            (Kind::Array, "{\"b\": 1}", Some("{\"b\":1}")),
            (Kind::Array, "1", None),
            (Kind::Array, "[", None),
        ] {
            assert_eq!(kind.cast(text).as_deref(), stored, "{kind} {text}");
        }
    }

    #[test]
    fn declared_values_have_their_types() {
        for (value, kind, text) in [
            (json!("a"), Kind::Text, "a"),
            (json!(null), Kind::Text, ""),
            (json!(7), Kind::Integer, "7"),
            (json!(1.5), Kind::Float, "1.5"),
            (json!(true), Kind::Boolean, "1"),
            (json!(false), Kind::Boolean, "0"),
            (json!([1, 2]), Kind::Array, "[1,2]"),
        ] {
            assert_eq!(Kind::of(&value), (kind, text.to_owned()), "{value}");
        }
    }

    proptest! {
        /// A declared value is what writing it again would leave.
        #[test]
        fn any_text_can_be_cast_again(text in "\\PC{0,20}|-?[0-9]{1,18}|[0-9]{1,3}\\.[0-9]{1,3}|\\[[0-9,]{0,6}\\]") {
            for kind in Kind::ALL {
                if let Some(stored) = kind.cast(&text) {
                    prop_assert_eq!(kind.cast(&stored), Some(stored.clone()));
                }
                prop_assert!(kind.to_string().parse::<Kind>().is_ok_and(|read| read == kind));
            }
        }
    }
}
