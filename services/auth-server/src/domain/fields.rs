//! The fields of a Meet token request and how they are validated (`contracts/meet.md` §4.1 and the table of §4.4).
//!
//! Every field is looked at, and all complaints go back together, in the order of the contract.

use std::collections::HashMap;

use secrecy::SecretString;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use super::python_text;

/// The one grant this dialect knows.
const GRANT_TYPE: &str = "client_credentials";

/// One field as the body gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A member of a JSON object, or the text of a form field.
    Json(Value),
    /// A file of a multipart body, by its name.
    File(String),
}

/// The fields of a body by name; the last one of a name counts.
pub type Fields = HashMap<String, Given>;

/// A token request whose fields are all well-formed.
#[derive(Debug)]
pub struct TokenRequest {
    /// The application's id, trimmed.
    pub client_id: String,
    /// The application's secret, trimmed.
    pub client_secret: SecretString,
    /// The e-mail of the person the application acts for; not yet checked to be one.
    pub scope: String,
}

/// What is wrong with the fields: one sentence each.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldErrors(Vec<(&'static str, String)>);

impl Serialize for FieldErrors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, complaint) in &self.0 {
            map.serialize_entry(field, &[complaint])?;
        }
        map.end()
    }
}

impl TokenRequest {
    /// Validates `fields`.
    ///
    /// # Errors
    /// Every complaint there is, in the order the contract shows them.
    pub fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let client_id = string(fields.get("client_id"));
        let client_secret = string(fields.get("client_secret"));
        let grant_type = grant_type(fields.get("grant_type"));
        let scope = string(fields.get("scope"));
        match (client_id, client_secret, grant_type, scope) {
            (Ok(client_id), Ok(client_secret), Ok(()), Ok(scope)) => {
                Ok(Self { client_id, client_secret: client_secret.into(), scope })
            }
            (client_id, client_secret, grant_type, scope) => Err(FieldErrors(
                [
                    ("client_id", client_id.err()),
                    ("client_secret", client_secret.err()),
                    ("grant_type", grant_type.err()),
                    ("scope", scope.err()),
                ]
                .into_iter()
                .filter_map(|(field, complaint)| Some((field, complaint?)))
                .collect(),
            )),
        }
    }
}

/// A trimmed text that is not blank. Numbers are taken by their text.
fn string(given: Option<&Given>) -> Result<String, String> {
    let text = match given {
        None => return Err("This field is required.".to_owned()),
        Some(Given::Json(Value::Null)) => return Err("This field may not be null.".to_owned()),
        Some(Given::Json(Value::String(text))) => trimmed(text).to_owned(),
        Some(Given::Json(Value::Number(number))) => number.to_string(),
        Some(Given::Json(_) | Given::File(_)) => return Err("Not a valid string.".to_owned()),
    };
    if text.is_empty() {
        return Err("This field may not be blank.".to_owned());
    }
    if text.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    Ok(text)
}

/// Exactly `client_credentials`: neither trimmed nor folded.
fn grant_type(given: Option<&Given>) -> Result<(), String> {
    let text = match given {
        None => return Err("This field is required.".to_owned()),
        Some(Given::Json(Value::Null)) => return Err("This field may not be null.".to_owned()),
        Some(Given::Json(value)) => python_text::text(value),
        Some(Given::File(name)) => name.clone(),
    };
    if text == GRANT_TYPE { Ok(()) } else { Err(format!("\"{text}\" is not a valid choice.")) }
}

/// The original's idea of white space: Unicode's, and the four information separators.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> Fields {
        let members = body.as_object().expect("an object").clone();
        members.into_iter().map(|(name, value)| (name, Given::Json(value))).collect()
    }

    fn complaints(body: &Value) -> String {
        serde_json::to_string(&TokenRequest::parse(&fields(body)).expect_err("complaints")).expect("JSON")
    }

    #[test]
    fn takes_trimmed_texts_and_numbers() {
        let request = TokenRequest::parse(&fields(&json!({
            "client_id": 12.5, "client_secret": " s \t", "grant_type": "client_credentials",
            "scope": "\u{a0}a@b.example\u{1f}", "extra": []
        })))
        .expect("valid");
        assert_eq!(request.client_id, "12.5");
        assert_eq!(request.client_secret.expose_secret(), "s");
        assert_eq!(request.scope, "a@b.example");
    }

    #[test]
    fn complains_about_every_field_in_order() {
        assert_eq!(
            complaints(&json!({})),
            r#"{"client_id":["This field is required."],"client_secret":["This field is required."],"grant_type":["This field is required."],"scope":["This field is required."]}"#
        );
    }

    #[rstest]
    #[case::null("client_id", json!(null), "This field may not be null.")]
    #[case::null_choice("grant_type", json!(null), "This field may not be null.")]
    #[case::empty("client_secret", json!(""), "This field may not be blank.")]
    #[case::white("scope", json!(" \t\u{2003}"), "This field may not be blank.")]
    #[case::boolean("client_id", json!(true), "Not a valid string.")]
    #[case::array("client_id", json!(["a"]), "Not a valid string.")]
    #[case::object("scope", json!({}), "Not a valid string.")]
    #[case::nul("scope", json!("a\u{0}b"), "Null characters are not allowed.")]
    #[case::empty_choice("grant_type", json!(""), "\"\" is not a valid choice.")]
    #[case::other_choice("grant_type", json!("password"), "\"password\" is not a valid choice.")]
    #[case::untrimmed("grant_type", json!(" client_credentials"), "\" client_credentials\" is not a valid choice.")]
    #[case::letter_case("grant_type", json!("Client_Credentials"), "\"Client_Credentials\" is not a valid choice.")]
    #[case::boolean_choice("grant_type", json!(true), "\"True\" is not a valid choice.")]
    fn complains_about_one(#[case] field: &str, #[case] value: Value, #[case] complaint: &str) {
        let mut body = json!({
            "client_id": "a", "client_secret": "b", "grant_type": "client_credentials", "scope": "c"
        });
        body[field] = value;
        assert_eq!(complaints(&body), json!({ field: [complaint] }).to_string());
    }

    #[test]
    fn a_file_is_not_a_string() {
        let mut fields = fields(&json!({"client_id": "a", "client_secret": "b", "scope": "c"}));
        fields.insert("client_id".to_owned(), Given::File("x.txt".to_owned()));
        fields.insert("grant_type".to_owned(), Given::File("x.txt".to_owned()));
        let refused = serde_json::to_value(TokenRequest::parse(&fields).expect_err("refused")).expect("JSON");
        assert_eq!(
            refused,
            json!({
                "client_id": ["Not a valid string."],
                "grant_type": ["\"x.txt\" is not a valid choice."]
            })
        );
    }
}
