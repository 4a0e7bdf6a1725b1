//! Which scope an action needs, and whether a token has it.

use std::fmt;

use auth_claims::scopes::{Scope, Scopes};

/// The closed list of scopes that this API knows. `contracts/meet.md` §3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomScope {
    /// List rooms.
    List,
    /// Create a room.
    Create,
    /// Retrieve a room and its attendees.
    Retrieve,
    /// Change a room and its attendees.
    Update,
    /// Delete a room.
    Delete,
}

impl RoomScope {
    /// The unprefixed name, as messages show it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "rooms:list",
            Self::Create => "rooms:create",
            Self::Retrieve => "rooms:retrieve",
            Self::Update => "rooms:update",
            Self::Delete => "rooms:delete",
        }
    }
}

impl fmt::Display for RoomScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a token is not enough. `contracts/meet.md` §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeRefusal {
    /// The token has no scope at all.
    #[error("Insufficient permissions.")]
    NoScopes,
    /// The token lacks this one.
    #[error("Insufficient permissions. Required scope: {0}")]
    Lacks(RoomScope),
    /// No scope gives this: the answer to an authenticated OPTIONS.
    #[error("Insufficient permissions. Required scope: None")]
    Ungrantable,
}

/// Checks the scopes of a token, whose names are compared in lower case and with or without one of the prefixes.
///
/// # Errors
/// The token has no scope, or not `needed`; `None` is needed for what no scope gives.
pub fn require(granted: &Scopes, prefixes: &[String], needed: Option<RoomScope>) -> Result<(), ScopeRefusal> {
    if granted.is_empty() {
        return Err(ScopeRefusal::NoScopes);
    }
    let needed = needed.ok_or(ScopeRefusal::Ungrantable)?;
    // One by one: as a set, thousands of scopes would each be compared with all others.
    let spells = |scope: &Scope| scope.normally_reads(needed.as_str(), prefixes);
    if granted.iter().any(spells) { Ok(()) } else { Err(ScopeRefusal::Lacks(needed)) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{RoomScope, ScopeRefusal, require};

    fn prefixes() -> Vec<String> {
        vec!["lasuite_visio".to_owned(), "lasuite_meet".to_owned()]
    }

    #[rstest]
    #[case::plain("rooms:list")]
    #[case::any_case("Rooms:List")]
    #[case::prefixed("lasuite_visio lasuite_visio:rooms:list")]
    #[case::other_prefix("lasuite_meet:rooms:list")]
    #[case::among_others("rooms:create rooms:list rooms:delete")]
    fn a_token_with_the_scope_passes(#[case] granted: &str) {
        assert_eq!(require(&granted.parse().unwrap(), &prefixes(), Some(RoomScope::List)), Ok(()));
    }

    #[rstest]
    #[case::empty("", ScopeRefusal::NoScopes, "Insufficient permissions.")]
    #[case::lacking(
        "rooms:create",
        ScopeRefusal::Lacks(RoomScope::List),
        "Insufficient permissions. Required scope: rooms:list"
    )]
    #[case::unknown_prefix(
        "visio:rooms:list",
        ScopeRefusal::Lacks(RoomScope::List),
        "Insufficient permissions. Required scope: rooms:list"
    )]
    #[case::superstring(
        "rooms:lists xrooms:list",
        ScopeRefusal::Lacks(RoomScope::List),
        "Insufficient permissions. Required scope: rooms:list"
    )]
    fn a_token_without_it_does_not(
        #[case] granted: &str,
        #[case] refusal: ScopeRefusal,
        #[case] message: &str,
    ) {
        let refused = require(&granted.parse().unwrap(), &prefixes(), Some(RoomScope::List)).unwrap_err();
        assert_eq!((refused, refused.to_string().as_str()), (refusal, message));
    }

    #[test]
    fn a_prefix_counts_only_when_configured() {
        let granted = "lasuite_visio:rooms:list".parse().unwrap();
        assert_eq!(require(&granted, &[], Some(RoomScope::List)), Err(ScopeRefusal::Lacks(RoomScope::List)));
    }

    #[test]
    fn no_scope_gives_options() {
        let refused = require(&"rooms:list".parse().unwrap(), &prefixes(), None).unwrap_err();
        assert_eq!(refused.to_string(), "Insufficient permissions. Required scope: None");
    }
}
