//! Which other sites' pages may call. `contracts/meet.md` §2.7.

use regex_lite::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Which other sites' pages may call this API from a browser. `contracts/meet.md` §2.7.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorsSettings {
    /// Origins, such as `https://app.example`. Default: none.
    pub allowed_origins: Vec<String>,
    /// Regular expressions that a whole origin has to match. Default: none.
    #[schemars(with = "Vec<String>")]
    pub allowed_origin_regexes: Vec<OriginPattern>,
    /// Whether every origin is allowed. Default: false.
    pub allow_all_origins: bool,
}

impl CorsSettings {
    /// Whether pages of this origin may call.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.allow_all_origins
            || self.allowed_origins.iter().any(|allowed| allowed == origin)
            || self.allowed_origin_regexes.iter().any(|pattern| pattern.0.is_match(origin))
    }
}

/// A regular expression that a whole origin has to match.
#[derive(Debug, Clone)]
pub struct OriginPattern(Regex);

impl PartialEq for OriginPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for OriginPattern {}

impl<'de> Deserialize<'de> for OriginPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        // Anchored at both ends: `https://app\.example` must not let `https://app.example.evil.example` in.
        Regex::new(&format!("^(?:{pattern})$")).map(Self).map_err(D::Error::custom)
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let anchored = self.0.as_str();
        serializer.serialize_str(anchored.get(4..anchored.len() - 2).unwrap_or(anchored))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::CorsSettings;

    #[rstest]
    #[case::nobody(json!({}), "https://a.example", false)]
    #[case::named(json!({"allowed_origins": ["https://a.example"]}), "https://a.example", true)]
    #[case::another_port(json!({"allowed_origins": ["https://a.example"]}), "https://a.example:8443", false)]
    #[case::all(json!({"allow_all_origins": true}), "https://a.example", true)]
    fn an_origin_is_allowed_or_not(
        #[case] settings: serde_json::Value,
        #[case] origin: &str,
        #[case] allowed: bool,
    ) {
        assert_eq!(serde_json::from_value::<CorsSettings>(settings).unwrap().allows(origin), allowed);
    }

    #[test]
    fn a_pattern_has_to_match_the_whole_origin() {
        let cors: CorsSettings =
            serde_json::from_value(json!({"allowed_origin_regexes": ["https://a\\.example|https://b"]}))
                .unwrap();
        assert!(cors.allows("https://a.example") && cors.allows("https://b"));
        assert!(!cors.allows("https://a.example.evil.example") && !cors.allows("xhttps://b"));
        assert_eq!(
            serde_json::to_value(cors).unwrap()["allowed_origin_regexes"][0],
            "https://a\\.example|https://b"
        );
    }
}
