//! Every key of a settings type, as the type itself tells: for the reference that operators read.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// What is known of one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// What it is for: the documentation of the field.
    pub about: String,
    /// What it may be, in a word or as its values.
    pub kind: String,
    /// What it is when nobody says anything. `None` where it has to be said, or where nothing is the default.
    pub default: Option<Value>,
}

/// The keys of a settings type, dotted.
#[must_use]
pub fn keys<T: JsonSchema>() -> BTreeMap<String, Key> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema: Schema = settings.into_generator().into_root_schema_for::<T>();
    let mut keys = BTreeMap::new();
    if let Some(members) = members(schema.as_value()) {
        collect("", members, &mut keys);
    }
    keys
}

fn collect(prefix: &str, properties: &Map<String, Value>, keys: &mut BTreeMap<String, Key>) {
    for (name, schema) in properties {
        let path = format!("{prefix}{name}");
        match members(schema) {
            Some(inner) => collect(&format!("{path}."), inner, keys),
            None => drop(keys.insert(path, key(schema))),
        }
    }
}

/// The members of a section, which may be one that need not be there.
fn members(schema: &Value) -> Option<&Map<String, Value>> {
    let direct = schema.get("properties").and_then(Value::as_object);
    direct.or_else(|| {
        let either = schema.get("anyOf").and_then(Value::as_array)?;
        either.iter().find_map(|schema| schema.get("properties").and_then(Value::as_object))
    })
}

fn key(schema: &Value) -> Key {
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    // A line break is the source's; an empty line is a paragraph.
    let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let default = schema.get("default").filter(|value| !value.is_null()).cloned();
    Key { about, kind: kind(schema), default }
}

fn kind(schema: &Value) -> String {
    let values = values(schema);
    if !values.is_empty() {
        return values.join(", ");
    }
    let word = |name: &str| match name {
        "integer" | "number" => Some("number"),
        "boolean" => Some("true or false"),
        "array" => Some("list"),
        "object" => Some("table"),
        "null" => None,
        _ => Some("text"),
    };
    let named = match schema.get("type") {
        Some(Value::String(name)) => word(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find_map(word),
        _ => None,
    };
    named.unwrap_or("text").to_owned()
}

/// The words that an enumeration consists of.
fn values(schema: &Value) -> Vec<String> {
    let all = |key: &str| schema.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let quoted = |value: &Value| value.as_str().map(|word| format!("`{word}`"));
    let listed: Vec<String> = all("enum").iter().filter_map(quoted).collect();
    let described = [all("oneOf"), all("anyOf")].concat();
    let within = described.iter().flat_map(|schema| {
        let one = schema.get("const").and_then(quoted);
        one.into_iter().chain(values(schema)).collect::<Vec<_>>()
    });
    listed.into_iter().chain(within).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, Serialize, JsonSchema)]
    #[serde(default)]
    struct Outer {
        /// How many
        /// there are. Default: 3.
        count: u16,
        /// For how long.
        #[serde(with = "humantime_serde")]
        #[schemars(with = "String")]
        wait: Duration,
        inner: Inner,
        maybe: Option<Inner>,
        colour: Colour,
        names: Vec<String>,
        nothing: Option<String>,
    }

    #[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
    #[serde(default)]
    struct Inner {
        /// Whether it is.
        enabled: bool,
    }

    #[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        /// Like the sky.
        Blue,
        #[default]
        Red,
    }

    impl Default for Outer {
        fn default() -> Self {
            Self {
                count: 3,
                wait: Duration::from_secs(90),
                inner: Inner::default(),
                maybe: None,
                colour: Colour::Red,
                names: Vec::new(),
                nothing: None,
            }
        }
    }

    #[test]
    fn a_type_tells_its_keys() {
        let keys = keys::<Outer>();
        let about = |name: &str| {
            let key = &keys[name];
            (key.about.as_str(), key.kind.as_str(), key.default.clone().unwrap_or_default())
        };
        assert_eq!(about("count"), ("How many there are. Default: 3.", "number", json!(3)));
        assert_eq!(about("wait"), ("For how long.", "text", json!("1m 30s")));
        assert_eq!(about("inner.enabled"), ("Whether it is.", "true or false", json!(false)));
        assert_eq!(about("maybe.enabled").0, "Whether it is.");
        assert_eq!(about("colour"), ("", "`red`, `blue`", json!("red")));
        assert_eq!(about("names"), ("", "list", json!([])));
        assert_eq!(about("nothing"), ("", "text", json!(null)));
        assert_eq!(keys.len(), 7);
    }
}
