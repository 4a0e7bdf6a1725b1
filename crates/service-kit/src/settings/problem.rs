//! What is wrong with the settings, in sentences that name the key and where its value came from.

use std::fmt;

use config::ValueKind;
use serde_path_to_error::{Error, Path, Segment};

use super::{given::Refusal, layers, layers::Layers};

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// A problem told by one sentence, without the full stop. It must not quote a secret.
    #[must_use]
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// What the deserializer said, with the full key and the source of its value.
    pub(super) fn at(error: Error<Refusal>, layers: &Layers, secrets: &[&str]) -> Self {
        let (path, keys) = (error.path().to_string(), keys(error.path()));
        let key = keys.join(".");
        let is_table = layers.get(&key).is_none_or(|value| matches!(value.kind, ValueKind::Table(_)));
        let source = layers.source(&key).map(|source| format!(" ({source})")).unwrap_or_default();
        Self(match error.into_inner() {
            Refusal::Missing(field) => {
                let key = if keys.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
                format!("{key} is missing: set it in the settings file or as {}", layers::variable(&key))
            }
            refusal @ Refusal::Unknown { .. } => format!("{path}{source} {refusal}"),
            Refusal::Invalid(_) if may_be_secret(&key, is_table, secrets) => {
                format!("{path}{source}: the value, a secret and not shown, is not valid")
            }
            Refusal::Invalid(reason) if keys.is_empty() => reason,
            // A table is refused for a contradiction between its values, and each may come from somewhere else.
            Refusal::Invalid(reason) if is_table => format!("{path}: {reason}"),
            Refusal::Invalid(reason) => format!("{path}{source}: {reason}"),
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the settings cannot be used: at least one [`Problem`], told in one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    problems: Vec<Problem>,
}

impl SettingsError {
    /// The problems, in the order in which they were found.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Problem> for SettingsError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl From<Vec<Problem>> for SettingsError {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

/// The table keys of a path, without indexes into lists.
pub(super) fn keys(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Seq { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Whether a message about this key may quote a secret: it holds one, or is a scalar where a table with a secret belongs.
fn may_be_secret(key: &str, is_table: bool, secrets: &[&str]) -> bool {
    let covers =
        |secret: &&str| layers::is_within(key, secret) || !is_table && layers::is_within(secret, key);
    secrets.iter().any(covers)
}
