//! Telephone numbers of organisations.

use phonenumber::country;

/// The most characters of a stored number; the longest number of the world with its punctuation is shorter.
const MAX_PHONE_NUMBER: usize = 64;

/// Whether an organisation may have this telephone number: a valid one, in the French or in the international form, a
/// short one of exactly four digits, or white space only (contracts/rdv-sign-in.md §12.4).
#[must_use]
pub fn check_phone_number(text: &str) -> bool {
    if text.chars().count() > MAX_PHONE_NUMBER {
        return false;
    }
    text.trim().is_empty() || is_short(text) || is_valid(text)
}

fn is_short(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_valid(text: &str) -> bool {
    // The parser passes over letters and control characters before, between and after the digits.
    let expected = |c: char| c.is_ascii_digit() || "+ .-/()\u{a0}\u{202f}".contains(c);
    text.chars().all(expected)
        && phonenumber::parse(Some(country::FR), text).is_ok_and(|number| phonenumber::is_valid(&number))
}
