//! The parameters of a request. `contracts/rdv-sign-in.md` §2, "Request bodies".

mod body;

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::error::RdvError;

/// The most bytes of a request body; put another number into the app's data to change it. Default: 65536.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl Default for BodyLimit {
    fn default() -> Self {
        Self(64 * 1024)
    }
}

/// The parameters of a request: those of its body, and those of its query that the body does not name; of any method. Of
/// a name that is repeated, the last value counts. Nobody looks at names that are not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(BTreeMap<String, Value>);

/// A parameter that has to be an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integer {
    /// Not there, `null`, or blank.
    Absent,
    /// Something else than an integer, or one beyond `i64`.
    Invalid,
    /// An integer.
    Value(i64),
}

impl Parameters {
    /// The parameters of a query string. Bytes that are no UTF-8 become replacement characters.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        Self::default().with(body::form(query.as_bytes()))
    }

    /// The parameters of a JSON value; one that is no object has none.
    #[must_use]
    pub fn from_json(value: Value) -> Self {
        Self::default().with(body::members(value))
    }

    /// The same with more of them, which win over those of their names.
    #[must_use]
    fn with(mut self, more: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.0.extend(more);
        self
    }

    /// Reads the parameters of a request. A handler that asks who calls first takes the payload and reads it afterwards;
    /// any other may take `Parameters` themselves.
    ///
    /// # Errors
    /// [`RdvError::TooLarge`], [`RdvError::BadJson`].
    pub async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Self, RdvError> {
        let limit =
            request.app_data::<web::Data<BodyLimit>>().map_or_else(BodyLimit::default, |limit| ***limit);
        let query = Self::from_query(request.query_string());
        Ok(query.with(body::read(request, payload, limit).await?))
    }

    /// Whether the parameter is there, be it `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The parameter as it was given.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A parameter that has to be text: numbers, truth values, `null`, lists and objects are none.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(Value::as_str)
    }

    /// A parameter as text, as the original reads it: a number by its digits, `true` and `false` as `t` and `f`. `null`,
    /// lists and objects are none.
    #[must_use]
    pub fn scalar(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.value(name)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(true) => Some(Cow::Borrowed("t")),
            Value::Bool(false) => Some(Cow::Borrowed("f")),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A parameter that has to be an integer, or text that reads as one.
    #[must_use]
    pub fn integer(&self, name: &str) -> Integer {
        match self.value(name) {
            None | Some(Value::Null) => Integer::Absent,
            Some(Value::Number(number)) => number.as_i64().map_or(Integer::Invalid, Integer::Value),
            Some(Value::String(text)) if text.trim().is_empty() => Integer::Absent,
            Some(Value::String(text)) => text.trim().parse().map_or(Integer::Invalid, Integer::Value),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Integer::Invalid,
        }
    }
}

impl FromRequest for Parameters {
    type Error = RdvError;
    type Future = LocalBoxFuture<'static, Result<Self, RdvError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let payload = web::Payload::from_request(&request, &mut payload).await;
            Self::read(&request, payload.map_err(|_| RdvError::BadJson)?).await
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Integer, Parameters};

    fn of(value: &Value) -> Parameters {
        Parameters::from_json(json!({ "a": value }))
    }

    #[rstest]
    #[case::text(json!("x"), Some("x"), Some("x"))]
    #[case::empty(json!(""), Some(""), Some(""))]
    #[case::integer(json!(7), None, Some("7"))]
    #[case::fraction(json!(1.5), None, Some("1.5"))]
    #[case::truth(json!(true), None, Some("t"))]
    #[case::falsehood(json!(false), None, Some("f"))]
    #[case::null(json!(null), None, None)]
    #[case::list(json!(["x"]), None, None)]
    #[case::object(json!({"x": "y"}), None, None)]
    fn a_value_is_text_or_reads_as_text(
        #[case] value: Value,
        #[case] text: Option<&str>,
        #[case] scalar: Option<&str>,
    ) {
        let parameters = of(&value);
        assert_eq!((parameters.text("a"), parameters.scalar("a").as_deref()), (text, scalar));
        assert!(parameters.has("a") && !parameters.has("b"));
        assert_eq!((parameters.text("b"), parameters.scalar("b")), (None, None));
    }

    #[rstest]
    #[case::integer(json!(7), Integer::Value(7))]
    #[case::text(json!("7"), Integer::Value(7))]
    #[case::blanks(json!(" 7 "), Integer::Value(7))]
    #[case::null(json!(null), Integer::Absent)]
    #[case::empty(json!(""), Integer::Absent)]
    #[case::blank(json!("  "), Integer::Absent)]
    #[case::too_large(json!(u64::MAX), Integer::Invalid)]
    #[case::far_too_large(json!("99999999999999999999"), Integer::Invalid)]
    #[case::fraction(json!(7.5), Integer::Invalid)]
    #[case::letters(json!("7a"), Integer::Invalid)]
    #[case::truth(json!(true), Integer::Invalid)]
    #[case::list(json!([7]), Integer::Invalid)]
    #[case::object(json!({}), Integer::Invalid)]
    fn an_integer_is_absent_invalid_or_there(#[case] value: Value, #[case] expected: Integer) {
        assert_eq!(of(&value).integer("a"), expected);
        assert_eq!(Parameters::default().integer("a"), Integer::Absent);
    }

    #[test]
    fn of_a_repeated_name_the_last_value_counts() {
        let parameters = Parameters::from_query("a=1&b=x+y%C3%A9&a=2&c=%ff&d");
        let read = ["a", "b", "c", "d"].map(|name| parameters.text(name).unwrap());
        assert_eq!(read, ["2", "x yé", "\u{fffd}", ""]);
    }

    #[rstest]
    #[case(json!(null))]
    #[case(json!([1]))]
    #[case(json!("a"))]
    #[case(json!(7))]
    fn a_body_that_is_no_object_has_no_parameters(#[case] value: Value) {
        assert_eq!(Parameters::from_json(value), Parameters::default());
    }
}
