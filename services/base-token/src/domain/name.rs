//! Names of bases and of the applications that tokens are made for. `contracts/seatable-tokens.md` §6.2, §11.

use std::fmt;
use std::str::FromStr;

/// The most bytes of a base's name: 255 with the suffix of seven that a data plane adds to it. §11.
const LONGEST_BASE_NAME: usize = 248;

/// The most characters of an application's name. §6.2.
const LONGEST_APP_NAME: usize = 255;

/// The text is no name of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// Of a base.
    #[error("a base's name has 1 to {LONGEST_BASE_NAME} bytes, no slash, and is not ..")]
    Base,
    /// Of an application.
    #[error("an application's name has 1 to {LONGEST_APP_NAME} characters")]
    App,
}

/// The name of a base, kept as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BaseName(String);

impl BaseName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BaseName {
    type Err = NotAName;

    /// NUL, which PostgreSQL cannot hold, is in no name.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let usable = (1..=LONGEST_BASE_NAME).contains(&text.len()) && !text.contains(['/', '\0']);
        if usable && text != ".." { Ok(Self(text.to_owned())) } else { Err(NotAName::Base) }
    }
}

impl fmt::Display for BaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The name of an application that holds an API-Token, kept as it was given: not even blanks are cut off.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppName(String);

impl AppName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = NotAName;

    /// NUL, which PostgreSQL cannot hold, is in no name.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let usable = (1..=LONGEST_APP_NAME).contains(&text.chars().count()) && !text.contains('\0');
        if usable { Ok(Self(text.to_owned())) } else { Err(NotAName::App) }
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{AppName, BaseName};

    #[rstest]
    #[case::empty("", false)]
    #[case::slash("a/b", false)]
    #[case::parent("..", false)]
    #[case::nul("a\0", false)]
    #[case::too_long(&"x".repeat(249), false)]
    #[case::bytes_count(&"é".repeat(125), false)]
    #[case::longest(&"é".repeat(124), true)]
    #[case::blanks("  ", true)]
    #[case::dots("...", true)]
    #[case::anything("Stock + Room % # ? 📦", true)]
    fn names_of_bases(#[case] text: &str, #[case] usable: bool) {
        assert_eq!(text.parse::<BaseName>().is_ok(), usable);
    }

    #[rstest]
    #[case::empty("", false)]
    #[case::nul("\0", false)]
    #[case::characters_count(&"📦".repeat(255), true)]
    #[case::too_long(&"x".repeat(256), false)]
    #[case::anything(" a/b + % # ? .. ", true)]
    fn names_of_applications(#[case] text: &str, #[case] usable: bool) {
        assert_eq!(text.parse::<AppName>().is_ok(), usable);
    }

    proptest! {
        #[test]
        fn a_name_is_kept_as_it_is(text in "\\PC{1,60}") {
            if let Ok(name) = text.parse::<AppName>() {
                prop_assert_eq!(name.as_str(), &text);
            }
            if let Ok(name) = text.parse::<BaseName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
