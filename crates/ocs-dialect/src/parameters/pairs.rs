//! Pairs of a query or a form: `groups[]=a&groups[]=b` is a list, `search[x][]=a` a map of lists.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The pairs by their names. Of a repeated name the last value counts; of a list, all.
pub(super) fn read(pairs: &[u8]) -> BTreeMap<String, Value> {
    let mut read = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(pairs) {
        let value = Value::String(value.into_owned());
        if let Some((map, key)) = map_name(&name) {
            into_map(read.entry(map.to_owned()).or_default(), key, value);
        } else if let Some(list) = list_name(&name) {
            into_list(read.entry(list.to_owned()).or_default(), value);
        } else {
            read.insert(name.into_owned(), value);
        }
    }
    read
}

fn into_list(place: &mut Value, value: Value) {
    match place {
        Value::Array(items) => items.push(value),
        _ => *place = Value::Array(vec![value]),
    }
}

fn into_map(place: &mut Value, key: &str, value: Value) {
    match place {
        Value::Object(members) => into_list(members.entry(key).or_insert(Value::Null), value),
        _ => *place = Value::Object(Map::from_iter([(key.to_owned(), Value::Array(vec![value]))])),
    }
}

/// `search` and `x` of `search[x][]` and `search[x][0]`.
fn map_name(name: &str) -> Option<(&str, &str)> {
    let (map, rest) = name.split_once('[')?;
    let (key, rest) = rest.split_once(']')?;
    (!map.is_empty() && !key.is_empty() && rest.starts_with('[') && rest.contains(']')).then_some((map, key))
}

/// `groups` of `groups[]`, `groups[0]` and `groups[x]`.
fn list_name(name: &str) -> Option<&str> {
    let (list, rest) = name.split_once('[')?;
    (!list.is_empty() && rest.contains(']')).then_some(list)
}
