//! Pairs of a query or a form: `groups[]=a&groups[]=b` is a list.

use std::collections::BTreeMap;

use serde_json::Value;

/// The pairs by their names. Of a repeated name the last value counts; of a list, all.
pub(super) fn read(pairs: &[u8]) -> BTreeMap<String, Value> {
    let mut read = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(pairs) {
        let value = Value::String(value.into_owned());
        match list_name(&name) {
            None => {
                read.insert(name.into_owned(), value);
            }
            Some(list) => match read.get_mut(list) {
                Some(Value::Array(items)) => items.push(value),
                _ => {
                    read.insert(list.to_owned(), Value::Array(vec![value]));
                }
            },
        }
    }
    read
}

/// `groups` of `groups[]`, `groups[0]` and `groups[x]`.
fn list_name(name: &str) -> Option<&str> {
    let (list, rest) = name.split_once('[')?;
    (!list.is_empty() && rest.contains(']')).then_some(list)
}
