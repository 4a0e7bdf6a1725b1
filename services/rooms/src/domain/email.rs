//! E-mail addresses, and the key by which they are compared.

use std::fmt;
use std::str::FromStr;

use meet_dialect::email;
use serde::{Serialize, Serializer};

/// The longest address that is kept, in characters.
const LONGEST: usize = 320;

/// An e-mail address as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// An e-mail address as it is looked up: without regard to letter case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailKey(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a valid email address.")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// An address that the auth server vouches for, whatever its syntax; `None` when there is nothing to keep.
    #[must_use]
    pub fn from_claim(text: &str) -> Option<Self> {
        let text = text.trim();
        let keepable = !text.is_empty() && text.chars().count() <= LONGEST && !text.contains('\0');
        keepable.then(|| Self(text.to_owned()))
    }

    /// An address read from the database.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which it is looked up.
    #[must_use]
    pub fn key(&self) -> EmailKey {
        // Letter by letter, as the directory of accounts folds: a whole word would end in another sigma.
        let folded = || self.0.chars().flat_map(char::to_lowercase).collect();
        EmailKey(if self.0.is_ascii() { self.0.to_ascii_lowercase() } else { folded() })
    }
}

impl EmailKey {
    /// The text kept in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnEmailAddress;

    fn from_str(text: &str) -> Result<Self, NotAnEmailAddress> {
        if email::is_valid(text) { Ok(Self(text.to_owned())) } else { Err(NotAnEmailAddress) }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn an_address_is_kept_as_written() {
        assert_eq!("Nadia@Agency.Example".parse::<EmailAddress>().unwrap().as_str(), "Nadia@Agency.Example");
        assert!("a@b".parse::<EmailAddress>().is_err());
    }

    #[test]
    fn the_key_ignores_letter_case() {
        let key = |text: &str| text.parse::<EmailAddress>().unwrap().key();
        assert_eq!(key("Nadia@Agency.Example"), key("nadia@agency.example"));
        assert_ne!(key("nadia@agency.example"), key("nadja@agency.example"));
    }

    #[test]
    fn a_claim_is_taken_as_it_is() {
        assert_eq!(EmailAddress::from_claim(" ada ").unwrap().as_str(), "ada");
        assert_eq!(EmailAddress::from_claim("  "), None);
        assert_eq!(EmailAddress::from_claim("a\0@e.co"), None);
    }
}
