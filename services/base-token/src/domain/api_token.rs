//! API-Tokens. `contracts/seatable-tokens.md` §3, §6.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::id::AccountId;
use super::name::AppName;
use super::permission::Permission;

/// Octets of an API-Token; it is written in hexadecimal.
const OCTETS: usize = 20;

/// An API-Token in clear: 40 lower-case hexadecimal digits. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainApiToken(Zeroizing<String>);

/// The text is no API-Token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API-Token has 40 lower-case hexadecimal digits")]
pub struct NotAnApiToken;

impl PlainApiToken {
    /// The token of these random octets.
    #[must_use]
    pub fn from_random(octets: &[u8; OCTETS]) -> Self {
        Self(Zeroizing::new(hex::encode(octets)))
    }

    /// The token.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlainApiToken {
    type Err = NotAnApiToken;

    fn from_str(text: &str) -> Result<Self, NotAnApiToken> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 2 * OCTETS && text.bytes().all(digit) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotAnApiToken)
        }
    }
}

impl fmt::Debug for PlainApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainApiToken(..)")
    }
}

/// An API-Token of a base, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its number.
    pub id: i64,
    /// Unique within the base.
    pub app_name: AppName,
    /// The token itself: lists show it in full. §3.
    pub token: PlainApiToken,
    /// What it opens the base for.
    pub permission: Permission,
    /// Who made it. The account may be gone; the token goes on. §3.
    pub generated_by: AccountId,
    /// When it was made.
    pub generated_at: DateTime<Utc>,
    /// When it was exchanged last; before the first time, when it was made.
    pub last_access: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::PlainApiToken;

    #[rstest]
    #[case::upper_case("0C9E51B7AA34F06D8E217C5390BFD1462AE87F93")]
    #[case::short("0c9e51b7aa34f06d8e217c5390bfd1462ae87f9")]
    #[case::long("0c9e51b7aa34f06d8e217c5390bfd1462ae87f930")]
    #[case::another_digit("0c9e51b7aa34f06d8e217c5390bfd1462ae87f9g")]
    #[case::a_jwt("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.AA")]
    fn nothing_else_is_an_api_token(#[case] text: &str) {
        assert!(text.parse::<PlainApiToken>().is_err());
    }

    proptest! {
        #[test]
        fn forty_digits_are_read_as_they_are_written(octets in any::<[u8; 20]>()) {
            let token = PlainApiToken::from_random(&octets);
            prop_assert_eq!(token.expose().len(), 40);
            prop_assert_eq!(token.expose().parse::<PlainApiToken>(), Ok(token.clone()));
            let shown = format!("{token:?}");
            prop_assert!(!shown.contains(token.expose()));
        }
    }
}
