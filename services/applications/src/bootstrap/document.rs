//! Reading the section: everything that can be wrong with it without looking into a database.

use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use ::bootstrap::{Elsewhere, Faults, SecretSources, Source, list};
use serde::Deserialize;
use serde_json::Value;

use super::BootstrapError;
use super::entry::Declared;
use crate::domain::application::Kind;
use crate::domain::config::Config;

/// The sections of a file. Those of the directory are known by their names.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    territories: Elsewhere,
    services: Elsewhere,
    organizations: Elsewhere,
    groups: Elsewhere,
    accounts: Elsewhere,
    apps: Elsewhere,
    clients: Elsewhere,
    bases: Elsewhere,
    #[serde(deserialize_with = "list")]
    applications: Vec<Entry>,
}

/// An application as the file has it. Plain texts wherever a rule applies, so that all faults can be told at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    organization_id: String,
    #[serde(rename = "type")]
    kind: String,
    /// An object, or `env:NAME` or `file:PATH` with the JSON of one.
    config: Option<Value>,
    disabled: Option<bool>,
    visible: Option<bool>,
    /// An instant, or `never`.
    expires_at: Option<String>,
    anonymous_registration_enabled: Option<bool>,
}

/// A section without faults. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Document(Vec<Arc<Declared>>);

impl Document {
    /// Reads the section of a file.
    ///
    /// # Errors
    /// [`BootstrapError::Syntax`] for what is no YAML or not of this form, [`BootstrapError::Invalid`] with every fault.
    pub fn of(source: &Source) -> Result<Self, BootstrapError> {
        Self::parse(source.text(), &source.secrets())
    }

    /// The same for a text and whatever it names.
    ///
    /// # Errors
    /// As [`Document::of`].
    pub fn parse(text: &str, sources: &SecretSources<'_>) -> Result<Self, BootstrapError> {
        let file: File = ::bootstrap::read(text)?;
        let (mut faults, mut seen) = (Faults::default(), HashSet::new());
        let mut declared = Vec::with_capacity(file.applications.len());
        for (index, entry) in file.applications.into_iter().enumerate() {
            let path = format!("applications[{index}]");
            if !seen.insert(entry.id.clone()) {
                faults.push(format!("{path}.id"), "is declared twice");
            }
            let mut own = Faults::default();
            declared.extend(check(&path, entry, sources, &mut own).map(Arc::new));
            faults.extend_within(&path, own);
        }
        faults.into_result(Self(declared)).map_err(BootstrapError::Invalid)
    }

    /// Whether the section is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<Declared>> {
        self.0.iter()
    }
}

fn check(path: &str, entry: Entry, sources: &SecretSources<'_>, faults: &mut Faults) -> Option<Declared> {
    let id = parsed(faults, "id", &entry.id);
    let organization_id = parsed(faults, "organization_id", &entry.organization_id);
    let kind = kind(faults, &entry.kind);
    let config = entry.config.map(|declared| config(&declared, sources));
    let config = config.transpose().map_err(|message| faults.push("config", message)).unwrap_or_default();
    let expires_at = entry.expires_at.and_then(|text| parsed(faults, "expires_at", &text));
    Some(Declared {
        path: path.to_owned(),
        id: id?,
        organization_id: organization_id?,
        kind: kind?,
        config,
        disabled: entry.disabled,
        visible: entry.visible,
        expires_at,
        anonymous_registration_enabled: entry.anonymous_registration_enabled,
    })
}

fn parsed<T: FromStr<Err: Display>>(faults: &mut Faults, path: &str, text: &str) -> Option<T> {
    text.parse().map_err(|error: T::Err| faults.push(path, error.to_string())).ok()
}

fn kind(faults: &mut Faults, text: &str) -> Option<Kind> {
    let known = text.parse();
    known
        .map_err(|_| faults.push("type", format!("is none of {}", Kind::ALL.map(Kind::as_str).join(", "))))
        .ok()
}

/// A configuration, written down or named. What a text names is never shown.
fn config(declared: &Value, sources: &SecretSources<'_>) -> Result<Config, String> {
    let named = match declared {
        Value::Object(_) => return declared.to_string().parse().map_err(|error| format!("is {error}")),
        Value::String(text) => sources.fetch_elsewhere(text),
        _ => None,
    };
    let text =
        named.ok_or_else(|| "is neither an object nor env:NAME or file:PATH with one".to_owned())??;
    text.parse().map_err(|error| format!("is {error}"))
}
