//! E-mail addresses as the directory compares them.

use std::{fmt, str::FromStr};

use crate::text::fold;

/// The most characters of a stored address (contracts/meet.md §4.4).
pub(super) const MAX_EMAIL: usize = 254;

/// Why a text is not an address that the directory can hold.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidEmail {
    /// More than 254 characters.
    #[error("an e-mail address has at most {MAX_EMAIL} characters")]
    TooLong,
    /// No `@`, nothing before or after it, or blanks and control characters.
    #[error("this is not an e-mail address")]
    Malformed,
}

/// An address in the form that is unique: without blanks around it, in Unicode lower case.
///
/// How an address must look is the dialect's own rule (Meet's is Django's). Here it is only what keeps two accounts
/// apart and a row storable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailKey(String);

impl EmailKey {
    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EmailKey {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.chars().count() > MAX_EMAIL {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail::Malformed)?;
        let unstorable = |c: char| c.is_control() || c.is_whitespace();
        if local.is_empty() || domain.is_empty() || text.chars().any(unstorable) {
            return Err(InvalidEmail::Malformed);
        }
        Ok(Self(fold(text)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Result<String, InvalidEmail> {
        text.parse().map(|key: EmailKey| key.0)
    }

    #[test]
    fn case_and_surrounding_blanks_do_not_distinguish() {
        assert_eq!(key("  Nadia.Roux@Agency.EXAMPLE\n"), Ok("nadia.roux@agency.example".to_owned()));
        assert_eq!(key("ÉLODIE@EXÄMPLE.ORG"), key("élodie@exämple.org"));
    }

    #[test]
    fn length_is_counted_in_characters_and_has_its_own_error() {
        let longest = format!("{}@example.org", "é".repeat(MAX_EMAIL - 12));
        assert!(key(&longest).is_ok());
        assert_eq!(key(&format!("x{longest}")), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn texts_that_are_no_address_or_cannot_be_stored_are_refused() {
        for text in ["", "a", "@", "a@", "@b", "a b@c", "a@b c", "a\0@b", "a@b\u{1}", "a@b\u{a0}c"] {
            assert_eq!(key(text), Err(InvalidEmail::Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "\\PC{0,20}@\\PC{0,20}") {
            if let Ok(first) = text.parse::<EmailKey>() {
                // A letter may have a longer lower-case form, so only the length can differ.
                match first.as_str().parse::<EmailKey>() {
                    Ok(again) => prop_assert_eq!(again, first),
                    Err(error) => prop_assert_eq!(error, InvalidEmail::TooLong),
                }
            }
        }

        #[test]
        fn ascii_case_never_distinguishes(local in "[a-zA-Z0-9.+-]{1,20}", domain in "[a-zA-Z0-9.-]{1,20}") {
            let text = format!("{local}@{domain}");
            prop_assert_eq!(key(&text), key(&text.to_ascii_uppercase()));
        }
    }
}
