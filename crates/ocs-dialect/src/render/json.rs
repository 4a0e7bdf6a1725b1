//! JSON on one line. §1.4.

use serde_json::Value as Json;

use crate::value::Value;

pub(super) fn document(value: Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

/// By hand, because the order of a map's entries has to stay: the JSON objects of this workspace are sorted.
fn write(text: &mut String, value: Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if value { "true" } else { "false" }),
        Value::Integer(number) => text.push_str(&number.to_string()),
        // A number that is not finite is `null` here.
        Value::Float(number) => text.push_str(&Json::from(number).to_string()),
        Value::Text(string) => text.push_str(&Json::String(string).to_string()),
        // Empty maps are lists (§1.4).
        Value::Map(entries) if entries.is_empty() => text.push_str("[]"),
        Value::List(items) => list(text, items),
        Value::Map(entries) => map(text, entries),
    }
}

fn list(text: &mut String, items: Vec<Value>) {
    text.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, item);
    }
    text.push(']');
}

fn map(text: &mut String, entries: Vec<(String, Value)>) {
    text.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Json::String(key).to_string());
        text.push(':');
        write(text, value);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::document;
    use crate::value::Value;

    #[test]
    fn each_kind_is_written_as_itself_and_maps_keep_their_order() {
        let value = Value::map([
            ("z", Value::Null),
            ("a", Value::from(true)),
            ("m", Value::list(["x", "\"<é/>\u{1}"])),
            ("n", Value::list([Value::from(-3), Value::from(12.5), Value::from(f64::NAN)])),
            ("empty list", Value::nothing()),
            ("empty map", Value::Map(vec![])),
        ]);
        assert_eq!(
            document(value),
            r#"{"z":null,"a":true,"m":["x","\"<é/>\u0001"],"n":[-3,12.5,null],"empty list":[],"empty map":[]}"#
        );
    }

    pub(crate) fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
                prop::collection::btree_map(".{0,8}", inner, 1..5)
                    .prop_map(|map| Value::Map(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Whatever is written, a parser reads the same.
        #[test]
        fn a_parser_reads_what_was_written(value in values()) {
            let read: serde_json::Value = serde_json::from_str(&document(value.clone())).unwrap();
            prop_assert_eq!(Value::from(read), value);
        }
    }
}
