//! A parameter of a request, as an attribute of a record takes it.

use std::borrow::Cow;

use rdv_dialect::violations::Code;
use serde_json::Value;

/// The most characters of a name or an e-mail address of an organisation, as the directory has it.
pub(super) const MAX_CHARS: usize = 255;

/// What a request says about one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Given<'a> {
    /// Nothing: it stays as it is.
    #[default]
    Absent,
    /// That it has no value.
    Null,
    /// This, which may be blank.
    Text(Cow<'a, str>),
}

impl Given<'_> {
    /// The text without the white space around it; `None` when there is none or nothing is left.
    #[must_use]
    pub fn trimmed(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<'a> From<&'a str> for Given<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// Numbers and truth values count as their text, as in a form. No attribute takes a list or an object; the dialect's
/// clients know them as ignored.
impl<'a> From<Option<&'a Value>> for Given<'a> {
    fn from(value: Option<&'a Value>) -> Self {
        match value {
            None | Some(Value::Array(_) | Value::Object(_)) => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(Value::String(text)) => text.as_str().into(),
            Some(number_or_truth) => Self::Text(Cow::Owned(number_or_truth.to_string())),
        }
    }
}

/// Why a name or the like cannot be kept, if it cannot: it is one line of bounded length.
pub(super) fn unfit(text: &str) -> Option<Code> {
    if text.chars().count() > MAX_CHARS {
        return Some(too_long(MAX_CHARS));
    }
    text.contains(char::is_control).then_some(Code::Invalid)
}

/// The contract has no bounds; the directory has, and upstream's framework has this sentence for them.
pub(super) fn too_long(longest: usize) -> Code {
    Code::Text(format!("est trop long (pas plus de {longest} caractères)").into())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Given, MAX_CHARS, unfit};

    #[rstest]
    #[case::text(json!(" Congés "), Given::from(" Congés "))]
    #[case::empty(json!(""), Given::from(""))]
    #[case::number(json!(475_000_000), Given::from("475000000"))]
    #[case::fraction(json!(1.5), Given::from("1.5"))]
    #[case::truth(json!(true), Given::from("true"))]
    #[case::null(json!(null), Given::Null)]
    #[case::list(json!(["a"]), Given::Absent)]
    #[case::object(json!({"a": "b"}), Given::Absent)]
    fn a_value_is_read_as_its_text(#[case] value: Value, #[case] given: Given<'_>) {
        assert_eq!(Given::from(Some(&value)), given);
    }

    #[test]
    fn a_missing_value_is_absent() {
        assert_eq!(Given::from(None::<&Value>), Given::Absent);
    }

    #[rstest]
    #[case::spaces(Given::from("  a b\u{a0}"), Some("a b"))]
    #[case::blank(Given::from(" \t\u{2003}"), None)]
    #[case::null(Given::Null, None)]
    #[case::absent(Given::Absent, None)]
    fn white_space_around_a_text_goes(#[case] given: Given<'_>, #[case] text: Option<&str>) {
        assert_eq!(given.trimmed(), text);
    }

    #[rstest]
    #[case::plain("Réunion d’équipe, 2e étage; \"salle\" \\ 🦀", false)]
    #[case::as_long_as_may_be(&"é".repeat(MAX_CHARS), false)]
    #[case::too_long(&"é".repeat(MAX_CHARS + 1), true)]
    #[case::null_character("a\0b", true)]
    #[case::line_feed("a\nb", true)]
    #[case::escape("\u{1b}[2J", true)]
    #[case::c1("a\u{85}b", true)]
    fn a_text_is_one_line_of_bounded_length(#[case] text: &str, #[case] refused: bool) {
        assert_eq!(unfit(text).is_some(), refused);
    }
}
