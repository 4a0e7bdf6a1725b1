//! Rules for the short texts of the directory, and how lists of them are stored.

use serde::{Serialize, de::DeserializeOwned};
use store::StoreError;

use crate::faults::Faults;

/// The longest id of an organisation, a group or a service.
pub(crate) const MAX_ID: usize = 64;
/// The longest name.
pub(crate) const MAX_NAME: usize = 255;
/// The most elements in any list of a record.
pub(crate) const MAX_LIST: usize = 100;

/// The form in which logins and e-mail addresses are compared: Unicode lower case, character by character.
///
/// `str::to_lowercase` would look at the neighbours of a sigma, so that two spellings of one name could differ.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// A text to compare with stored ones. No stored text has a NUL, which PostgreSQL would refuse even in a comparison.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The pattern of every folded text that has this one in it, for `LIKE … ESCAPE '\'`.
pub(crate) fn containing(text: &str) -> String {
    let literal = storable(&fold(text)).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

/// Whether `text` is shown as it is stored: something, not too long, no control characters, no blanks around it.
///
/// PostgreSQL has no NUL in texts, so a text that passes here can be stored and looked for on both databases.
pub(crate) fn check(text: &str, longest: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("may not be empty".to_owned());
    }
    if text.chars().count() > longest {
        return Err(format!("may have at most {longest} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("may not contain control characters".to_owned());
    }
    if text.trim() != text {
        return Err("may not begin or end with white space".to_owned());
    }
    Ok(())
}

/// [`check`], with the fault noted under `path`.
pub(crate) fn note(faults: &mut Faults, path: &str, text: &str, longest: usize) {
    if let Err(message) = check(text, longest) {
        faults.push(path, message);
    }
}

/// [`note`] for a text that may be absent.
pub(crate) fn note_optional(faults: &mut Faults, path: &str, text: Option<&String>, longest: usize) {
    if let Some(text) = text {
        note(faults, path, text, longest);
    }
}

/// Notes a list that is too long, or holds something twice.
pub(crate) fn note_list<T: PartialEq>(faults: &mut Faults, path: &str, list: &[T]) {
    if list.len() > MAX_LIST {
        faults.push(path, format!("may have at most {MAX_LIST} elements"));
        return;
    }
    for (index, element) in list.iter().enumerate() {
        if list.iter().take(index).any(|earlier| earlier == element) {
            faults.push(format!("{path}[{index}]"), "is given twice");
        }
    }
}

/// A list as its column holds it.
pub(crate) fn to_json<T: Serialize + ?Sized>(list: &T) -> Result<String, StoreError> {
    serde_json::to_string(list).map_err(|error| StoreError::corrupt("list", error))
}

/// A list from its column.
pub(crate) fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(what, error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_would_not_survive_the_database_are_refused() {
        for text in ["", " ", "a\0b", "a\nb", " a", "a ", "\u{7f}", "12345678901"] {
            assert!(check(text, 10).is_err(), "{text:?}");
        }
        for text in ["a", "a b", "é'; DROP TABLE", "1234567890"] {
            assert!(check(text, text.len()).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_list_is_bounded_and_holds_everything_once() {
        let mut faults = Faults::default();
        note_list(&mut faults, "scopes", &["a", "b", "a"]);
        note_list(&mut faults, "roles", &vec!["a"; MAX_LIST + 1]);
        assert_eq!(faults.to_string(), "scopes[2]: is given twice; roles: may have at most 100 elements");
    }

    proptest! {
        #[test]
        fn folding_is_stable_and_goes_character_by_character(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(fold(&fold(&a)), fold(&a));
            prop_assert_eq!(fold(&format!("{a}{b}")), fold(&a) + &fold(&b));
        }
    }
}
