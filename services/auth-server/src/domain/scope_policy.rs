//! Which scope a grant gives (`contracts/oauth2.md` §3 "Scope", RFC 6749 §3.3).
//!
//! Asking for nothing gives the defaults. Asking for something gives exactly that, or an error: never a silent subset.

use auth_claims::scopes::{Scope, Scopes};

/// Why a requested scope is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeRefusal {
    /// Not a blank-separated list of scope tokens.
    #[error("the scope is malformed")]
    Malformed,
    /// More than there is to have.
    #[error("the requested scope is not granted to this client")]
    TooWide,
}

/// What a request may have at most, and what it gets when it asks for nothing.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling<'a> {
    registered: &'a Scopes,
    defaults: &'a Scopes,
    held: Option<&'a Scopes>,
}

impl<'a> Ceiling<'a> {
    /// A client's own: its registered scopes in their order, and those of its defaults that are registered.
    #[must_use]
    pub const fn of_client(registered: &'a Scopes, defaults: &'a Scopes) -> Self {
        Self { registered, defaults, held: None }
    }

    /// The same, cut down to what another party holds. The order stays that of the registration.
    #[must_use]
    pub const fn within(self, held: &'a Scopes) -> Self {
        Self { held: Some(held), ..self }
    }

    /// What a request for `requested` gets.
    ///
    /// # Errors
    /// [`ScopeRefusal`] when it is malformed or wider than the ceiling.
    pub fn grant(&self, requested: Option<&str>) -> Result<Scopes, ScopeRefusal> {
        // Not as a set: each of the twenty thousand that a body has room for would be compared with all others.
        let names = requested.unwrap_or_default().split(' ').filter(|name| !name.is_empty());
        let requested: Vec<Scope> =
            names.map(str::parse).collect::<Result<_, _>>().map_err(|_| ScopeRefusal::Malformed)?;
        if requested.is_empty() {
            return Ok(self.allowed().filter(|scope| self.defaults.contains(scope)).cloned().collect());
        }
        if !requested.iter().all(|scope| self.allows(scope)) {
            return Err(ScopeRefusal::TooWide);
        }
        Ok(self.allowed().filter(|scope| requested.contains(scope)).cloned().collect())
    }

    fn allowed(&self) -> impl Iterator<Item = &'a Scope> {
        let held = self.held;
        self.registered.iter().filter(move |scope| held.is_none_or(|held| held.contains(scope)))
    }

    fn allows(&self, scope: &Scope) -> bool {
        self.registered.contains(scope) && self.held.is_none_or(|held| held.contains(scope))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().expect("scopes")
    }

    fn registration() -> (Scopes, Scopes) {
        (scopes("a b c"), scopes("c a unregistered"))
    }

    #[rstest]
    #[case::nothing(None, "a c")]
    #[case::blanks(Some("  "), "a c")]
    #[case::some(Some("b"), "b")]
    #[case::registration_order(Some("c b a"), "a b c")]
    #[case::twice(Some("b b"), "b")]
    fn grants(#[case] requested: Option<&str>, #[case] granted: &str) {
        let (registered, defaults) = registration();
        assert_eq!(Ceiling::of_client(&registered, &defaults).grant(requested), Ok(scopes(granted)));
    }

    #[rstest]
    #[case::unknown("a x", ScopeRefusal::TooWide)]
    #[case::unregistered_default("unregistered", ScopeRefusal::TooWide)]
    #[case::letter_case("A", ScopeRefusal::TooWide)]
    #[case::quote("a\"", ScopeRefusal::Malformed)]
    #[case::tab("a\tb", ScopeRefusal::Malformed)]
    #[case::line_end("a\nb", ScopeRefusal::Malformed)]
    fn refuses(#[case] requested: &str, #[case] refusal: ScopeRefusal) {
        let (registered, defaults) = registration();
        assert_eq!(Ceiling::of_client(&registered, &defaults).grant(Some(requested)), Err(refusal));
    }

    #[test]
    fn within_cuts_both_down_and_keeps_the_order() {
        let ((registered, defaults), held) = (registration(), scopes("c b"));
        let cut = Ceiling::of_client(&registered, &defaults).within(&held);
        assert_eq!(cut.grant(None), Ok(scopes("c")));
        assert_eq!(cut.grant(Some("c b")), Ok(scopes("b c")));
        assert_eq!(cut.grant(Some("a")), Err(ScopeRefusal::TooWide));
    }

    proptest! {
        /// Threat 8 at the level of the rule: whatever is asked for, the answer lies within both.
        #[test]
        fn nothing_is_ever_wider_than_the_client_and_the_subject(
            registered in "[abcd]( [abcd]){0,3}", defaults in "[abcde]( [abcde]){0,3}",
            held in "[abcde]( [abcde]){0,4}", requested in proptest::option::of("[abcdef ]{0,9}"),
        ) {
            let (registered, defaults, held) = (scopes(&registered), scopes(&defaults), scopes(&held));
            let ceiling = Ceiling::of_client(&registered, &defaults).within(&held);
            if let Ok(granted) = ceiling.grant(requested.as_deref()) {
                prop_assert!(granted.is_subset(&registered));
                prop_assert!(granted.is_subset(&held));
            }
        }
    }
}
