//! What a value must look like, key by key (contracts/ocs-provisioning.md §7.5): pure functions from what somebody sends to
//! what is stored, or nothing.

use phonenumber::{Mode, country};
use url::Url;

use crate::text::fold;

/// The most characters of a display name.
const MAX_DISPLAY_NAME: usize = 64;
/// The most bytes of a text.
pub(super) const MAX_TEXT: usize = 2048;
/// The most characters of a telephone number with its punctuation.
const MAX_PHONE: usize = 64;
/// The most bytes of an e-mail address, and of what stands before its `@`.
const MAX_EMAIL: usize = 254;
const MAX_LOCAL: usize = 64;
/// The most bytes of a host name, and of a label of it.
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// A display name that is not blank.
pub(super) fn display_name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=MAX_DISPLAY_NAME).contains(&text.chars().count());
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// An e-mail address, folded: a dot-atom before the `@` and a host name with a dot behind it.
pub(super) fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, host) = text.rsplit_once('@')?;
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    let dotted = local.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
    let fits = text.len() <= MAX_EMAIL && local.len() <= MAX_LOCAL;
    (fits && dotted && is_host(host)).then(|| fold(text))
}

/// A telephone number in the form E.164. One without a country code is a number of `region`, or none.
pub(super) fn phone(text: &str, region: Option<country::Id>) -> Option<String> {
    if text.chars().count() > MAX_PHONE {
        return None;
    }
    // The parser passes over much else before, between and after the digits.
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let expected = |c: char| c.is_ascii_digit() || "-./() ".contains(c);
    let international = text.starts_with('+');
    if !digits.chars().all(expected) || (region.is_none() && !international) {
        return None;
    }
    let number = phonenumber::parse(region, text).ok().filter(phonenumber::is_valid)?;
    Some(number.format().mode(Mode::E164).to_string())
}

/// An address in the web.
pub(super) fn website(text: &str) -> Option<String> {
    // The parser mends what is not one.
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.len() > MAX_TEXT || text.chars().any(odd) || !(begins("http://") || begins("https://")) {
        return None;
    }
    let after = text.split_once("//")?.1;
    let url = Url::parse(text).ok().filter(|_| !after.starts_with('/'))?;
    url.host_str().is_some_and(|host| !host.is_empty()).then(|| text.to_owned())
}

/// A name at Twitter.
pub(super) fn twitter(text: &str) -> Option<String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let expected = |c: char| c.is_ascii_alphanumeric() || c == '_';
    ((2..=15).contains(&name.len()) && name.chars().all(expected)).then(|| name.to_owned())
}

/// A name in the fediverse: `user@host`.
pub(super) fn fediverse(text: &str) -> Option<String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let (user, host) = name.split_once('@')?;
    let expected = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let fits = !user.is_empty() && user.len() <= MAX_LOCAL && user.chars().all(expected);
    (fits && is_host(host)).then(|| name.to_owned())
}

