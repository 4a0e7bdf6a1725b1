//! What looks like a credential, and texts without them. Rather one too many than one too few.

use std::borrow::Cow;

use form_urlencoded::parse;

/// What stands in a record in place of a credential.
pub(super) const REDACTED: &str = "[redacted]";

/// A parameter or header whose name has one of these in it, in any letter case, carries a credential. They cover
/// `access-token`, `authorization`, `x-agent-auth-signature`, `cookie` and `password` of the contract, and their like.
const MARKS: [&str; 11] = [
    "assertion",
    "auth",
    "cookie",
    "credential",
    "jwt",
    "key",
    "passw",
    "secret",
    "session",
    "signature",
    "token",
];

/// How a value begins that is a credential wherever it stands.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// What separates the parameters of an address from each other and from what is before them.
const SEPARATORS: [char; 4] = ['?', '&', ';', '#'];

/// How many addresses inside of each other are looked into.
const DEPTH: u8 = 4;

/// Whether a header or a parameter of this name carries a credential.
pub(super) fn is_named_as_one(name: &str) -> bool {
    let name = name.to_lowercase();
    MARKS.iter().any(|mark| name.contains(mark))
}

/// The text of a path or a header, with the value of every parameter that carries a credential replaced.
///
/// Names are compared as a server decodes them. A value that is an address in itself, such as that of `redirect_url`, goes
/// as a whole when there is a credential in it.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    redact_to(text, DEPTH)
}

fn redact_to(text: &str, depth: u8) -> Cow<'_, str> {
    if SCHEMES.iter().any(|scheme| begins_with(text, scheme)) {
        return REDACTED.into();
    }
    // Once for each part: to look twice at every depth would double the work at each of them.
    let parts: Vec<(&str, Option<usize>)> =
        text.split_inclusive(SEPARATORS).map(|part| (part, secret_from(part, depth))).collect();
    if parts.iter().all(|(_, secret)| secret.is_none()) {
        return text.into();
    }
    let mut kept = String::with_capacity(text.len());
    for (part, secret) in parts {
        match secret {
            None => kept.push_str(part),
            Some(start) => {
                kept.push_str(&part[..start]);
                kept.push_str(REDACTED);
                kept.extend(part.chars().next_back().filter(|last| SEPARATORS.contains(last)));
            }
        }
    }
    kept.into()
}

/// Where in `name=value` the credential begins, if there is one.
fn secret_from(part: &str, depth: u8) -> Option<usize> {
    let (name, value) = part.split_once('=')?;
    let is_one = is_named_as_one(&decoded(name)) || {
        let value = decoded(value);
        let has_more = value.contains('=') || SCHEMES.iter().any(|scheme| begins_with(&value, scheme));
        has_more
            && (depth == 0 || matches!(redact_to(&value, depth - 1), Cow::Owned(_) | Cow::Borrowed(REDACTED)))
    };
    is_one.then_some(name.len() + 1)
}

/// A part of a query as it is meant: `+` is a space, `%61` an `a`.
fn decoded(part: &str) -> String {
    // The parser splits where we have not; a name or a value has neither of these here.
    parse(part.replace('=', "%3D").replace('&', "%26").as_bytes()).map(|(text, _)| text).collect()
}

fn begins_with(text: &str, scheme: &str) -> bool {
    text.trim_start().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{is_named_as_one, redact};

    #[rstest]
    #[case("access-token", true)]
    #[case("Authorization", true)]
    #[case("proxy-authorization", true)]
    #[case("X-Agent-Auth-Signature", true)]
    #[case("cookie", true)]
    #[case("password", true)]
    #[case("password_confirmation", true)]
    #[case("agent[password]", true)]
    #[case("x-api-key", true)]
    #[case("ACCESS_TOKEN", true)]
    #[case("client", false)]
    #[case("uid", false)]
    #[case("page", false)]
    #[case("organisation_id", false)]
    #[case("agent_email", false)]
    #[case("user-agent", false)]
    #[case("x-request-id", false)]
    fn names_tell_what_is_a_credential(#[case] name: &str, #[case] is_one: bool) {
        assert_eq!(is_named_as_one(name), is_one);
    }

    #[rstest]
    #[case::nothing("/api/v1/absences", "/api/v1/absences")]
    #[case::harmless("/api/v1/absences?page=2&title=a%20b", "/api/v1/absences?page=2&title=a%20b")]
    #[case::one("/a?access-token=S&page=2", "/a?access-token=[redacted]&page=2")]
    #[case::upper_case("/a?Access-Token=S", "/a?Access-Token=[redacted]")]
    #[case::repeated(
        "/a?access-token=S&access-token=S",
        "/a?access-token=[redacted]&access-token=[redacted]"
    )]
    #[case::encoded("/a?%61ccess%2Dt%6Fken=S", "/a?%61ccess%2Dt%6Fken=[redacted]")]
    #[case::nested("/a?agent%5Bpassword%5D=S", "/a?agent%5Bpassword%5D=[redacted]")]
    #[case::equals_signs("/a?password=S=S==", "/a?password=[redacted]")]
    #[case::semicolons("/a?page=1;access-token=S;x=1", "/a?page=1;access-token=[redacted];x=1")]
    #[case::two_question_marks("/a??access-token=S", "/a??access-token=[redacted]")]
    #[case::fragment("https://x/#access_token=S&x=1", "https://x/#access_token=[redacted]&x=1")]
    #[case::address_in_a_value("/a?to=https%3A%2F%2Fx%3Ftoken%3DS&b=1", "/a?to=[redacted]&b=1")]
    #[case::address_in_an_address(
        "/a?to=https%3A%2F%2Fx%3Fto%3Dhttps%253A%252F%252Fy%253Ftoken%253DS",
        "/a?to=[redacted]"
    )]
    #[case::scheme("Bearer S", "[redacted]")]
    #[case::scheme_in_a_value("/a?x=bearer+S", "/a?x=[redacted]")]
    #[case::no_value("/a?password&b", "/a?password&b")]
    #[case::no_text("", "")]
    fn credentials_go_and_the_rest_stays(#[case] given: &str, #[case] kept: &str) {
        assert_eq!(redact(given), kept);
    }

    #[test]
    fn a_value_nested_too_deeply_goes() {
        assert!(!redact(&format!("/a?{}S", "b=".repeat(10_000))).contains('S'));
    }

    proptest! {
        #[test]
        fn texts_without_parameters_stay(text in "[^=]{0,60}") {
            let scheme = ["bearer ", "basic "].iter().any(|scheme| text.trim_start().to_lowercase().starts_with(scheme));
            prop_assume!(!scheme);
            prop_assert_eq!(redact(&text), text.as_str());
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = redact(&text);
        }
    }
}
