//! The value: 20 random bytes in 40 lower-case hexadecimal digits (contracts/seatable-tokens.md §3).

use std::fmt;

use zeroize::Zeroizing;

use crate::errors::IdentityError;

const BYTES: usize = 20;

/// An account's token as its owner gets it. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainAccountToken(Zeroizing<String>);

impl PlainAccountToken {
    /// The value, for the one answer it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn generate() -> Result<Self, IdentityError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(IdentityError::Random)?;
        Ok(Self(Zeroizing::new(hex::encode(*bytes))))
    }

    /// Reads what has the form of a token: nothing else is looked up.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 2 * BYTES && text.bytes().all(is_digit)).then(|| Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for PlainAccountToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainAccountToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_40_digits_and_never_the_same() {
        let mut seen = HashSet::new();
        for _ in 0..200 {
            let token = PlainAccountToken::generate().unwrap();
            assert_eq!(PlainAccountToken::parse(token.expose()), Some(token.clone()));
            assert!(seen.insert(token.expose().to_owned()));
        }
    }

    #[test]
    fn debug_output_holds_no_token() {
        assert_eq!(format!("{:?}", PlainAccountToken::generate().unwrap()), "PlainAccountToken(..)");
    }

    #[test]
    fn nothing_else_has_the_form_of_one() {
        let token = "0123456789abcdef0123456789abcdef01234567";
        assert!(PlainAccountToken::parse(token).is_some());
        for text in
            ["", &token[1..], &token.to_uppercase(), &format!("{token}0"), &format!(" {}", &token[1..])]
        {
            assert_eq!(PlainAccountToken::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_has_forty_digits(text in "\\PC{0,45}|[0-9a-f]{38,42}|[0-9a-fA-F]{40}") {
            let is_token = text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
            prop_assert_eq!(PlainAccountToken::parse(&text).is_some(), is_token);
        }
    }
}
