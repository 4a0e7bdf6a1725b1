//! Values as the dialect's original, a Python program, writes them in its messages.
//!
//! `contracts/meet.md` §4.4, §8.3 and §8.4: a refused choice is quoted as `str(value)`, and the scalars of a configuration
//! error's `input` are rendered as Python text (`True`, `None`, `1.0`).

use std::fmt::Write as _;

use crate::json::Json;

/// `str(value)`: a string as it is, anything else as Python shows it.
#[must_use]
pub fn text(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        other => representation(other),
    }
}

/// The value with every scalar in it replaced by its Python text; containers keep their shape.
#[must_use]
pub fn stringified(value: &Json) -> Json {
    match value {
        Json::List(items) => Json::List(items.iter().map(stringified).collect()),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), stringified(value))).collect())
        }
        scalar => Json::Text(text(scalar)),
    }
}

/// `repr(value)`.
fn representation(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Integer(value) => value.to_string(),
        Json::Float(value) => float(*value),
        Json::Text(text) => quoted(text),
        Json::List(items) => {
            let items: Vec<_> = items.iter().map(representation).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), representation(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// The shortest digits that read back as the same number; with an exponent below 1e-4 and from 1e16 on.
fn float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    let plain = value.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

/// In single quotes, unless it holds a single quote and no double one.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            same if same == quote => {
                quoted.push('\\');
                quoted.push(quote);
            }
            control if control.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{stringified, text};

    #[rstest]
    #[case::string("\"it's\"", "it's")]
    #[case::empty("\"\"", "")]
    #[case::truth("true", "True")]
    #[case::falsehood("false", "False")]
    #[case::null("null", "None")]
    #[case::integer("-12", "-12")]
    #[case::float("1.0", "1.0")]
    #[case::fraction("0.25", "0.25")]
    #[case::small("0.0001", "0.0001")]
    #[case::smaller("0.00001", "1e-05")]
    #[case::large("1e15", "1000000000000000.0")]
    #[case::larger("1.5e16", "1.5e+16")]
    #[case::negative_zero("-0.0", "-0.0")]
    #[case::list("[1, \"a\", null]", "[1, 'a', None]")]
    #[case::quotes("[\"it's\", \"a\\\"b'c\"]", "[\"it's\", 'a\"b\\'c']")]
    #[case::control("[\"a\\n\\u0001\"]", "['a\\n\\x01']")]
    #[case::object("{\"a\": {\"b\": true}}", "{'a': {'b': True}}")]
    #[case::nested(r#"{"a": ["it's", "\"'\n\u0001"]}"#, r#"{'a': ["it's", '"\'\n\x01']}"#)]
    fn values_read_as_python_writes_them(#[case] json: &str, #[case] expected: &str) {
        assert_eq!(text(&serde_json::from_str(json).unwrap()), expected);
    }

    #[test]
    fn containers_keep_their_shape() {
        let value = serde_json::from_str(r#"{"a":[1,true,null,{"b":1.5}],"c":"d"}"#).unwrap();
        let rendered = serde_json::to_string(&stringified(&value)).unwrap();
        assert_eq!(rendered, r#"{"a":["1","True","None",{"b":"1.5"}],"c":"d"}"#);
    }
}