/// Any other text: of several lines, if need be.
pub(super) fn text(text: &str) -> Option<String> {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    (text.len() <= MAX_TEXT && !text.chars().any(odd)).then(|| text.to_owned())
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MAX_HOST && text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "what a check returns")]
    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn display_names_are_trimmed_and_bounded_in_characters() {
        assert_eq!(display_name("  Mira Osei "), some("Mira Osei"));
        for blank in ["", " ", "\u{a0}\t"] {
            assert_eq!(display_name(blank), None, "{blank:?}");
        }
        assert!(display_name(&"é".repeat(64)).is_some());
        for text in ["é".repeat(65), "a\0b".to_owned(), "a\u{1b}b".to_owned(), "a\nb".to_owned()] {
            assert_eq!(display_name(&text), None, "{text:?}");
        }
    }

    #[test]
    fn addresses_are_folded() {
        assert_eq!(email(" Mira.Osei+ocs@Example.ORG "), some("mira.osei+ocs@example.org"));
        let longest = format!("{}@{}.example.org", "a".repeat(64), "b".repeat(63));
        assert!(email(&longest).is_some());
        for text in [
            "",
            "mira",
            "@example.org",
            "mira@",
            "mira@example",
            "mi ra@example.org",
            ".mira@example.org",
            "mira.@example.org",
            "mi..ra@example.org",
            "mira@-a.org",
            "mira@a-.org",
            "mira@a..org",
            "mira@.org",
            "mira@org.",
            "a@b@c.org",
            "\"a b\"@c.org",
            "élodie@example.org",
            "mira@exämple.org",
            "a\0@example.org",
            "a@example.org\nBcc: b@example.org",
            &format!("a{longest}"),
            &format!("a@{}", "b.".repeat(140) + "org"),
        ] {
            assert_eq!(email(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_become_international() {
        assert_eq!(phone("+49 711 / 25 24 28-90", None), some("+4971125242890"));
        assert_eq!(phone("+33 (0)4 75 00 00 00", None), some("+33475000000"));
        assert_eq!(phone("0711 252428-90", Some(country::DE)), some("+4971125242890"));
        assert_eq!(phone("+33475000000", Some(country::DE)), some("+33475000000"));
        assert_eq!(phone("0711 252428-90", None), None, "a national number, and no nation");
        for text in [
            "",
            "+",
            "0",
            "+49",
            "1234",
            "+999123456789",
            "++4971125242890",
            "tel:+4971125242890",
            "+4971125242890;ext=3",
            "+49711252428९०",
            "call me",
            "+49 711\0",
            "'; DROP TABLE accounts; --",
            &"+".repeat(80),
        ] {
            assert_eq!(phone(text, Some(country::DE)), None, "{text:?}");
        }
    }

    #[test]
    fn websites_have_a_scheme_and_a_host() {
        for text in
            ["https://example.org", "http://example.org:8080/a?b#c", "HTTPS://Example.org/é", "http://[::1]/"]
        {
            assert_eq!(website(text), some(text), "{text}");
        }
        let long = format!("https://example.org/{}", "a".repeat(MAX_TEXT));
        for text in [
            "",
            "example.org",
            "//example.org",
            "ftp://example.org",
            "javascript:alert(1)",
            "http:",
            "http://",
            "http:example.org",
            "http:///example.org",
            "https://exa mple.org",
            "https://example.org\n",
            "http:\\\\a",
            "https://a\0b.org",
            "https://:80/",
            &long,
        ] {
            assert_eq!(website(text), None, "{text:?}");
        }
    }

    #[test]
    fn names_elsewhere_lose_their_sign() {
        assert_eq!(twitter("@mira_osei"), some("mira_osei"));
        assert_eq!(twitter("ab"), some("ab"));
        for text in ["", "@", "a", "@@ab", "abcdefghijklmnop", "mira osei", "mira-osei", "é_é"] {
            assert_eq!(twitter(text), None, "{text:?}");
        }
        assert_eq!(fediverse("@mira@social.example.org"), some("mira@social.example.org"));
        for text in
            ["", "mira", "@mira", "@@social.example", "mira@localhost", "a@b@c.org", "m i@c.org", "a@c.org/"]
        {
            assert_eq!(fediverse(text), None, "{text:?}");
        }
    }

    #[test]
    fn texts_may_have_lines_and_are_bounded_in_bytes() {
        assert_eq!(text("Rue A\n1000 Brussels"), some("Rue A\n1000 Brussels"));
        assert!(text(&"é".repeat(MAX_TEXT / 2)).is_some());
        for odd in ["é".repeat(MAX_TEXT / 2 + 1), "a\0".to_owned(), "a\u{8}".to_owned()] {
            assert_eq!(text(&odd), None);
        }
    }

    proptest! {
        /// Whatever is accepted can be stored, is not long, and is accepted again as it is stored.
        #[test]
        fn what_is_stored_would_be_accepted_again(
            given in "\\PC{0,40}|[0-9+() ./-]{0,40}|@?[a-z.]{1,12}@[a-z.-]{1,20}|https?://\\PC{0,30}|.{0,20}",
        ) {
            type Check = fn(&str) -> Option<String>;
            let checks: [Check; 7] =
                [display_name, email, website, twitter, fediverse, text, |one| phone(one, None)];
            for check in checks {
                if let Some(stored) = check(&given) {
                    prop_assert!(!stored.contains('\0') && stored.len() <= MAX_TEXT);
                    prop_assert_eq!(check(&stored), Some(stored.clone()));
                }
            }
        }
    }
}
