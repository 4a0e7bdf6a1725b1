//! Ids of applications and organisations. `contracts/auvious-applications.md` §4.6.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

/// The most characters of an id.
const LONGEST: usize = 255;

/// The segment of `/api/applications/organizations/{organizationId}`, and therefore no id. §1.
const RESERVED: &str = "organizations";

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnId {
    /// Of an application.
    #[error("id must be 1 to 255 characters of A-Z a-z 0-9 . _ - and not a reserved word")]
    Application,
    /// Of an organisation.
    #[error("organizationId must be 1 to 255 characters and not blank")]
    Organization,
}

/// The id of an application: one path segment as it is. No other text is the id of any application.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ApplicationId(String);

impl ApplicationId {
    /// A new id: UUID v4, lower case, hyphenated.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::new_v4().as_hyphenated().to_string())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApplicationId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let usable = (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed);
        if usable && !matches!(text, RESERVED | "." | "..") {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnId::Application)
        }
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The id of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct OrganizationId(String);

impl OrganizationId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationId {
    type Err = NotAnId;

    /// NUL, which PostgreSQL cannot hold, is in no organisation's id.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let usable = (1..=LONGEST).contains(&text.chars().count()) && !text.contains('\0');
        if usable && !text.trim().is_empty() { Ok(Self(text.to_owned())) } else { Err(NotAnId::Organization) }
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{ApplicationId, OrganizationId};

    #[rstest]
    #[case::empty("")]
    #[case::reserved("organizations")]
    #[case::dot(".")]
    #[case::dots("..")]
    #[case::slash("a/b")]
    #[case::blank("a b")]
    #[case::percent("a%20b")]
    #[case::accent("é")]
    #[case::nul("a\0")]
    #[case::long(&"x".repeat(256))]
    fn what_is_no_path_segment_is_no_id(#[case] text: &str) {
        assert!(text.parse::<ApplicationId>().is_err());
    }

    #[rstest]
    #[case::dots("...")]
    #[case::case_matters("Organizations")]
    #[case::longer("organizations-2")]
    #[case::long(&"x".repeat(255))]
    #[case::mixed("-A_z.9")]
    fn a_path_segment_is_an_id(#[case] text: &str) {
        assert_eq!(text.parse::<ApplicationId>().unwrap().as_str(), text);
    }

    #[rstest]
    #[case::empty("", false)]
    #[case::blank(" \t\u{a0}", false)]
    #[case::nul("org\0", false)]
    #[case::characters_count(&"é".repeat(255), true)]
    #[case::too_long(&"é".repeat(256), false)]
    #[case::anything("a/b ' ; é", true)]
    fn organisations_have_any_name(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(text.parse::<OrganizationId>().is_ok(), valid);
    }

    proptest! {
        #[test]
        fn an_id_is_kept_as_it_is(text in "[A-Za-z0-9._-]{1,255}") {
            prop_assume!(!matches!(text.as_str(), "." | ".." | "organizations"));
            prop_assert_eq!(text.parse::<ApplicationId>().unwrap().to_string(), text);
        }

        #[test]
        fn a_generated_id_is_an_id(_ in 0..10) {
            let id = ApplicationId::generate();
            prop_assert_eq!(id.as_str().parse(), Ok(id.clone()));
            prop_assert_eq!(id.as_str().len(), 36);
            prop_assert_eq!(id.as_str().as_bytes()[14], b'4');
        }
    }
}
