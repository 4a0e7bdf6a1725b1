//! What a field may hold, and the sentences on what it may not. `contracts/meet.md` §4.1 and §4.4, field validation.

use crate::fields::Given;
use crate::json::Json;
use crate::python_text;

/// The field is not there.
pub const REQUIRED: &str = "This field is required.";
/// A JSON `null` where a value is needed.
pub const NULL: &str = "This field may not be null.";
/// An empty or blank string where text is needed.
pub const BLANK: &str = "This field may not be blank.";
/// Not text.
pub const NOT_TEXT: &str = "Not a valid string.";
/// U+0000, which databases do not keep in text.
pub const NUL_CHARACTER: &str = "Null characters are not allowed.";

/// The trimmed text of a field that has to be there and to hold some. Numbers are taken by their text.
///
/// # Errors
/// The sentence on what is wrong with it.
pub fn text(given: Option<&Given>) -> Result<String, &'static str> {
    let text = match given.ok_or(REQUIRED)? {
        Given::Json(Json::Null) => return Err(NULL),
        Given::Json(value @ (Json::Text(_) | Json::Integer(_) | Json::Float(_))) => python_text::text(value),
        Given::Json(_) | Given::File(_) => return Err(NOT_TEXT),
    };
    match trimmed(&text) {
        "" => Err(BLANK),
        text if text.contains('\0') => Err(NUL_CHARACTER),
        text => Ok(text.to_owned()),
    }
}

/// The text of a field that names one of a closed list, neither trimmed nor folded. Whoever has the list refuses other
/// texts by [`not_a_choice`].
///
/// # Errors
/// The sentence on its absence.
pub fn choice(given: Option<&Given>) -> Result<String, &'static str> {
    match given.ok_or(REQUIRED)? {
        Given::Json(Json::Null) => Err(NULL),
        given => Ok(given.quoted()),
    }
}

/// The sentence on a value outside a closed list.
#[must_use]
pub fn not_a_choice(text: &str) -> String {
    format!("\"{text}\" is not a valid choice.")
}

/// The original's idea of white space: Unicode's, and the four information separators.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{choice, not_a_choice, text};
    use crate::fields::Given;

    fn given(json: &str) -> Option<Given> {
        (!json.is_empty()).then(|| Given::Json(serde_json::from_str(json).unwrap()))
    }

    #[rstest]
    #[case::text(r#""a b""#, "a b")]
    #[case::trimmed(r#"" s \t""#, "s")]
    #[case::white_space_of_any_script(r#""\u00a0a@b.example\u001f""#, "a@b.example")]
    #[case::integer("-12", "-12")]
    #[case::float("12.5", "12.5")]
    #[case::whole_float("1.0", "1.0")]
    fn texts_and_numbers_are_taken(#[case] json: &str, #[case] taken: &str) {
        assert_eq!(text(given(json).as_ref()), Ok(taken.to_owned()));
    }

    #[rstest]
    #[case::missing("", "This field is required.")]
    #[case::null("null", "This field may not be null.")]
    #[case::empty(r#""""#, "This field may not be blank.")]
    #[case::white(r#"" \t\u2003""#, "This field may not be blank.")]
    #[case::boolean("true", "Not a valid string.")]
    #[case::array(r#"["a"]"#, "Not a valid string.")]
    #[case::object("{}", "Not a valid string.")]
    #[case::nul(r#""a\u0000b""#, "Null characters are not allowed.")]
    fn anything_else_is_no_text(#[case] json: &str, #[case] message: &str) {
        assert_eq!(text(given(json).as_ref()), Err(message));
    }

    #[rstest]
    #[case::as_it_is(r#"" Member""#, Ok(" Member"))]
    #[case::empty(r#""""#, Ok(""))]
    #[case::truth("true", Ok("True"))]
    #[case::list(r#"["a"]"#, Ok("['a']"))]
    #[case::missing("", Err("This field is required."))]
    #[case::null("null", Err("This field may not be null."))]
    fn a_choice_is_compared_and_quoted_as_it_is(
        #[case] json: &str,
        #[case] read: Result<&str, &'static str>,
    ) {
        assert_eq!(choice(given(json).as_ref()), read.map(str::to_owned));
    }

    #[test]
    fn a_file_is_no_text_and_as_a_choice_its_name() {
        let file = Given::File("x.txt".to_owned());
        assert_eq!(text(Some(&file)), Err("Not a valid string."));
        assert_eq!(choice(Some(&file)), Ok("x.txt".to_owned()));
        assert_eq!(not_a_choice("x.txt"), "\"x.txt\" is not a valid choice.");
    }
}
