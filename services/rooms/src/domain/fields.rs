//! The fields of a request body, JSON or form.

use super::field_errors::FieldErrors;
use meet_dialect::json::Json;

/// The fields of a body. A form knows only text, and has its own idea of an absent value.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields {
    values: Json,
    form: bool,
}

impl Fields {
    /// No fields at all: an absent body.
    #[must_use]
    pub fn none() -> Self {
        Self { values: Json::Object(Vec::new()), form: false }
    }

    /// The fields of a JSON body. `contracts/meet.md` §2.3.
    ///
    /// # Errors
    /// The body is no object.
    pub fn from_json(body: Json) -> Result<Self, FieldErrors> {
        let kind = match body {
            Json::Object(_) => return Ok(Self { values: body, form: false }),
            Json::Null => return Err(FieldErrors::whole_body("No data provided".to_owned())),
            Json::List(_) => "list",
            Json::Text(_) => "str",
            Json::Integer(_) => "int",
            Json::Float(_) => "float",
            Json::Bool(_) => "bool",
        };
        let message = format!("Invalid data. Expected a dictionary, but got {kind}.");
        Err(FieldErrors::whole_body(message))
    }

    /// The fields of a form; of a repeated name the last value counts.
    #[must_use]
    pub fn from_form(parts: Vec<(String, String)>) -> Self {
        let mut values: Vec<(String, Json)> = Vec::with_capacity(parts.len());
        for (name, text) in parts {
            match values.iter_mut().find(|(known, _)| *known == name) {
                Some((_, value)) => *value = Json::Text(text),
                None => values.push((name, Json::Text(text))),
            }
        }
        Self { values: Json::Object(values), form: true }
    }

    /// The value of a field that has to be there.
    #[must_use]
    pub fn required(&self, name: &str) -> Option<&Json> {
        self.values.get(name)
    }

    /// The value of a field that may be left out. In a form, an empty value leaves it out.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&Json> {
        self.values.get(name).filter(|value| !(self.form && **value == Json::Text(String::new())))
    }

    /// The value of a field that holds an object. A form has no way to write one, so that its `name[key]` stands for
    /// the field and is refused like any other text. `contracts/meet.md` §8.3.
    #[must_use]
    pub fn optional_object(&self, name: &str) -> Option<&Json> {
        self.optional(name).or_else(|| match &self.values {
            Json::Object(values) if self.form => {
                values.iter().find(|(key, _)| is_member_of(key, name)).map(|(_, v)| v)
            }
            _ => None,
        })
    }
}

fn is_member_of(key: &str, name: &str) -> bool {
    key.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Fields;
    use meet_dialect::json::Json;

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

    fn form(parts: &[(&str, &str)]) -> Fields {
        Fields::from_form(parts.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn of_a_repeated_form_field_the_last_value_counts() {
        let fields = form(&[("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(fields.optional("a"), Some(&Json::Text("3".into())));
    }

    #[test]
    fn an_empty_form_value_leaves_an_optional_field_out() {
        let fields = form(&[("a", "")]);
        assert_eq!(fields.optional("a"), None);
        assert_eq!(fields.required("a"), Some(&Json::Text(String::new())));
    }

    #[test]
    fn bracket_notation_stands_for_the_field() {
        let fields = form(&[("configuration[everyone_can_mute]", "yes"), ("other", "x")]);
        assert_eq!(fields.optional_object("configuration"), Some(&Json::Text("yes".into())));
        assert_eq!(fields.optional_object("config"), None);
    }
}
