//! The parameters of a sign-in, and what is wrong with them (`contracts/seatable-tokens.md` §5).

use seatable_dialect::error::FieldErrors;
use seatable_dialect::parameters::{Given, Parameters};
use secrecy::SecretString;
use serde_json::Value;
use zeroize::Zeroizing;

/// Those of a device, which come together or not at all; nothing else is done with them.
const DEVICE: [&str; 3] = ["platform", "device_id", "device_name"];

/// A name and a password, neither of them blank.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: SecretString,
}

impl Credentials {
    /// Reads them; everything that is wrong with either is told at once.
    ///
    /// # Errors
    /// A sentence for each parameter that is refused; one about the whole, where both are fine.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, FieldErrors> {
        if let Some(body) = parameters.not_an_object() {
            return Err(FieldErrors::whole(not_an_object(body)));
        }
        let mut errors = FieldErrors::default();
        let mut text = |name| match text(parameters.scalar(name)) {
            Ok(text) => Some(text),
            Err(sentence) => {
                errors.add(name, sentence);
                None
            }
        };
        match (text("username"), text("password")) {
            (Some(username), Some(password)) => {
                let given = DEVICE.iter().filter(|name| is_given(parameters, name)).count();
                if given != 0 && given != DEVICE.len() {
                    return Err(FieldErrors::whole("invalid params"));
                }
                Ok(Self { username: username.to_string(), password: SecretString::from(password.as_str()) })
            }
            _ => Err(errors),
        }
    }
}

/// A text without the blanks around it, or what is wrong with it.
fn text(given: Given<String>) -> Result<Zeroizing<String>, &'static str> {
    let given = match given {
        Given::Absent => return Err("This field is required."),
        Given::Null => return Err("This field may not be null."),
        Given::NotText => return Err("Not a valid string."),
        Given::Text(text) => Zeroizing::new(text),
    };
    let stripped = given.trim_matches(is_blank);
    if stripped.is_empty() {
        return Err("This field may not be blank.");
    }
    if stripped.contains('\0') {
        return Err("Null characters are not allowed.");
    }
    Ok(Zeroizing::new(stripped.to_owned()))
}

/// What the original strips: four separators more than Unicode's white space.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

fn is_given(parameters: &Parameters, name: &str) -> bool {
    !matches!(parameters.value(name), Given::Absent | Given::Null)
}

fn not_an_object(body: &Value) -> String {
    let kind = match body {
        Value::Null => return "No data provided".to_owned(),
        Value::Array(_) => "list",
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::Object(_) => "dict",
    };
    format!("Invalid data. Expected a dictionary, but got {kind}.")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use seatable_dialect::parameters::Parameters;
    use secrecy::ExposeSecret as _;
    use serde_json::{Value, json};

    use super::Credentials;

    fn refused(body: Value) -> Value {
        let refusal = Credentials::read(&Parameters::from_json(body)).expect_err("a refusal");
        serde_json::to_value(refusal).unwrap()
    }

    #[rstest]
    #[case(json!({ "username": "mira", "password": "k3ttle" }), "mira", "k3ttle")]
    #[case(json!({ "username": " \u{1f}mira\t", "password": "\u{a0}k3 ttle\n" }), "mira", "k3 ttle")]
    #[case(json!({ "username": 7, "password": 1.5 }), "7", "1.5")]
    #[case(json!({ "username": "a", "password": "b", "platform": null, "more": [] }), "a", "b")]
    #[case(json!({ "username": "a", "password": "b", "platform": "", "device_id": "", "device_name": "" }), "a", "b")]
    fn texts_and_numbers_are_taken_without_the_blanks_around_them(
        #[case] body: Value,
        #[case] username: &str,
        #[case] password: &str,
    ) {
        let read = Credentials::read(&Parameters::from_json(body)).unwrap();
        assert_eq!((read.username.as_str(), read.password.expose_secret()), (username, password));
    }

    #[rstest]
    #[case::both_missing(json!({}), json!({
        "username": ["This field is required."], "password": ["This field is required."] }))]
    #[case::one_missing(json!({ "username": "a" }), json!({ "password": ["This field is required."] }))]
    #[case::blank(json!({ "username": "", "password": " \t\u{1c}" }), json!({
        "username": ["This field may not be blank."], "password": ["This field may not be blank."] }))]
    #[case::null(json!({ "username": null, "password": "b" }), json!({
        "username": ["This field may not be null."] }))]
    #[case::truth(json!({ "username": true, "password": "b" }), json!({ "username": ["Not a valid string."] }))]
    #[case::list(json!({ "username": "a", "password": ["b"] }), json!({ "password": ["Not a valid string."] }))]
    #[case::object(json!({ "username": "a", "password": {} }), json!({ "password": ["Not a valid string."] }))]
    #[case::nul(json!({ "username": "a\u{0}b", "password": "b" }), json!({
        "username": ["Null characters are not allowed."] }))]
    #[case::each_its_own(json!({ "username": null, "platform": "a" }), json!({
        "username": ["This field may not be null."], "password": ["This field is required."] }))]
    #[case::half_a_device(json!({ "username": "a", "password": "b", "platform": "linux", "device_id": "x" }), json!({
        "non_field_errors": ["invalid params"] }))]
    #[case::no_object(json!([1]), json!({
        "non_field_errors": ["Invalid data. Expected a dictionary, but got list."] }))]
    #[case::text(json!("a"), json!({
        "non_field_errors": ["Invalid data. Expected a dictionary, but got str."] }))]
    #[case::integer(json!(1), json!({
        "non_field_errors": ["Invalid data. Expected a dictionary, but got int."] }))]
    #[case::float(json!(1.5), json!({
        "non_field_errors": ["Invalid data. Expected a dictionary, but got float."] }))]
    #[case::nothing(json!(null), json!({ "non_field_errors": ["No data provided"] }))]
    fn whatever_is_wrong_is_told_at_once(#[case] body: Value, #[case] told: Value) {
        assert_eq!(refused(body), told);
    }
}
