//! Which strings the Meet dialect takes for an e-mail address (`contracts/meet.md` §4.4).
//!
//! The rules are those of the validator its clients were built against, so they differ from RFC 5321 in known ways:
//! letters outside ASCII are allowed in a domain but not in a local part, a literal address may stand for a domain,
//! and of the names without a dot only `localhost` counts.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest address the syntax allows, counted in characters.
const LONGEST: usize = 320;
/// The longest label of a domain name, in characters (RFC 1034 §3.1).
const LONGEST_LABEL: usize = 63;

/// Whether `text` is an e-mail address by the dialect's rules.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    if text.chars().count() > LONGEST {
        return false;
    }
    text.rsplit_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain_part(domain))
}

fn is_local_part(local: &str) -> bool {
    let quoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(inside) => is_quoted(inside.as_bytes()),
        None => local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte)),
    }
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-!#$%&'*+/=?^_`{}|~".contains(&byte)
}

/// What may stand between the quotes: printable ASCII but blank, quote and backslash, most control characters, and
/// any of these, the tabulator, quote and backslash after a backslash.
fn is_quoted(inside: &[u8]) -> bool {
    let mut bytes = inside.iter().copied();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'\\' => bytes.next().is_some_and(|next| matches!(next, 1..=9 | 11 | 12 | 14..=127)),
            other => matches!(other, 1..=8 | 11 | 12 | 14..=31 | b'!' | b'#'..=b'[' | b']'..=127),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_domain_part(domain: &str) -> bool {
    domain == "localhost" || is_domain_name(domain) || is_literal(domain)
}

fn is_literal(domain: &str) -> bool {
    domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok())
}

fn is_domain_name(domain: &str) -> bool {
    domain
        .rsplit_once('.')
        .is_some_and(|(labels, last)| labels.split('.').all(is_label) && is_top_level(last))
}

fn is_label(label: &str) -> bool {
    has_label_shape(label) && label.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '-')
}

/// The last label: letters and inner hyphens, two at least, no digits unless in the `xn--` form.
fn is_top_level(label: &str) -> bool {
    let long_enough = label.chars().nth(1).is_some();
    let plain = label.chars().all(|c| is_letter(c) || c == '-');
    let punycode = label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
        && label.len() > 4
        && label.bytes().skip(4).all(|b| b.is_ascii_alphanumeric());
    has_label_shape(label) && long_enough && (plain || punycode)
}

fn has_label_shape(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().count() <= LONGEST_LABEL
}

/// ASCII letters, and everything from the inverted exclamation mark to the end of the basic plane: the dialect's
/// validator means "letters of any script" by that range.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{a1}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("nadia.roux@agency.example")]
    #[case::atom_characters("a!#$%&'*+/=?^_`{}|~-b@example.com")]
    #[case::quoted("\"a@b\"@example.com")]
    #[case::escaped_blank("\"a\\ b\"@b.co")]
    #[case::quoted_escape("\"a\\\"b\\\\\"@example.com")]
    #[case::unicode_domain("u@exämple.com")]
    #[case::unicode_top_level("u@example.परीक्षा")]
    #[case::punycode_top_level("u@example.XN--P1AI")]
    #[case::hyphenated_top_level("u@example.co-op")]
    #[case::digits_in_labels("u@123.45.example")]
    #[case::single_letter_labels("u@a-b.c--d.co")]
    #[case::localhost("u@localhost")]
    #[case::literal_v4("u@[127.0.0.1]")]
    #[case::literal_v6("u@[::1]")]
    #[case::two_letters("u@e.co")]
    #[case::longest_label(&format!("u@{}.example", "a".repeat(63)))]
    #[case::long_local_part(&format!("{}@example.com", "a".repeat(65)))]
    #[case::longest(&format!("{}@example.com", "a".repeat(308)))]
    fn an_address_is_accepted(#[case] text: &str) {
        assert!(is_valid(text));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_at("a.example.com")]
    #[case::dotless_domain("a@b")]
    #[case::one_letter_top_level("u@e.c")]
    #[case::leading_hyphen("u@-x.com")]
    #[case::trailing_hyphen("u@x-.com")]
    #[case::hyphen_before_the_end("u@x.com-")]
    #[case::address_as_name("u@1.2.3.4")]
    #[case::trailing_dot("u@example.com.")]
    #[case::empty_label("u@example..com")]
    #[case::display_name("Name <u@e.com>")]
    #[case::two_addresses("a@b.co,c@d.co")]
    #[case::permissions_behind("u@e.co rooms:list")]
    #[case::blank_in_quotes("\"a b\"@example.com")]
    #[case::quote_in_quotes("\"a\"b\"@example.com")]
    #[case::dangling_escape("\"a\\\"@example.com")]
    #[case::no_local_part("@e.co")]
    #[case::leading_dot(".a@example.com")]
    #[case::double_dot("a..b@example.com")]
    #[case::unicode_local_part("ü@example.com")]
    #[case::folding_letter("\u{212a}@example.com")]
    #[case::localhost_capital("u@Localhost")]
    #[case::literal_nonsense("u@[127.0.0.256]")]
    #[case::literal_zone("u@[fe80::1%eth0]")]
    #[case::underscore("u@a_b.com")]
    #[case::outside_the_basic_plane("u@\u{1f600}.com")]
    #[case::line_end("u@example.com\n")]
    #[case::nul("u\0@example.com")]
    #[case::long_label(&format!("u@{}.example", "a".repeat(64)))]
    #[case::bare_punycode_prefix("u@example.xn--")]
    #[case::too_long(&format!("{}@example.com", "a".repeat(309)))]
    fn anything_else_is_refused(#[case] text: &str) {
        assert!(!is_valid(text));
    }

    #[test]
    fn the_longest_address_counts_its_domain() {
        let at_most = format!("{}@{}.co", "a".repeat(253), "b".repeat(63));
        assert_eq!(at_most.len(), 320);
        assert!(is_valid(&at_most) && !is_valid(&format!("a{at_most}")));
    }
}
