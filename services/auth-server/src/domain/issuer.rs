//! The issuer's identifier (RFC 8414 §2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// An absolute `http` or `https` URL without user, query and fragment, kept as it was written: issuers are compared
/// letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerId(String);

/// Text that names no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer is an http or https URL without user, query and fragment")]
pub struct InvalidIssuer;

impl IssuerId {
    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of one of its endpoints, by a path that begins with a slash.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }
}

impl Default for IssuerId {
    fn default() -> Self {
        Self("http://127.0.0.1:8080".to_owned())
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IssuerId {
    type Err = InvalidIssuer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && !text.chars().any(char::is_whitespace);
        if plain { Ok(Self(text.to_owned())) } else { Err(InvalidIssuer) }
    }
}

impl Serialize for IssuerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for IssuerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://id.example", "https://id.example/oauth/token")]
    #[case("https://id.example/", "https://id.example/oauth/token")]
    #[case("http://127.0.0.1:8080/auth", "http://127.0.0.1:8080/auth/oauth/token")]
    fn endpoints_continue_it(#[case] text: &str, #[case] endpoint: &str) {
        let issuer: IssuerId = text.parse().expect("an issuer");
        assert_eq!((issuer.as_str(), issuer.endpoint("/oauth/token").as_str()), (text, endpoint));
    }

    #[rstest]
    #[case("")]
    #[case("id.example")]
    #[case("ftp://id.example")]
    #[case("https://user@id.example")]
    #[case("https://id.example?x=1")]
    #[case("https://id.example#x")]
    #[case(" https://id.example")]
    fn refuses(#[case] text: &str) {
        assert_eq!(text.parse::<IssuerId>(), Err(InvalidIssuer));
    }
}
