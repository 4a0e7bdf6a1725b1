//! The value of a refresh token: `trt_` and base64url of family (16 bytes), number (4), HMAC-SHA-256 of both (32).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{FamilyId, RefreshRefusal};
use crate::master::{Purpose, Secrets};

const PREFIX: &str = "trt_";
const NAMED: usize = 16 + 4;
const BYTES: usize = NAMED + 32;

/// A refresh token as its client gets it: shown once, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainRefreshToken(Zeroizing<String>);

impl PlainRefreshToken {
    /// The value, for the one answer it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn derive(secrets: &Secrets, token: TokenName) -> Self {
        let named = token.to_bytes();
        let mac = Zeroizing::new(secrets.mac(Purpose::RefreshToken, &named));
        let bytes = Zeroizing::new([&named[..], &mac[..]].concat());
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + BYTES.div_ceil(3) * 4));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&*bytes, &mut text);
        Self(text)
    }
}

impl fmt::Debug for PlainRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainRefreshToken(..)")
    }
}

/// What a genuine token says: which family, and which of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenName {
    pub(super) family: FamilyId,
    pub(super) generation: u32,
}

impl TokenName {
    /// Reads a token that this server made. Needs no database: garbage costs one HMAC.
    pub(super) fn read(secrets: &Secrets, token: &str) -> Result<Self, RefreshRefusal> {
        let encoded = token.strip_prefix(PREFIX).ok_or(RefreshRefusal::Malformed)?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        // Strict: no padding, no other alphabet, no bits left over. A token has one spelling.
        match URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice()) {
            Ok(BYTES) => {}
            _ => return Err(RefreshRefusal::Malformed),
        }
        let (named, mac) = bytes.split_at(NAMED);
        if !secrets.verify(Purpose::RefreshToken, named, mac) {
            return Err(RefreshRefusal::Malformed);
        }
        let (family, generation) = named.split_at(16);
        Ok(Self {
            family: FamilyId(Uuid::from_slice(family).map_err(|_| RefreshRefusal::Malformed)?),
            generation: u32::from_be_bytes(generation.try_into().map_err(|_| RefreshRefusal::Malformed)?),
        })
    }

    fn to_bytes(self) -> [u8; NAMED] {
        let mut bytes = [0; NAMED];
        bytes[..16].copy_from_slice(self.family.0.as_bytes());
        bytes[16..].copy_from_slice(&self.generation.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::master::MasterKey;

    fn secrets() -> Secrets {
        Secrets::new(&MasterKey::generate().unwrap())
    }

    prop_compose! {
        fn name()(family in any::<u128>(), generation in any::<u32>()) -> TokenName {
            TokenName { family: FamilyId(Uuid::from_u128(family)), generation }
        }
    }

    proptest! {
        #[test]
        fn a_token_reads_back_as_what_it_was_made_of(name in name()) {
            let secrets = secrets();
            let token = PlainRefreshToken::derive(&secrets, name);
            prop_assert_eq!(token.expose().len(), 74);
            prop_assert_eq!(TokenName::read(&secrets, token.expose()), Ok(name));
            prop_assert_eq!(TokenName::read(&self::secrets(), token.expose()), Err(RefreshRefusal::Malformed));
        }

        /// Threat 13: every character matters, and nothing may be added or taken away.
        #[test]
        fn threat_13_a_changed_token_is_refused(name in name(), other in "[A-Za-z0-9_=+/ -]") {
            let secrets = secrets();
            let token = PlainRefreshToken::derive(&secrets, name);
            let token = token.expose();
            for place in 0..token.len() {
                let changed = [&token[..place], &other, &token[place + 1..]].concat();
                let expected = if changed == token { Ok(name) } else { Err(RefreshRefusal::Malformed) };
                prop_assert_eq!(TokenName::read(&secrets, &changed), expected, "{}", changed);
                prop_assert_eq!(TokenName::read(&secrets, &token[..place]), Err(RefreshRefusal::Malformed));
            }
            for longer in [format!("{token}{other}"), format!("{other}{token}"), format!("{token}AAAA")] {
                prop_assert_eq!(TokenName::read(&secrets, &longer), Err(RefreshRefusal::Malformed));
            }
        }

        /// Threat 4: a code made for another purpose makes no refresh token.
        #[test]
        fn threat_04_a_code_of_another_purpose_makes_no_token(name in name()) {
            let secrets = secrets();
            let mac = secrets.mac(Purpose::ClientSecret, &name.to_bytes());
            let forged = format!("trt_{}", URL_SAFE_NO_PAD.encode([&name.to_bytes()[..], &mac[..]].concat()));
            prop_assert_eq!(TokenName::read(&secrets, &forged), Err(RefreshRefusal::Malformed));
        }

        #[test]
        fn garbage_is_refused(text in any::<String>()) {
            prop_assert_eq!(TokenName::read(&secrets(), &text), Err(RefreshRefusal::Malformed));
        }
    }

    #[test]
    fn debug_output_holds_no_token() {
        let name = TokenName { family: FamilyId(Uuid::nil()), generation: 0 };
        assert_eq!(format!("{:?}", PlainRefreshToken::derive(&secrets(), name)), "PlainRefreshToken(..)");
    }
}
