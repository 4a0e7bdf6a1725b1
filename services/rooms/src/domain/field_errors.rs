//! What is wrong with the fields of a request, all of it at once.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::configuration::ConfigurationProblem;

/// The refused fields in the order of their declaration, each with its messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldErrors(Vec<(&'static str, Problem)>);

#[derive(Debug, Clone, PartialEq)]
enum Problem {
    Message(String),
    Configuration(Vec<ConfigurationProblem>),
}

/// Where messages on the body as a whole stand.
const WHOLE_BODY: &str = "non_field_errors";

/// `contracts/meet.md` §4.4, field validation messages.
pub const REQUIRED: &str = "This field is required.";
/// A JSON `null` where a value is needed.
pub const NULL: &str = "This field may not be null.";
/// An empty or blank string where text is needed.
pub const BLANK: &str = "This field may not be blank.";
/// Not text.
pub const NOT_TEXT: &str = "Not a valid string.";
/// U+0000, which databases do not keep in text.
pub const NUL_CHARACTER: &str = "Null characters are not allowed.";

impl FieldErrors {
    /// One message on one field.
    #[must_use]
    pub fn of(field: &'static str, message: String) -> Self {
        Self(vec![(field, Problem::Message(message))])
    }

    /// A message on the body as a whole.
    #[must_use]
    pub fn whole_body(message: String) -> Self {
        Self::of(WHOLE_BODY, message)
    }

    /// Adds a message on a field.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, Problem::Message(message.into())));
    }

    /// Adds the problems of a configuration.
    pub fn add_configuration(&mut self, field: &'static str, problems: Vec<ConfigurationProblem>) {
        self.0.push((field, Problem::Configuration(problems)));
    }

    /// `value` when nothing is wrong.
    ///
    /// # Errors
    /// These field errors, when there are any.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, problem) in &self.0 {
            match problem {
                Problem::Message(message) => map.serialize_entry(field, &[message])?,
                Problem::Configuration(problems) => map.serialize_entry(field, problems)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldErrors, REQUIRED};

    #[test]
    fn every_field_gives_a_list_of_messages_in_the_order_added() {
        let mut errors = FieldErrors::default();
        errors.add("role", "no");
        errors.add("email", REQUIRED);
        let rendered = serde_json::to_string(&errors).unwrap();
        assert_eq!(rendered, r#"{"role":["no"],"email":["This field is required."]}"#);
    }

    #[test]
    fn a_value_passes_only_without_errors() {
        assert_eq!(FieldErrors::default().or(Some(1)), Ok(1));
        let mut errors = FieldErrors::default();
        errors.add("email", REQUIRED);
        assert!(errors.or(Some(1)).is_err());
    }
}
