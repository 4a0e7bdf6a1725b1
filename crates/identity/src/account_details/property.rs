//! What an account shows of itself, piece by piece, and to whom (contracts/ocs-provisioning.md §4.1, §4.3).

use std::{fmt, str::FromStr};

/// A piece of what an account shows of itself; each has a [`Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the contract's names, which say it")]
pub enum Property {
    Avatar,
    Email,
    DisplayName,
    Phone,
    Address,
    Website,
    Twitter,
    Fediverse,
    Organisation,
    Role,
    Headline,
    Biography,
    ProfileEnabled,
}

impl Property {
    /// All of them, in the order in which an account is shown.
    pub const ALL: [Self; 13] = [
        Self::Avatar,
        Self::Email,
        Self::DisplayName,
        Self::Phone,
        Self::Address,
        Self::Website,
        Self::Twitter,
        Self::Fediverse,
        Self::Organisation,
        Self::Role,
        Self::Headline,
        Self::Biography,
        Self::ProfileEnabled,
    ];

    /// Those that are a text of their own, in the same order.
    pub const TEXTS: [Self; 9] = [
        Self::Phone,
        Self::Address,
        Self::Website,
        Self::Twitter,
        Self::Fediverse,
        Self::Organisation,
        Self::Role,
        Self::Headline,
        Self::Biography,
    ];

    /// The name it has on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avatar => "avatar",
            Self::Email => "email",
            Self::DisplayName => "displayname",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Website => "website",
            Self::Twitter => "twitter",
            Self::Fediverse => "fediverse",
            Self::Organisation => "organisation",
            Self::Role => "role",
            Self::Headline => "headline",
            Self::Biography => "biography",
            Self::ProfileEnabled => "profile_enabled",
        }
    }

    /// Who sees it while its owner has not said anything else.
    #[must_use]
    pub const fn default_scope(self) -> Scope {
        match self {
            Self::Avatar | Self::Email | Self::DisplayName => Scope::Federated,
            _ => Scope::Local,
        }
    }

    /// Whether its owner may give it this scope: somebody's name and address are not to be hidden from the others.
    #[must_use]
    pub const fn admits(self, scope: Scope) -> bool {
        !matches!((self, scope), (Self::Email | Self::DisplayName, Scope::Private))
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no property has.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no such property")]
pub struct UnknownProperty;

impl FromStr for Property {
    type Err = UnknownProperty;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|property| property.as_str() == text).ok_or(UnknownProperty)
    }
}

/// Who sees a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Whom its owner lets.
    Private,
    /// The accounts of this platform.
    Local,
    /// Those of befriended platforms too.
    Federated,
    /// Everybody.
    Published,
}

impl Scope {
    const ALL: [Self; 4] = [Self::Private, Self::Local, Self::Federated, Self::Published];

    /// The name it is stored and shown under.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "v2-private",
            Self::Local => "v2-local",
            Self::Federated => "v2-federated",
            Self::Published => "v2-published",
        }
    }

    const fn legacy(self) -> Option<&'static str> {
        match self {
            Self::Private => None,
            Self::Local => Some("private"),
            Self::Federated => Some("contacts"),
            Self::Published => Some("public"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no scope has.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no such scope")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    /// Reads the names of today and those of before.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |scope: &Self| scope.as_str() == text || scope.legacy() == Some(text);
        Self::ALL.into_iter().find(named).ok_or(UnknownScope)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for property in Property::ALL {
            assert_eq!(property.to_string().parse(), Ok(property));
        }
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
    }

    #[test]
    fn names_of_before_are_those_of_today() {
        let read = |text: &str| text.parse::<Scope>().map(Scope::as_str);
        assert_eq!(read("private"), Ok("v2-local"));
        assert_eq!(read("contacts"), Ok("v2-federated"));
        assert_eq!(read("public"), Ok("v2-published"));
        for text in ["", "local", "v2-public", "V2-LOCAL", "v2-contacts", "v2-private "] {
            assert_eq!(read(text), Err(UnknownScope), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_shown_to_the_platform_or_its_friends() {
        for property in Property::ALL {
            let open = ["avatar", "email", "displayname"].contains(&property.as_str());
            let expected = if open { Scope::Federated } else { Scope::Local };
            assert_eq!(property.default_scope(), expected, "{property}");
            assert!(property.admits(property.default_scope()), "{property}");
        }
        let hideable = |property: &Property| property.admits(Scope::Private);
        let shown: Vec<Property> = Property::ALL.into_iter().filter(|one| !hideable(one)).collect();
        assert_eq!(shown, [Property::Email, Property::DisplayName]);
    }

    proptest! {
        #[test]
        fn other_names_are_nobodys(text in "\\PC{0,16}") {
            if let Ok(property) = text.parse::<Property>() {
                prop_assert_eq!(property.as_str(), text.as_str());
            }
        }
    }
}
