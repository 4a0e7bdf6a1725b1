//! The parameters of a request: of its body, never of its query. `contracts/seatable-tokens.md` §2.2.

mod body;

use std::collections::BTreeMap;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::error::SeaTableError;

/// The most bytes of a request body; put another number into the data of the app or the resource to change it.
/// Default: 1 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl Default for BodyLimit {
    fn default() -> Self {
        Self(1024 * 1024)
    }
}

/// The parameters of a request, of any method and of any of the three content types. Of a name that is repeated, the last
/// value counts. Nobody looks at names that are not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters(Body);

#[derive(Debug, Clone, PartialEq)]
enum Body {
    /// All values of a name, in their order; never none.
    Form(BTreeMap<String, Vec<String>>),
    Object(serde_json::Map<String, Value>),
    /// JSON, but no object.
    Other(Value),
}

/// A parameter as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// It was not.
    Absent,
    /// `null`, in JSON only.
    Null,
    /// A text.
    Text(T),
    /// Something else, in JSON only.
    NotText,
}

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

impl Default for Parameters {
    fn default() -> Self {
        Self(Body::Form(BTreeMap::new()))
    }
}

impl Parameters {
    /// Reads the parameters of a request. A handler that asks who calls first takes the payload and reads it afterwards;
    /// any other may take `Parameters` themselves.
    ///
    /// # Errors
    /// 400 for a body that cannot be parsed, 413, 415.
    pub async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Self, SeaTableError> {
        let limit =
            request.app_data::<web::Data<BodyLimit>>().map_or_else(BodyLimit::default, |limit| ***limit);
        body::read(request, payload, limit).await
    }

    /// The parameters of pairs, as of a form.
    fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut form = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in pairs {
            form.entry(name).or_default().push(value);
        }
        Self(Body::Form(form))
    }

    /// The parameters of a JSON body. One that is no object has none.
    #[must_use]
    pub fn from_json(value: Value) -> Self {
        Self(match value {
            Value::Object(members) => Body::Object(members),
            other => Body::Other(other),
        })
    }

    /// The JSON body that is no object, where that is an error of its own.
    #[must_use]
    pub const fn not_an_object(&self) -> Option<&Value> {
        if let Body::Other(value) = &self.0 { Some(value) } else { None }
    }

    /// The parameter as it was given; numbers are no text.
    #[must_use]
    pub fn value(&self, name: &str) -> Given<&str> {
        match &self.0 {
            Body::Form(form) => last(form, name).map_or(Given::Absent, Given::Text),
            Body::Object(members) => match members.get(name) {
                None => Given::Absent,
                Some(Value::Null) => Given::Null,
                Some(Value::String(text)) => Given::Text(text),
                Some(_) => Given::NotText,
            },
            Body::Other(_) => Given::Absent,
        }
    }

    /// The parameter as it was given; numbers are text, by their digits.
    #[must_use]
    pub fn scalar(&self, name: &str) -> Given<String> {
        if let Body::Object(members) = &self.0
            && let Some(Value::Number(number)) = members.get(name)
        {
            return Given::Text(number.to_string());
        }
        match self.value(name) {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Text(text) => Given::Text(text.to_owned()),
            Given::NotText => Given::NotText,
        }
    }

    /// A parameter that has to be text. One with a NUL is none: no database here takes it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Given::Text(text) if !text.contains('\0') => Some(text),
            _ => None,
        }
    }

    /// A parameter that may be repeated, or be a list in JSON: texts, and numbers by their digits. What is neither is left
    /// out; a single value is a list of one.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match &self.0 {
            Body::Form(form) => form.get(name).cloned().unwrap_or_default(),
            Body::Object(members) => match members.get(name) {
                Some(Value::Array(values)) => values.iter().filter_map(scalar).collect(),
                Some(value) => scalar(value).into_iter().collect(),
                None => Vec::new(),
            },
            Body::Other(_) => Vec::new(),
        }
    }

    /// A parameter that has to be an integer, or text that reads as one.
    #[must_use]
    pub fn integer(&self, name: &str) -> Integer {
        match self.scalar(name) {
            Given::Absent | Given::Null => Integer::Absent,
            Given::Text(text) if text.trim().is_empty() => Integer::Absent,
            Given::Text(text) => text.trim().parse().map_or(Integer::Invalid, Integer::Value),
            Given::NotText => Integer::Invalid,
        }
    }
}

