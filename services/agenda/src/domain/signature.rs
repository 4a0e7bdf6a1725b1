//! The shared-secret signature by which one trusted partner acts for agents. `contracts/rdv-sign-in.md` §10.
//!
//! It has no time and is bound to no request: whoever has the secret is every agent.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// What is signed, with its keys in this order.
#[derive(Serialize)]
struct Signed<'a> {
    id: i64,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    email: Option<&'a str>,
}

/// Escaped although JSON does not ask for it; inside of a JSON text they stand in strings only.
const ESCAPES: [(char, &str); 5] =
    [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];

/// The text that is signed for an agent: compact JSON, an empty attribute as `null`.
#[must_use]
pub fn message(id: i64, first_name: Option<&str>, last_name: Option<&str>, email: Option<&str>) -> String {
    let [first_name, last_name, email] =
        [first_name, last_name, email].map(|text| text.filter(|text| !text.is_empty()));
    // A struct of a number and texts always has a JSON text.
    let json = serde_json::to_string(&Signed { id, first_name, last_name, email }).unwrap_or_default();
    let mut message = String::with_capacity(json.len());
    for character in json.chars() {
        match ESCAPES.iter().find(|(escaped, _)| *escaped == character) {
            Some((_, escape)) => message.push_str(escape),
            None => message.push(character),
        }
    }
    message
}

/// Whether `signature`, in lower-case hexadecimal, is that of the message; upper case or anything around it is none.
///
/// The time it takes depends on the length of the message, not on what is wrong with the signature. An empty secret
/// signs nothing.
#[must_use]
pub fn verify(secret: &SecretString, message: &str, signature: &str) -> bool {
    let secret = secret.expose_secret();
    // HMAC takes keys of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    let expected = hex::encode(mac.chain_update(message).finalize().into_bytes());
    let same = expected.as_bytes().ct_eq(signature.as_bytes());
    bool::from(same) && !secret.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::{message, verify};

    const ZOE: &str = "f9c59eb7ed3917e703f30e65b234fb82b120e1aa780b93ebf4bdcbf1c7aa12be";
    const MAX: &str = "f76e0d4b98ba1201193b1c7738510e29fa8b3de2b74f6ffe7346304533d0d737";

    fn secret() -> SecretString {
        "k3y-for-docs".into()
    }

    fn zoe() -> String {
        message(311, Some("Zoé"), Some("Le Goff"), Some("zoe.legoff@cd26.example"))
    }

    #[test]
    fn the_vectors_of_the_contract_verify() {
        let max = message(312, Some("Max"), Some("Dupont & <Fils>"), Some("max@cd26.example"));
        assert_eq!(
            zoe(),
            r#"{"id":311,"first_name":"Zoé","last_name":"Le Goff","email":"zoe.legoff@cd26.example"}"#
        );
        assert_eq!(
            max,
            r#"{"id":312,"first_name":"Max","last_name":"Dupont \u0026 \u003cFils\u003e","email":"max@cd26.example"}"#
        );
        assert!(verify(&secret(), &zoe(), ZOE));
        assert!(verify(&secret(), &max, MAX));
    }

    #[test]
    fn line_separators_are_escaped_in_lower_case_and_quotes_as_json_has_them() {
        let odd = message(1, Some("a\u{2028}b\u{2029}c"), Some("\"\\/\u{1f}"), None);
        assert_eq!(odd, r#"{"id":1,"first_name":"a\u2028b\u2029c","last_name":"\"\\/\u001f","email":null}"#);
    }

    #[test]
    fn what_is_empty_or_missing_is_null() {
        assert_eq!(
            message(1, Some(""), None, None),
            r#"{"id":1,"first_name":null,"last_name":null,"email":null}"#
        );
    }

    #[rstest]
    #[case::empty("")]
    #[case::upper_case(&ZOE.to_uppercase())]
    #[case::of_another_message(MAX)]
    #[case::cut(&ZOE[..63])]
    #[case::longer(&format!("{ZOE}0"))]
    #[case::space_before(&format!(" {ZOE}"))]
    #[case::prefixed(&format!("sha256={ZOE}"))]
    #[case::not_ascii("é")]
    fn anything_else_is_no_signature(#[case] signature: &str) {
        assert!(!verify(&secret(), &zoe(), signature));
    }

    #[test]
    fn another_secret_signs_otherwise_and_an_empty_one_signs_nothing() {
        assert!(!verify(&"k3y-for-docs ".into(), &zoe(), ZOE));
        // HMAC-SHA-256 of the empty text under the empty key.
        let empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
        assert!(!verify(&"".into(), "", empty));
    }

    proptest! {
        #[test]
        fn a_signature_of_which_one_digit_changed_does_not_verify(at in 0_usize..64, digit in "[0-9a-fA-F]") {
            let mut changed = ZOE.to_owned();
            changed.replace_range(at..=at, &digit);
            prop_assert_eq!(verify(&secret(), &zoe(), &changed), changed == ZOE);
        }

        #[test]
        fn the_message_is_json_of_the_same_texts_without_the_escaped_characters(
            id in any::<i64>(),
            first in "\\PC{1,8}[<>&\u{2028}\u{2029}]?",
            last in any::<String>(),
        ) {
            let text = message(id, Some(&first), Some(&last), None);
            let escaped = ['<', '>', '&', '\u{2028}', '\u{2029}'];
            prop_assert!(!text.contains(escaped));
            let expected = json!({
                "id": id, "first_name": first, "last_name": Some(last).filter(|last| !last.is_empty()), "email": null,
            });
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        }
    }
}
