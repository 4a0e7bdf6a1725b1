//! The value: five groups of five characters, each of which holds five random bits.

use std::fmt;

use zeroize::Zeroizing;

use crate::errors::IdentityError;

/// Digits and lower-case letters without `i`, `l`, `o` and `u`, which are read as others when they are copied by hand.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const GROUPS: usize = 5;
const GROUP: usize = 5;

/// An app password as its owner gets it: shown once, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainAppPassword(Zeroizing<String>);

impl PlainAppPassword {
    /// The value, for the one answer it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn generate() -> Result<Self, IdentityError> {
        let mut bytes = Zeroizing::new([0; GROUPS * GROUP]);
        getrandom::fill(bytes.as_mut_slice()).map_err(IdentityError::Random)?;
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
        for (place, byte) in bytes.iter().enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte % 32)]));
        }
        Ok(Self(text))
    }

    /// Reads what has the form of an app password: nothing else is looked up.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_group =
            |group: &[u8]| group.len() == GROUP && group.iter().all(|byte| ALPHABET.contains(byte));
        let mut groups = text.as_bytes().split(|byte| *byte == b'-');
        let is_secret = groups.by_ref().take(GROUPS).filter(|group| is_group(group)).count() == GROUPS;
        (is_secret && groups.next().is_none()).then(|| Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for PlainAppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainAppPassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn secrets_have_their_form_use_every_character_and_are_never_the_same() {
        let (mut seen, mut used) = (HashSet::new(), HashSet::new());
        for _ in 0..200 {
            let secret = PlainAppPassword::generate().unwrap();
            assert_eq!(PlainAppPassword::parse(secret.expose()), Some(secret.clone()));
            used.extend(secret.expose().bytes().filter(|byte| *byte != b'-'));
            assert!(seen.insert(secret.expose().to_owned()));
        }
        assert_eq!(used.len(), ALPHABET.len());
        assert_eq!(ALPHABET.iter().collect::<HashSet<_>>().len(), 32);
    }

    #[test]
    fn nothing_else_has_the_form_of_one() {
        let secret = "01234-56789-abcde-fghjk-mnpqr";
        assert!(PlainAppPassword::parse(secret).is_some());
        for text in [
            "",
            "-----",
            "01234-56789-abcde-fghjk",
            "01234-56789-abcde-fghjk-mnpq",
            "01234-56789-abcde-fghjk-mnpqrs",
            "01234-56789-abcde-fghjk-mnpqr-",
            "01234-56789-abcde-fghjk-mnpqr-stvwx",
            "01234-56789-abcde-fghjk-mnpqu",
            "01234-56789-ABCDE-fghjk-mnpqr",
            " 1234-56789-abcde-fghjk-mnpqr",
            "0123456789abcdefghjkmnpqr",
        ] {
            assert_eq!(PlainAppPassword::parse(text), None, "{text}");
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        assert_eq!(format!("{:?}", PlainAppPassword::generate().unwrap()), "PlainAppPassword(..)");
    }
}
