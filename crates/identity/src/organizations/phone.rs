//! Telephone numbers of organisations.

use phonenumber::country;

/// The most characters of a stored number; the longest number of the world with its punctuation is shorter.
const MAX_PHONE_NUMBER: usize = 64;

/// Where a number without a country code may be one: the numbers of the overseas departments look French, and have codes
/// of their own.
const FRENCH: [country::Id; 6] =
    [country::FR, country::GP, country::GF, country::MQ, country::RE, country::YT];

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
    // The parser passes over much else before, between and after the digits; a stored number is shown as it is.
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let digits = text.trim_start();
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let expected = |c: char| c.is_ascii_digit() || "-./() ".contains(c);
    let valid =
        |country| phonenumber::parse(Some(country), &text).is_ok_and(|number| phonenumber::is_valid(&number));
    digits.chars().all(expected) && FRENCH.into_iter().any(valid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn french_international_short_and_blank_numbers_are_accepted() {
        for number in [
            "0475000000",
            "04 75 00 00 00",
            "04.75.00.00.00",
            "04-75-00-00-00",
            "04\u{a0}75\u{202f}00 00 00",
            " 0475000000 ",
            "+33475000000",
            "+33 (0)4 75 00 00 00",
            "0033475000000",
            "0612345678",
            "07 56 78 90 12",
            "0800 000 000",
            // Réunion, Guadeloupe
            "0262 00 00 00",
            "0590 00 00 00",
            "+262262000000",
            // Belgium, Germany, the United States
            "+32 2 555 12 12",
            "+49 30 123456",
            "+1 202-555-0143",
            "3939",
            "0000",
            "",
            " \t",
        ] {
            assert!(check_phone_number(number), "{number:?}");
        }
    }

    #[test]
    fn what_nobody_could_call_is_refused() {
        let long = " ".repeat(MAX_PHONE_NUMBER + 1);
        for number in [
            "1",
            "123",
            "12345",
            "04750000",
            "047500000000",
            "0075000000",
            "+33 1",
            "+999123456789",
            "++33475000000",
            "+33 +475000000",
            "0475000000+",
            "3939 ",
            "३९३९",
            "٠٤٧٥٠٠٠٠٠٠",
            "abcd",
            "tel:0475000000",
            "0475000000 poste 3",
            "0475000000\0",
            "04750\n00000",
            "0475000000;ext=3",
            "'; DROP TABLE organizations; --",
            &long,
        ] {
            assert!(!check_phone_number(number), "{number:?}");
        }
    }

    proptest! {
        /// Whatever is accepted can be stored and shown: no control characters but blanks, and not long.
        #[test]
        fn any_text_is_judged_and_only_storable_ones_are_accepted(
            text in "\\PC{0,70}|[0-9+() ./-]{0,70}|[+]?[0-9]{0,20}|.{0,20}",
        ) {
            if check_phone_number(&text) {
                prop_assert!(text.chars().count() <= MAX_PHONE_NUMBER);
                prop_assert!(text.chars().all(|c| c.is_whitespace() || !c.is_control()));
                prop_assert!(!text.contains('\0'));
            }
        }

        /// Spaces between the digits change nothing.
        #[test]
        fn a_landline_is_accepted_however_it_is_grouped(
            zone in 1..=5_u8,
            digits in "[1-9][0-9]{7}",
            gap in prop::sample::select(vec!["", " ", ".", "-", "\u{a0}"]),
        ) {
            let plain = format!("0{zone}{digits}");
            let pairs: Vec<&str> = (0..5).map(|pair| &plain[2 * pair..2 * pair + 2]).collect();
            prop_assert_eq!(check_phone_number(&pairs.join(gap)), check_phone_number(&plain));
        }
    }
}
