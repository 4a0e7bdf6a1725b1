//! How the Meet dialect's original prints a JSON value inside a sentence.
//!
//! `contracts/meet.md` §4.4 quotes the offending `grant_type` in its message, and the original quotes it the way its
//! language prints values: `True`, `None`, `['a', 1]`. Strings at the top stand as they are.

use std::fmt::Write as _;

use serde_json::Value;

/// The text of `value` as a sentence quotes it.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => nested(other),
    }
}

fn nested(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(nested).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{}: {}", quoted(name), nested(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// Single quotes, unless the text has some and no double quotes.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::text;

    #[rstest]
    #[case(json!("password"), "password")]
    #[case(json!("it's"), "it's")]
    #[case(json!(true), "True")]
    #[case(json!(null), "None")]
    #[case(json!(12), "12")]
    #[case(json!(1.5), "1.5")]
    #[case(json!(["a", 1, null]), "['a', 1, None]")]
    #[case(json!({"a": ["it's", "\"'\n\u{1}"]}), r#"{'a': ["it's", '"\'\n\x01']}"#)]
    fn prints_like_the_original(#[case] value: Value, #[case] expected: &str) {
        assert_eq!(text(&value), expected);
    }
}
