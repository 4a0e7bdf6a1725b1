//! Reading the section: everything that can be wrong with it without looking into a database.

use std::collections::HashSet;

use ::bootstrap::{Elsewhere, Faults, Source, list};
use serde::Deserialize;
use uuid::Uuid;

use super::BootstrapError;
use crate::domain::base::{Appearance, Base};
use crate::domain::name::BaseName;

/// The sections of a file. Those of others are known by their names.
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
    applications: Elsewhere,
    #[serde(deserialize_with = "list")]
    bases: Vec<Entry>,
}

/// A base as the file has it. Plain texts wherever a rule applies, so that all faults can be told at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    uuid: String,
    name: String,
    /// A login.
    owner: Option<String>,
    /// The id of a group.
    group: Option<String>,
    color: Option<String>,
    text_color: Option<String>,
    icon: Option<String>,
}

/// Whose a base is, in the words of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnerName {
    /// The login of an account.
    Account(String),
    /// The id of a group.
    Group(String),
}

impl OwnerName {
    /// The member of the file that says so.
    pub(super) const fn member(&self) -> &'static str {
        match self {
            Self::Account(_) => "owner",
            Self::Group(_) => "group",
        }
    }
}

/// A base without faults. What is absent stays as it is.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    /// Where it stands in the file.
    pub(super) path: String,
    pub(super) uuid: Uuid,
    pub(super) name: BaseName,
    pub(super) owner: OwnerName,
    looks: Appearance,
}

impl Declared {
    /// How the base looks then.
    pub(super) fn appearance(&self, before: Option<&Appearance>) -> Appearance {
        let before = before.cloned().unwrap_or_default();
        let Appearance { color, text_color, icon } = self.looks.clone();
        Appearance {
            color: color.or(before.color),
            text_color: text_color.or(before.text_color),
            icon: icon.or(before.icon),
        }
    }

    /// The members that are declared.
    pub(super) fn members(&self) -> Vec<&'static str> {
        let looks = [
            ("color", &self.looks.color),
            ("text_color", &self.looks.text_color),
            ("icon", &self.looks.icon),
        ];
        let looks = looks.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name);
        [self.owner.member(), "name"].into_iter().chain(looks).collect()
    }

    /// The members that a base has otherwise.
    pub(super) fn differing(&self, base: &Base) -> Vec<&'static str> {
        let wanted = self.appearance(Some(&base.appearance));
        [
            ("name", base.name != self.name.as_str()),
            ("color", wanted.color != base.appearance.color),
            ("text_color", wanted.text_color != base.appearance.text_color),
            ("icon", wanted.icon != base.appearance.icon),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// A section without faults.
#[derive(Debug, Clone, Default)]
pub struct Document(Vec<Declared>);

impl Document {
    /// Reads the section of a file.
    ///
    /// # Errors
    /// [`BootstrapError::Syntax`] for what is no YAML or not of this form, [`BootstrapError::Invalid`] with every fault.
    pub fn of(source: &Source) -> Result<Self, BootstrapError> {
        Self::parse(source.text())
    }

    /// The same for a text.
    ///
    /// # Errors
    /// As [`Document::of`].
    pub fn parse(text: &str) -> Result<Self, BootstrapError> {
        let file: File = ::bootstrap::read(text)?;
        let (mut faults, mut seen) = (Faults::default(), HashSet::new());
        let mut declared = Vec::with_capacity(file.bases.len());
        for (index, entry) in file.bases.into_iter().enumerate() {
            let path = format!("bases[{index}]");
            let mut own = Faults::default();
            let checked = check(&path, entry, &mut own);
            if checked.as_ref().is_some_and(|base| !seen.insert(base.uuid)) {
                own.push("uuid", "is declared twice");
            }
            declared.extend(checked);
            faults.extend_within(&path, own);
        }
        faults.into_result(Self(declared)).map_err(BootstrapError::Invalid)
    }

    /// Whether the section is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Declared> {
        self.0.iter()
    }
}

fn check(path: &str, entry: Entry, faults: &mut Faults) -> Option<Declared> {
    let uuid = entry.uuid.parse().map_err(|_| faults.push("uuid", "is no UUID")).ok();
    let name = entry.name.parse().map_err(|error| faults.push("name", format!("{error}"))).ok();
    let owner = match (entry.owner, entry.group) {
        (Some(login), None) => Some(OwnerName::Account(login)),
        (None, Some(id)) => Some(OwnerName::Group(id)),
        _ => None,
    };
    if owner.is_none() {
        faults.push("owner", "either owner or group says whose the base is");
    }
    let looks = Appearance { color: entry.color, text_color: entry.text_color, icon: entry.icon };
    Some(Declared { path: path.to_owned(), uuid: uuid?, name: name?, owner: owner?, looks })
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn all_faults_are_told_at_once() {
        let text = "
bases:
  - { uuid: x, name: a/b }
  - { uuid: 3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613, name: a, owner: mira, group: logistics }
  - { uuid: 3f0a9c52-6b1e-4d77-9a40-5c8e21d7b613, name: a, owner: mira }
  - { uuid: 3F0A9C52-6B1E-4D77-9A40-5C8E21D7B613, name: b, group: logistics }
";
        let faults = Document::parse(text).unwrap_err().to_string();
        let paths: Vec<_> = faults.lines().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(
            paths,
            ["bases[0].uuid", "bases[0].name", "bases[0].owner", "bases[1].owner", "bases[3].uuid"],
            "{faults}"
        );
    }

    #[test]
    fn other_sections_are_known_by_name() {
        assert!(Document::parse("accounts: [{login: mira}]\napplications: []\nbases:\n").unwrap().is_empty());
        let misspelt = Document::parse("base: []").unwrap_err().to_string();
        assert!(misspelt.contains("base"), "{misspelt}");
    }
}
