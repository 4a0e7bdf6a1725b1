//! What is wrong with the fields of a request, all of it at once. `contracts/meet.md` §2.5.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::Json;

/// Where messages on the body as a whole stand.
const WHOLE_BODY: &str = "non_field_errors";

/// The refused fields in the order in which they were added, each with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldErrors(Vec<(&'static str, Vec<Json>)>);

impl FieldErrors {
    /// One message on one field.
    #[must_use]
    pub fn of(field: &'static str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// A message on the body as a whole.
    #[must_use]
    pub fn whole_body(message: impl Into<String>) -> Self {
        Self::of(WHOLE_BODY, message)
    }

    /// Adds a message on a field.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, vec![Json::Text(message.into())]));
    }

    /// Adds what is wrong with a field whose problems are told as objects rather than as sentences.
    pub fn add_problems(&mut self, field: &'static str, problems: Vec<Json>) {
        self.0.push((field, problems));
    }

    /// The value of a field, or nothing, once its message is added.
    pub fn keep<T>(&mut self, field: &'static str, value: Result<T, impl Into<String>>) -> Option<T> {
        value.map_err(|message| self.add(field, message)).ok()
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
        for (field, problems) in &self.0 {
            map.serialize_entry(field, problems)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::FieldErrors;
    use crate::json::Json;
    use crate::validation::REQUIRED;

    #[test]
    fn every_field_gives_a_list_of_messages_in_the_order_added() {
        let mut errors = FieldErrors::default();
        errors.add("role", "no");
        errors.add_problems("configuration", vec![Json::Object(vec![("type".into(), Json::Integer(1))])]);
        assert_eq!(errors.keep("email", Err::<(), _>(REQUIRED)), None);
        let rendered = serde_json::to_string(&errors).unwrap();
        assert_eq!(
            rendered,
            r#"{"role":["no"],"configuration":[{"type":1}],"email":["This field is required."]}"#
        );
    }

    #[test]
    fn a_value_passes_only_without_errors() {
        let mut errors = FieldErrors::default();
        assert_eq!(errors.keep("email", Ok::<_, String>(1)), Some(1));
        assert_eq!(errors.clone().or(Some(1)), Ok(1));
        errors.add("email", REQUIRED);
        assert!(errors.or(Some(1)).is_err());
    }
}
