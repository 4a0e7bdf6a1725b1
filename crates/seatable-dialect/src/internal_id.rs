//! Accounts as this API names them. `contracts/seatable-tokens.md` §1, "account".

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

const DOMAIN: &str = "@auth.local";
const DIGITS: usize = 32;

/// `<32 lower-case hexadecimal digits>@auth.local`: the account's id in the form of an e-mail address. The human's own
/// address is another thing, `contact_email`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InternalId(Uuid);

/// It is no internal id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an internal id is 32 lower-case hexadecimal digits and {DOMAIN}")]
pub struct NotAnInternalId;

impl InternalId {
    /// Of the account with this id.
    #[must_use]
    pub const fn new(account: Uuid) -> Self {
        Self(account)
    }

    /// Of the account whose id is this text, as claims and the directory write it.
    ///
    /// # Errors
    /// [`NotAnInternalId`] for a text that is no UUID.
    pub fn of_account(account: &str) -> Result<Self, NotAnInternalId> {
        Uuid::try_parse(account).map(Self).map_err(|_| NotAnInternalId)
    }

    /// The account's id as claims and the directory write it.
    #[must_use]
    pub fn account(&self) -> String {
        self.0.hyphenated().to_string()
    }

    /// The account's id.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for InternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{DOMAIN}", self.0.simple())
    }
}

impl FromStr for InternalId {
    type Err = NotAnInternalId;

    fn from_str(text: &str) -> Result<Self, NotAnInternalId> {
        let digits = text.strip_suffix(DOMAIN).ok_or(NotAnInternalId)?;
        let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != DIGITS || !digits.bytes().all(lower) {
            return Err(NotAnInternalId);
        }
        Uuid::try_parse(digits).map(Self).map_err(|_| NotAnInternalId)
    }
}

impl Serialize for InternalId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    use super::{InternalId, NotAnInternalId};

    #[test]
    fn it_is_the_account_s_id_without_hyphens() {
        let id = InternalId::of_account("5d2f0c81-b7e9-4a36-a1c4-e90f3b6d8a27").unwrap();
        assert_eq!(id.to_string(), "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local");
        assert_eq!(id.account(), "5d2f0c81-b7e9-4a36-a1c4-e90f3b6d8a27");
        assert_eq!(serde_json::to_value(id).unwrap(), "5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local");
    }

    #[rstest]
    #[case("")]
    #[case("@auth.local")]
    #[case("5d2f0c81b7e94a36a1c4e90f3b6d8a27")]
    #[case("5D2F0C81B7E94A36A1C4E90F3B6D8A27@auth.local")]
    #[case("5d2f0c81-b7e9-4a36-a1c4-e90f3b6d8a27@auth.local")]
    #[case("5d2f0c81b7e94a36a1c4e90f3b6d8a2@auth.local")]
    #[case("5d2f0c81b7e94a36a1c4e90f3b6d8a277@auth.local")]
    #[case("5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.locale")]
    #[case("5d2f0c81b7e94a36a1c4e90f3b6d8a27@AUTH.LOCAL")]
    #[case(" 5d2f0c81b7e94a36a1c4e90f3b6d8a27@auth.local")]
    #[case("mira.holt@example.org")]
    fn nothing_else_is_one(#[case] text: &str) {
        assert_eq!(text.parse::<InternalId>(), Err(NotAnInternalId));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id: u128) {
            let id = InternalId::new(Uuid::from_u128(id));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(InternalId::of_account(&id.account()), Ok(id));
        }
    }
}
