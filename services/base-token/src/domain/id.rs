//! Ids of accounts: what the platform knows them by, and what tokens and bodies of this API say.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

/// What follows the number in an internal id. `contracts/seatable-tokens.md` §1.
const DOMAIN: &str = "@auth.local";

/// The text is no account's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account's id is a UUID in its hyphenated, lower-case form")]
pub struct NotAnAccountId;

/// The id of an account: the `sub` of its access tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// The text: a UUID, hyphenated, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account as clients of this API know it: `<32 hex>@auth.local`. §1.
    #[must_use]
    pub fn internal(&self) -> String {
        let mut id = self.0.replace('-', "");
        id.push_str(DOMAIN);
        id
    }

    /// The account of an internal id. Only the exact form is one.
    #[must_use]
    pub fn from_internal(text: &str) -> Option<Self> {
        let number = text.strip_suffix(DOMAIN)?;
        let id = Self::from(Uuid::try_parse(number).ok()?);
        (id.internal() == text).then_some(id)
    }
}

impl From<Uuid> for AccountId {
    fn from(id: Uuid) -> Self {
        Self(id.as_hyphenated().to_string())
    }
}

impl FromStr for AccountId {
    type Err = NotAnAccountId;

    fn from_str(text: &str) -> Result<Self, NotAnAccountId> {
        let id = Self::from(Uuid::try_parse(text).map_err(|_| NotAnAccountId)?);
        if id.0 == text { Ok(id) } else { Err(NotAnAccountId) }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    use super::AccountId;

    #[rstest]
    #[case::upper_case("5D2F0C81B7E94A36A1C4E90F3B6D8A27@auth.local")]
    #[case::hyphens("5d2f0c81-b7e9-4a36-a1c4-e90f3b6d8a27@auth.local")]
    #[case::short("5d2f0c81b7e94a36a1c4e90f3b6d8a2@auth.local")]
    #[case::elsewhere("5d2f0c81b7e94a36a1c4e90f3b6d8a27@example.org")]
    #[case::no_domain("5d2f0c81b7e94a36a1c4e90f3b6d8a27")]
    #[case::a_group("12@seafile_group")]
    #[case::blank("")]
    fn only_the_exact_form_is_an_internal_id(#[case] text: &str) {
        assert_eq!(AccountId::from_internal(text), None);
    }

    proptest! {
        #[test]
        fn both_forms_name_the_same_account(number in any::<u128>()) {
            let id = AccountId::from(Uuid::from_u128(number));
            prop_assert_eq!(AccountId::from_internal(&id.internal()), Some(id.clone()));
            prop_assert_eq!(id.as_str().parse::<AccountId>(), Ok(id.clone()));
            prop_assert!(id.internal().parse::<AccountId>().is_err());
        }

        #[test]
        fn any_text_is_an_id_or_none(text in ".{0,60}") {
            if let Some(id) = AccountId::from_internal(&text) {
                prop_assert_eq!(id.internal(), text);
            }
        }
    }
}
