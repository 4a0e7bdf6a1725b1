//! The fields of a Meet token request and how they are validated (`contracts/meet.md` §4.1 and the table of §4.4).
//!
//! Every field is looked at, and all complaints go back together, in the order of the contract.

use meet_dialect::field_errors::FieldErrors;
use meet_dialect::fields::{Fields, Given};
use meet_dialect::validation::{choice, not_a_choice, text};
use secrecy::SecretString;

/// The one grant this dialect knows.
const GRANT_TYPE: &str = "client_credentials";

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

impl TokenRequest {
    /// Validates `fields`.
    ///
    /// # Errors
    /// Every complaint there is, in the order the contract shows them.
    pub fn parse(fields: &Fields) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let client_id = errors.keep("client_id", text(fields.required("client_id")));
        let client_secret = errors.keep("client_secret", text(fields.required("client_secret")));
        let grant = errors.keep("grant_type", grant_type(fields.required("grant_type")));
        let scope = errors.keep("scope", text(fields.required("scope")));
        match (client_id, client_secret, grant, scope) {
            (Some(client_id), Some(client_secret), Some(()), Some(scope)) => {
                Ok(Self { client_id, client_secret: client_secret.into(), scope })
            }
            _ => Err(errors),
        }
    }
}

/// Exactly `client_credentials`: neither trimmed nor folded.
fn grant_type(given: Option<&Given>) -> Result<(), String> {
    let word = choice(given)?;
    if word == GRANT_TYPE { Ok(()) } else { Err(not_a_choice(&word)) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    use super::*;

    fn fields(body: &Value) -> Fields {
        let body = serde_json::from_str(&body.to_string()).expect("JSON");
        Fields::from_json(body).expect("an object")
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
        let text = |text: &str| Given::Json(meet_dialect::json::Json::Text(text.to_owned()));
        let file = || Given::File("x.txt".to_owned());
        let given = [
            ("client_id", file()),
            ("client_secret", text("b")),
            ("grant_type", file()),
            ("scope", text("c")),
        ];
        let fields = Fields::from_form(given.map(|(name, given)| (name.to_owned(), given)).into());
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
