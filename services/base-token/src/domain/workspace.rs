//! Workspaces. `contracts/seatable-tokens.md` §1.

use super::id::AccountId;

/// Whose a workspace is. One owner has one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A personal workspace.
    Account(AccountId),
    /// The workspace of the group of this number.
    Group(i64),
}

/// What follows the number in a group's owner string.
const GROUP_DOMAIN: &str = "@seafile_group";

impl Owner {
    /// The owner string of bodies: `<32 hex>@auth.local` or `<number>@seafile_group`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Account(id) => id.internal(),
            Self::Group(number) => format!("{number}{GROUP_DOMAIN}"),
        }
    }

    /// The owner of such a string, if it is exactly one.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let group = text.strip_suffix(GROUP_DOMAIN).and_then(|number| number.parse().ok()).map(Self::Group);
        let owner = group.or_else(|| AccountId::from_internal(text).map(Self::Account))?;
        (owner.to_text() == text).then_some(owner)
    }
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Never given to another one.
    pub id: i64,
    /// Whose it is.
    pub owner: Owner,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    use super::{AccountId, Owner};

    #[rstest]
    #[case("12@seafile_group ")]
    #[case("012@seafile_group")]
    #[case("+12@seafile_group")]
    #[case("@seafile_group")]
    #[case("99999999999999999999@seafile_group")]
    #[case("mira@example.org")]
    #[case("")]
    fn nothing_else_is_an_owner(#[case] text: &str) {
        assert_eq!(Owner::from_text(text), None);
    }

    proptest! {
        #[test]
        fn an_owner_is_read_as_it_is_written(account in any::<u128>(), group in any::<i64>()) {
            let account = Owner::Account(AccountId::from(Uuid::from_u128(account)));
            for owner in [account, Owner::Group(group)] {
                prop_assert_eq!(Owner::from_text(&owner.to_text()), Some(owner));
            }
        }
    }
}
