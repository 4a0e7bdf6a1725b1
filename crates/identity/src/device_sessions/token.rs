//! Token and client id: 16 random bytes each, in 22 characters (contracts/rdv-sign-in.md §1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::errors::IdentityError;

const BYTES: usize = 16;

/// The token of a device session as its client gets it: shown once, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainDeviceToken(Zeroizing<String>);

impl PlainDeviceToken {
    /// The value, for the one answer it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn generate() -> Result<Self, IdentityError> {
        random().map(Self)
    }
}

impl fmt::Debug for PlainDeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainDeviceToken(..)")
    }
}

/// A new client id: every sign-in has its own, even from the same machine.
pub(super) fn new_client() -> Result<String, IdentityError> {
    Ok(random()?.to_string())
}

fn random() -> Result<Zeroizing<String>, IdentityError> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(IdentityError::Random)?;
    let mut text = Zeroizing::new(String::with_capacity(BYTES.div_ceil(3) * 4));
    URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_and_client_ids_are_22_characters_and_never_the_same() {
        let mut seen = HashSet::new();
        for _ in 0..200 {
            for text in [PlainDeviceToken::generate().unwrap().expose().to_owned(), new_client().unwrap()] {
                let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                assert!(text.len() == 22 && text.chars().all(allowed), "{text}");
                assert!(seen.insert(text));
            }
        }
    }

    #[test]
    fn debug_output_holds_no_token() {
        assert_eq!(format!("{:?}", PlainDeviceToken::generate().unwrap()), "PlainDeviceToken(..)");
    }
}
