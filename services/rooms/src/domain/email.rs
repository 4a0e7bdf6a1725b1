//! E-mail addresses: the syntax that clients of the dialect are used to, and the key by which they are compared.
//!
//! `contracts/meet.md` §4.4, "E-mail syntax".

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The longest address, in characters.
const LONGEST: usize = 320;
/// The longest label of a domain name, in characters (RFC 1034 §3.1).
const LONGEST_LABEL: usize = 63;

/// An e-mail address as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// An e-mail address as it is looked up: without regard to letter case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailKey(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter a valid email address.")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// An address that the auth server vouches for, whatever its syntax; `None` when there is nothing to keep.
    #[must_use]
    pub fn from_claim(text: &str) -> Option<Self> {
        let text = text.trim();
        let keepable = !text.is_empty() && text.chars().count() <= LONGEST && !text.contains('\0');
        keepable.then(|| Self(text.to_owned()))
    }

    /// An address read from the database.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key by which it is looked up.
    #[must_use]
    pub fn key(&self) -> EmailKey {
        // Letter by letter, as the directory of accounts folds: a whole word would end in another sigma.
        EmailKey(self.0.chars().flat_map(char::to_lowercase).collect())
    }
}

impl EmailKey {
    /// The text kept in the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnEmailAddress;

    fn from_str(text: &str) -> Result<Self, NotAnEmailAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmailAddress)?;
        let valid = text.chars().count() <= LONGEST
            && (is_dot_atom(local) || is_quoted(local))
            && (domain == "localhost" || is_domain_name(domain) || is_address_literal(domain));
        if valid { Ok(Self(text.to_owned())) } else { Err(NotAnEmailAddress) }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn is_dot_atom(local: &str) -> bool {
    let is_atom_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-!#$%&'*+/=?^_`{}|~".contains(&byte);
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
}

fn is_quoted(local: &str) -> bool {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        let valid = match byte {
            b'\\' => matches!(bytes.next(), Some(1..=9 | 11 | 12 | 14..=127)),
            1..=8 | 11 | 12 | 14..=31 | b'!' | b'#'..=b'[' | b']'..=127 => true,
            _ => false,
        };
        if !valid {
            return false;
        }
    }
    true
}

fn is_domain_name(domain: &str) -> bool {
    domain
        .rsplit_once('.')
        .is_some_and(|(labels, last)| labels.split('.').all(is_label) && is_last_label(last))
}

/// Letters of any script count; so do all other characters of the basic plane from U+00A1 on, as in the original.
fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '\u{a1}'..='\u{ffff}')
}

fn has_label_size(label: &str, shortest: usize) -> bool {
    (shortest..=LONGEST_LABEL).contains(&label.chars().count())
}

fn is_label(label: &str) -> bool {
    let allowed = |c: char| is_letter(c) || c.is_ascii_digit() || c == '-';
    has_label_size(label, 1) && label.chars().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}

fn is_last_label(label: &str) -> bool {
    let inner_hyphens = !label.starts_with('-') && !label.ends_with('-');
    let letters = has_label_size(label, 2) && label.chars().all(|c| is_letter(c) || c == '-');
    let punycode = || {
        let rest =
            label.get(..4).filter(|head| head.eq_ignore_ascii_case("xn--")).and_then(|_| label.get(4..));
        rest.is_some_and(|rest| {
            (1..=59).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    };
    inner_hyphens && (letters || punycode())
}

fn is_address_literal(domain: &str) -> bool {
    let inner = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv4Addr>().is_ok() || inner.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::EmailAddress;

    #[rstest]
    #[case::plain("nadia.roux@agency.example")]
    #[case::tag("a+b_c%d=e@b.co")]
    #[case::quoted("\"a\\ b\"@b.co")]
    #[case::unicode_domain("u@münchen.example")]
    #[case::unicode_last_label("u@example.рф")]
    #[case::punycode("u@example.xn--p1ai")]
    #[case::digits_inside("u@1.example")]
    #[case::hyphens("u@a-b.c--d.co")]
    #[case::ipv4("u@[127.0.0.1]")]
    #[case::ipv6("u@[::1]")]
    #[case::localhost("u@localhost")]
    #[case::at_in_quotes("\"a@b\"@c.de")]
    fn an_address_is_accepted(#[case] text: &str) {
        assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), text);
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_at("abc")]
    #[case::dotless("a@b")]
    #[case::short_last_label("u@e.c")]
    #[case::hyphen_first("u@-x.com")]
    #[case::hyphen_last("u@x-.com")]
    #[case::bare_ip("u@1.2.3.4")]
    #[case::trailing_dot("u@example.com.")]
    #[case::display_name("Name <u@e.com>")]
    #[case::two("a@b.co,c@d.co")]
    #[case::scope_appended("u@e.co rooms:list")]
    #[case::space_in_quotes("\"a b\"@e.co")]
    #[case::double_dot("a..b@e.co")]
    #[case::no_local_part("@e.co")]
    #[case::non_ascii_local_part("é@e.co")]
    #[case::upper_case_localhost("u@LOCALHOST")]
    #[case::empty_label("u@a..co")]
    #[case::bad_literal("u@[300.1.1.1]")]
    #[case::newline("u@e.co\n")]
    fn anything_else_is_refused(#[case] text: &str) {
        assert!(text.parse::<EmailAddress>().is_err());
    }

    #[test]
    fn an_address_has_at_most_320_characters_and_a_label_63() {
        let at_most = format!("{}@{}.co", "a".repeat(253), "b".repeat(63));
        assert_eq!(at_most.len(), 320);
        assert!(at_most.parse::<EmailAddress>().is_ok());
        assert!(format!("a{at_most}").parse::<EmailAddress>().is_err());
        assert!(format!("a@{}.co", "b".repeat(64)).parse::<EmailAddress>().is_err());
    }

    #[test]
    fn the_key_ignores_letter_case() {
        let key = |text: &str| text.parse::<EmailAddress>().unwrap().key();
        assert_eq!(key("Nadia@Agency.Example"), key("nadia@agency.example"));
        assert_ne!(key("nadia@agency.example"), key("nadja@agency.example"));
    }

    #[test]
    fn a_claim_is_taken_as_it_is() {
        assert_eq!(EmailAddress::from_claim(" ada ").unwrap().as_str(), "ada");
        assert_eq!(EmailAddress::from_claim("  "), None);
        assert_eq!(EmailAddress::from_claim("a\0@e.co"), None);
    }
}
