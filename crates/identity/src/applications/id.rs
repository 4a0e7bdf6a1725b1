//! The id of an application: one segment of a path (contracts/auvious-applications.md §4.6).

use std::fmt;
use std::str::FromStr;

/// The most characters of an id.
const MAX_APPLICATION_ID: usize = 255;

/// Names an application, in whatever organisation: letters, digits, `.`, `_` and `-`; case counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApplicationId(String);

impl ApplicationId {
    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that no application can have as its id.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "the id of an application is 1 to {MAX_APPLICATION_ID} of the characters A-Z a-z 0-9 . _ - and none of \
     \"organizations\", \".\", \"..\""
)]
pub struct InvalidApplicationId;

impl FromStr for ApplicationId {
    type Err = InvalidApplicationId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=MAX_APPLICATION_ID).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if fits && text.bytes().all(plain) && !matches!(text, "organizations" | "." | "..") {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidApplicationId)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_segments_of_a_path() {
        let (longest, longer) = ("x".repeat(MAX_APPLICATION_ID), "x".repeat(MAX_APPLICATION_ID + 1));
        for id in ["a", "0c6b2c0a-5f77-4c3b", "Helios_setup.2", "...", "Organizations", &longest] {
            assert_eq!(id.parse::<ApplicationId>().unwrap().as_str(), id);
        }
        for id in ["", ".", "..", "organizations", "a b", "a/b", "é", "a\0", "a%2e", "a\n", &longer] {
            assert_eq!(id.parse::<ApplicationId>(), Err(InvalidApplicationId), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_is_what_was_given(text in any::<String>()) {
            if let Ok(id) = text.parse::<ApplicationId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
