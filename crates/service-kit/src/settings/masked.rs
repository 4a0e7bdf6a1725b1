//! The effective settings for a person to read, without the secrets.

use secrecy::SecretString;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// What stands in the place of a secret.
pub const MASK: &str = "********";

/// Serializes a secret as [`MASK`]; for `#[serde(serialize_with = "…")]`.
///
/// # Errors
/// The serializer's.
pub fn hidden<S: Serializer>(_: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(MASK)
}

/// Serializes a secret that may be absent as [`MASK`] or nothing; for `#[serde(serialize_with = "…")]`.
///
/// # Errors
/// The serializer's.
pub fn hidden_option<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| MASK).serialize(serializer)
}

/// The effective settings as a tree, with [`MASK`] for every key of `secrets` and for passwords inside URLs.
///
/// A secret that is a URL (a database's) keeps scheme, user, host and path, since those are what a person looks for.
///
/// # Errors
/// The settings do not serialize, which is a mistake in their type.
pub fn masked<T: Serialize>(settings: &T, secrets: &[&str]) -> Result<Value, serde_json::Error> {
    let mut tree = serde_json::to_value(settings)?;
    for secret in secrets {
        if let Some(value) = tree.pointer_mut(&format!("/{}", secret.replace('.', "/"))) {
            mask_secret(value);
        }
    }
    mask_urls(&mut tree);
    Ok(tree)
}

/// [`masked`] as TOML, the form of a settings file. Absent optional keys are left out.
///
/// # Errors
/// The settings do not serialize, which is a mistake in their type.
pub fn masked_toml<T: Serialize>(
    settings: &T,
    secrets: &[&str],
) -> Result<String, Box<dyn std::error::Error>> {
    Ok(toml::to_string_pretty(&without_nulls(masked(settings, secrets)?))?)
}

fn mask_secret(value: &mut Value) {
    *value = match &*value {
        Value::Null => return,
        // Nothing to hide: a secret that is not set, and a path.
        Value::String(text) if text.is_empty() || text.starts_with("sqlite:") => return,
        Value::String(text) if text.starts_with("postgres://") || text.starts_with("postgresql://") => {
            // libpq takes a password among the parameters too, under more than one name.
            let (shown, parameters) = (without_password(text), format!("?{MASK}"));
            match shown.split_once('?') {
                Some((url, _)) => Value::String(format!("{url}{parameters}")),
                None => Value::String(shown),
            }
        }
        _ => Value::String(MASK.to_owned()),
    };
}

/// Masks passwords inside URLs wherever they stand.
fn mask_urls(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_password(text),
        Value::Array(items) => items.iter_mut().for_each(mask_urls),
        Value::Object(members) => members.values_mut().for_each(mask_urls),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks from the first colon to the last `@`, rather than what a parser takes for the password: one that holds an
/// unescaped `/`, `?` or `#` ends early for a parser, and its tail would be shown as a path.
fn without_password(text: &str) -> String {
    let parts = text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    match parts {
        Some((scheme, (login, place))) if login.contains(':') => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{MASK}@{place}")
        }
        _ => text.to_owned(),
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