fn last<'f>(form: &'f BTreeMap<String, Vec<String>>, name: &str) -> Option<&'f str> {
    form.get(name)?.last().map(String::as_str)
}

impl FromRequest for Parameters {
    type Error = SeaTableError;
    type Future = LocalBoxFuture<'static, Result<Self, SeaTableError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let payload = web::Payload::from_request(&request, &mut payload).await;
            let payload = payload.map_err(|error| SeaTableError::parse("Request body", error))?;
            Self::read(&request, payload).await
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{Given, Integer, Parameters};

    fn of(value: &Value) -> Parameters {
        Parameters::from_json(json!({ "a": value }))
    }

    fn form(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[rstest]
    #[case::text(json!("x"), Given::Text("x"), Given::Text("x"), Some("x"))]
    #[case::empty(json!(""), Given::Text(""), Given::Text(""), Some(""))]
    #[case::nul(json!("\0"), Given::Text("\0"), Given::Text("\0"), None)]
    #[case::integer(json!(7), Given::NotText, Given::Text("7"), None)]
    #[case::fraction(json!(1.5), Given::NotText, Given::Text("1.5"), None)]
    #[case::null(json!(null), Given::Null, Given::Null, None)]
    #[case::truth(json!(true), Given::NotText, Given::NotText, None)]
    #[case::list(json!(["x"]), Given::NotText, Given::NotText, None)]
    #[case::object(json!({}), Given::NotText, Given::NotText, None)]
    fn a_value_is_what_it_is(
        #[case] value: Value,
        #[case] given: Given<&str>,
        #[case] scalar: Given<&str>,
        #[case] text: Option<&str>,
    ) {
        let parameters = of(&value);
        assert_eq!((parameters.value("a"), parameters.text("a")), (given, text));
        let owned = match scalar {
            Given::Text(text) => Given::Text(text.to_owned()),
            Given::Null => Given::Null,
            Given::Absent => Given::Absent,
            Given::NotText => Given::NotText,
        };
        assert_eq!(parameters.scalar("a"), owned);
        assert_eq!((parameters.value("b"), parameters.scalar("b")), (Given::Absent, Given::Absent));
        assert_eq!(parameters.text("b"), None);
    }

    #[rstest]
    #[case::integer(json!(7), Integer::Value(7))]
    #[case::negative(json!(-7), Integer::Value(-7))]
    #[case::text(json!(" 7 "), Integer::Value(7))]
    #[case::null(json!(null), Integer::Absent)]
    #[case::empty(json!(""), Integer::Absent)]
    #[case::blank(json!("  "), Integer::Absent)]
    #[case::too_large(json!(u64::MAX), Integer::Invalid)]
    #[case::far_too_large(json!("99999999999999999999"), Integer::Invalid)]
    #[case::fraction(json!(7.5), Integer::Invalid)]
    #[case::letters(json!("7a"), Integer::Invalid)]
    #[case::truth(json!(true), Integer::Invalid)]
    #[case::list(json!([7]), Integer::Invalid)]
    fn an_integer_is_absent_invalid_or_there(#[case] value: Value, #[case] expected: Integer) {
        assert_eq!(of(&value).integer("a"), expected);
        assert_eq!(Parameters::default().integer("a"), Integer::Absent);
    }

    #[test]
    fn of_a_repeated_name_the_last_value_counts_unless_all_are_wanted() {
        let repeated = form(&[("a", "1"), ("b", "x"), ("a", "2")]);
        assert_eq!(
            (repeated.text("a"), repeated.list("a")),
            (Some("2"), vec!["1".to_owned(), "2".to_owned()])
        );
        assert_eq!(of(&json!([1, "2", null, [3]])).list("a"), ["1", "2"]);
        assert_eq!(of(&json!(12)).list("a"), ["12"]);
        assert_eq!((of(&json!(null)).list("a"), repeated.list("c")), (vec![], vec![]));
    }

    #[rstest]
    #[case(json!(null))]
    #[case(json!([{"a": 1}]))]
    #[case(json!("a"))]
    #[case(json!(7))]
    fn a_body_that_is_no_object_has_no_parameters(#[case] value: Value) {
        let parameters = Parameters::from_json(value.clone());
        assert_eq!((parameters.value("a"), parameters.list("a")), (Given::Absent, vec![]));
        assert_eq!(parameters.not_an_object(), Some(&value));
        assert_eq!(of(&value).not_an_object(), None);
    }
}
