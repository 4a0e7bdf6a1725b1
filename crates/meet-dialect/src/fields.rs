//! The fields of a request body, JSON or form. `contracts/meet.md` §2.3.

use std::borrow::Cow;

use crate::field_errors::FieldErrors;
use crate::json::Json;
use crate::python_text;

/// One field as the body gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A member of a JSON object, or the text of a form field.
    Json(Json),
    /// A file of a multipart body, by its name.
    File(String),
}

impl Given {
    fn text(text: impl Into<String>) -> Self {
        Self::Json(Json::Text(text.into()))
    }

    /// The text by which a sentence quotes it: of a file, its name.
    #[must_use]
    pub fn quoted(&self) -> String {
        match self {
            Self::Json(value) => python_text::text(value),
            Self::File(name) => name.clone(),
        }
    }
}

/// The fields of a body; the last one of a name counts. A form has its own idea of an absent value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields {
    given: Vec<(String, Given)>,
    form: bool,
}

impl Fields {
    /// No fields at all: an absent body.
    #[must_use]
    pub fn none() -> Self {
        Self { given: Vec::new(), form: false }
    }

    /// The fields of a JSON body.
    ///
    /// # Errors
    /// The body is no object.
    pub fn from_json(body: Json) -> Result<Self, FieldErrors> {
        let kind = match body {
            Json::Object(members) => {
                let given = members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect();
                return Ok(Self { given, form: false });
            }
            Json::Null => return Err(FieldErrors::whole_body("No data provided")),
            Json::List(_) => "list",
            Json::Text(_) => "str",
            Json::Integer(_) => "int",
            Json::Float(_) => "float",
            Json::Bool(_) => "bool",
        };
        Err(FieldErrors::whole_body(format!("Invalid data. Expected a dictionary, but got {kind}.")))
    }

    /// The fields of a form.
    #[must_use]
    pub fn from_form(given: Vec<(String, Given)>) -> Self {
        Self { given, form: true }
    }

    /// The fields of an `application/x-www-form-urlencoded` body. Broken percent sequences stand for themselves, bytes
    /// that are no UTF-8 become replacement characters.
    #[must_use]
    pub fn from_urlencoded(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body);
        Self::from_form(pairs.map(|(name, value)| (name.into_owned(), Given::text(value))).collect())
    }

    /// The value of a field that has to be there.
    #[must_use]
    pub fn required(&self, name: &str) -> Option<&Given> {
        self.given.iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of a field that may be left out. In a form, an empty value leaves it out.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&Given> {
        let left_out = |value: &Given| matches!(value, Given::Json(Json::Text(text)) if text.is_empty());
        self.required(name).filter(|value| !(self.form && left_out(value)))
    }

    /// The value of a field that holds an object. A form has no way to write one, so that a file or `name[key]` stands
    /// for the field and is refused like any other text. `contracts/meet.md` §8.3.
    #[must_use]
    pub fn optional_object(&self, name: &str) -> Option<Cow<'_, Json>> {
        let given = self.optional(name).or_else(|| {
            let member = self.given.iter().find(|(key, _)| self.form && is_member_of(key, name));
            member.and_then(|(key, _)| self.required(key))
        })?;
        Some(match given {
            Given::Json(value) => Cow::Borrowed(value),
            Given::File(name) => Cow::Owned(Json::Text(name.clone())),
        })
    }
}

fn is_member_of(key: &str, name: &str) -> bool {
    key.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Fields, Given};
    use crate::json::Json;

    #[rstest]
    #[case::null("null", "No data provided")]
    #[case::list("[]", "Invalid data. Expected a dictionary, but got list.")]
    #[case::string("\"x\"", "Invalid data. Expected a dictionary, but got str.")]
    #[case::integer("1", "Invalid data. Expected a dictionary, but got int.")]
    #[case::float("1.5", "Invalid data. Expected a dictionary, but got float.")]
    #[case::boolean("true", "Invalid data. Expected a dictionary, but got bool.")]
    fn a_body_has_to_be_an_object(#[case] body: &str, #[case] message: &str) {
        let refused = Fields::from_json(serde_json::from_str(body).unwrap()).unwrap_err();
        let rendered = serde_json::to_string(&refused).unwrap();
        assert_eq!(rendered, format!(r#"{{"non_field_errors":["{message}"]}}"#));
    }

    #[test]
    fn a_form_repairs_what_is_broken_and_the_last_value_of_a_name_counts() {
        let fields = Fields::from_urlencoded(b"a=1&b=p%26s%3Dw%2B1%25&a=2&c=100%&d=%ff&e=x+y");
        let read = ["a", "b", "c", "d", "e"].map(|name| fields.optional(name).cloned());
        let expected = ["2", "p&s=w+1%", "100%", "\u{fffd}", "x y"];
        assert_eq!(read, expected.map(|text| Some(Given::text(text))));
    }

    #[test]
    fn an_empty_form_value_leaves_an_optional_field_out() {
        let fields = Fields::from_urlencoded(b"a=");
        assert_eq!(fields.optional("a"), None);
        assert_eq!(fields.required("a"), Some(&Given::text("")));
    }

    #[test]
    fn an_empty_json_value_is_a_value() {
        let fields = Fields::from_json(serde_json::from_str(r#"{"a":""}"#).unwrap()).unwrap();
        assert_eq!(fields.optional("a"), Some(&Given::text("")));
    }

    #[test]
    fn bracket_notation_stands_for_the_field_in_a_form() {
        let object = |fields: &Fields, name| fields.optional_object(name).map(std::borrow::Cow::into_owned);
        let fields = Fields::from_urlencoded(b"configuration[everyone_can_mute]=yes&other=x");
        assert_eq!(object(&fields, "configuration"), Some(Json::Text("yes".into())));
        assert_eq!(object(&fields, "config"), None);
        let json = Fields::from_json(serde_json::from_str(r#"{"configuration[a]":"yes"}"#).unwrap()).unwrap();
        assert_eq!(object(&json, "configuration"), None);
    }

    #[test]
    fn a_file_stands_for_its_name() {
        let fields = Fields::from_form(vec![("configuration".into(), Given::File("n.txt".into()))]);
        assert_eq!(fields.optional_object("configuration").unwrap().as_ref(), &Json::Text("n.txt".into()));
        assert_eq!(fields.required("configuration").unwrap().quoted(), "n.txt");
    }
}
