//! Addresses that paths are put behind.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

/// An absolute `http` or `https` URL with a slash at its end. `contracts/seatable-tokens.md` §8.4: clients put paths right
/// behind it, and expect the slash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BaseUrl(String);

/// A text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has to be an http or https address without user, query and fragment")]
pub struct NoBaseUrl;

impl BaseUrl {
    /// The text, which ends in a slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = NoBaseUrl;

    /// A slash that is missing at the end is added.
    fn from_str(text: &str) -> Result<Self, NoBaseUrl> {
        let url = Url::parse(text).map_err(|_| NoBaseUrl)?;
        let plain = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https")
            || !plain
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(NoBaseUrl);
        }
        Ok(Self(format!("{}/", url.as_str().trim_end_matches('/'))))
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::BaseUrl;

    #[rstest]
    #[case::complete(
        "https://tables.example.org/dtable-server/",
        Some("https://tables.example.org/dtable-server/")
    )]
    #[case::no_slash("http://tables.example.org/db", Some("http://tables.example.org/db/"))]
    #[case::host_only("https://tables.example.org", Some("https://tables.example.org/"))]
    #[case::port("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/"))]
    #[case::no_scheme("tables.example.org", None)]
    #[case::socket("wss://tables.example.org/", None)]
    #[case::script("javascript:alert(1)", None)]
    #[case::query("https://tables.example.org/?a=b", None)]
    #[case::fragment("https://tables.example.org/#a", None)]
    #[case::user("https://mira@tables.example.org/", None)]
    #[case::empty("", None)]
    fn a_base_url_is_absolute_and_ends_in_a_slash(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(text.parse::<BaseUrl>().ok().as_ref().map(BaseUrl::as_str), expected);
    }
}
