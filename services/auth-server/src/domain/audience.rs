//! Whom a token is meant for (`contracts/oauth2.md` §3, RFC 8707).

use auth_claims::claims::Audience;

/// The requested resource or audience is not the client's to address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the requested resource or audience is not allowed for this client")]
pub struct InvalidTarget;

/// The audiences a client may address. One without a registration addresses the issuer itself: RFC 9068 §3 asks for
/// a default, and a token without `aud` would be for everybody.
#[must_use]
pub fn of_client<'a>(registered: &'a [String], issuer: &'a str) -> Vec<&'a str> {
    if registered.is_empty() { vec![issuer] } else { registered.iter().map(String::as_str).collect() }
}

/// Those of `allowed` that `held` names too.
#[must_use]
pub fn within<'a>(mut allowed: Vec<&'a str>, held: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let held: Vec<&str> = held.collect();
    allowed.retain(|name| held.contains(name));
    allowed
}

/// The audience of a token: all of `allowed`, or those that were asked for, in the order of `allowed`.
///
/// # Errors
/// [`InvalidTarget`] when something else was asked for, or nothing is allowed.
pub fn narrow(allowed: &[&str], requested: &[&str]) -> Result<Audience, InvalidTarget> {
    if requested.iter().any(|name| !allowed.contains(name)) {
        return Err(InvalidTarget);
    }
    let granted: Vec<String> = allowed
        .iter()
        .filter(|name| requested.is_empty() || requested.contains(name))
        .map(ToString::to_string)
        .collect();
    if granted.is_empty() { Err(InvalidTarget) } else { Ok(granted.into()) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[rstest]
    #[case::nothing_asked(&["a", "b"], &[], Some(vec!["a", "b"]))]
    #[case::narrowed(&["a", "b"], &["b"], Some(vec!["b"]))]
    #[case::registration_order(&["a", "b", "c"], &["c", "a"], Some(vec!["a", "c"]))]
    #[case::unregistered(&["a"], &["x"], None)]
    #[case::partly_registered(&["a"], &["a", "x"], None)]
    #[case::prefix(&["https://rooms.example/"], &["https://rooms.example"], None)]
    #[case::nothing_allowed(&[], &[], None)]
    fn narrows(#[case] allowed: &[&str], #[case] requested: &[&str], #[case] expected: Option<Vec<&str>>) {
        let granted = narrow(allowed, requested);
        assert_eq!(granted.ok(), expected.map(|granted| Audience::from(names(&granted))));
    }

    #[test]
    fn without_a_registration_the_issuer_is_meant() {
        assert_eq!(of_client(&[], "https://id.example"), ["https://id.example"]);
        assert_eq!(of_client(&names(&["rooms"]), "https://id.example"), ["rooms"]);
    }

    #[test]
    fn within_keeps_what_both_name() {
        assert_eq!(within(vec!["a", "b", "c"], ["c", "a", "x"].into_iter()), ["a", "c"]);
    }
}
