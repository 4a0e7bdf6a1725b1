//! Scope tokens (RFC 6749 §3.3) and ordered sets of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One scope token, such as `rooms:list`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Scope(String);

/// Text that is not a scope token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one or more printable ASCII characters without blank, quote and backslash")]
pub struct InvalidScope;

impl Scope {
    /// The token's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the spelling that the Meet dialect compares ([`Scopes::normalised`]) is this name, which is in lower case.
    #[must_use]
    pub fn normally_reads(&self, name: &str, prefixes: &[String]) -> bool {
        without_prefix(&self.0, prefixes).eq_ignore_ascii_case(name)
    }
}

impl AsRef<str> for Scope {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(InvalidScope);
        }
        Ok(Self(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Scope tokens in the order given, each once. On the wire one string, separated by single blanks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this exact, case-sensitive token is among them.
    #[must_use]
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// The tokens in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }

    /// Whether `other` holds all of these.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope))
    }

    /// Those that `other` holds too, in this set's order.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.iter().filter(|scope| other.contains(scope)).cloned().collect())
    }

    /// The spelling the Meet dialect compares: lower case, one leading `<prefix>:` removed, each once.
    // contracts/meet.md §7. Whatever is nothing but a prefix names no scope and falls away.
    #[must_use]
    pub fn normalised(&self, prefixes: &[String]) -> Self {
        self.iter().filter_map(|scope| normalise(scope.as_str(), prefixes)).collect()
    }
}

fn normalise(scope: &str, prefixes: &[String]) -> Option<Scope> {
    without_prefix(scope, prefixes).to_ascii_lowercase().parse().ok()
}

/// A scope without the first of these prefixes that it has, in any letter case, and the colon behind it.
fn without_prefix<'a>(scope: &'a str, prefixes: &[String]) -> &'a str {
    let strip = |prefix: &String| {
        let (head, rest) = scope.split_at_checked(prefix.len())?;
        rest.strip_prefix(':').filter(|_| head.eq_ignore_ascii_case(prefix))
    };
    prefixes.iter().find_map(strip).unwrap_or(scope)
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut unique = Vec::new();
        for scope in scopes {
            if !unique.contains(&scope) {
                unique.push(scope);
            }
        }
        Self(unique)
    }
}

impl IntoIterator for Scopes {
    type Item = Scope;
    type IntoIter = std::vec::IntoIter<Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Scopes {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromStr for Scopes {
    type Err = InvalidScope;

    /// Reads blank-separated tokens. Surplus blanks do no harm; any other white space belongs to no token.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(' ').filter(|token| !token.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    #[test]
    fn order_is_kept_and_repetition_removed() {
        assert_eq!(scopes(" rooms:list  a rooms:list b ").to_string(), "rooms:list a b");
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for text in ["a\tb", "a\"b", "a\\b", "é", "a\u{7f}", "a\nb", "a\0"] {
            assert_eq!(text.parse::<Scopes>(), Err(InvalidScope), "{text:?}");
        }
        assert_eq!("".parse::<Scope>(), Err(InvalidScope));
        assert_eq!("a b".parse::<Scope>(), Err(InvalidScope));
    }

    #[test]
    fn meet_spelling_is_case_and_prefix_blind() {
        let prefixes = ["lasuite_visio".to_owned(), "lasuite_meet".to_owned()];
        let given = scopes(
            "lasuite_visio Rooms:List lasuite_visio:rooms:list LASUITE_MEET:rooms:create lasuite_visio:",
        );
        assert_eq!(given.normalised(&prefixes).to_string(), "lasuite_visio rooms:list rooms:create");
        for (scope, name) in [("rooms:LIST", "rooms:list"), ("Lasuite_Meet:rooms:list", "rooms:list")] {
            assert!(scope.parse::<Scope>().unwrap().normally_reads(name, &prefixes), "{scope}");
        }
        for scope in ["lasuite_meet:", "lasuite_meetrooms:list", "other:rooms:list", "rooms:lists", "a"] {
            assert!(!scope.parse::<Scope>().unwrap().normally_reads("rooms:list", &prefixes), "{scope}");
        }
        assert_eq!(scopes("other:rooms:list").normalised(&prefixes).to_string(), "other:rooms:list");
        assert_eq!(
            scopes("lasuite_visio:rooms:list").normalised(&[]).to_string(),
            "lasuite_visio:rooms:list"
        );
    }

    #[test]
    fn set_operations_follow_the_left_hand_order() {
        let (left, right) = (scopes("c b a"), scopes("a c"));
        assert_eq!(left.intersection(&right).to_string(), "c a");
        assert!(right.is_subset(&left) && !left.is_subset(&right));
        assert!(Scopes::default().is_subset(&right));
    }

    proptest! {
        #[test]
        fn rendering_and_parsing_round_trip(tokens in proptest::collection::vec("[!#-\\[\\]-~]{1,12}", 0..8)) {
            let set: Scopes = tokens.iter().map(|token| token.parse::<Scope>().unwrap()).collect();
            prop_assert_eq!(&set.to_string().parse::<Scopes>().unwrap(), &set);
            let json = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scopes>(&json).unwrap(), set);
        }
    }
}
