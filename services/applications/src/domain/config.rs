//! The configuration of an application. `contracts/auvious-applications.md` §4.6, §6.
//!
//! Values are kept as the texts they were sent as: numbers of any length and precision, the order and even the
//! repetition of keys inside them. `RawValue` does that for this type alone; the feature `arbitrary_precision` of
//! `serde_json` would change how every crate of the process reads numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::value::RawValue;

use super::application::Kind;
use super::json::{self, Unkept};

/// A top-level entry that only some callers see. §6: exact and case-sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// For services.
    Service,
    /// For those who work in the organisation.
    Agent,
    /// For those who are served.
    Customer,
}

impl Section {
    /// Every section.
    pub const ALL: [Self; 3] = [Self::Service, Self::Agent, Self::Customer];

    /// Its key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Service => "serviceParameters",
            Self::Agent => "agentParameters",
            Self::Customer => "customerParameters",
        }
    }

    fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.key() == key)
    }
}

/// Which sections somebody sees. Everything else of a configuration is seen by whoever reaches the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sections {
    /// [`Section::Service`].
    pub service: bool,
    /// [`Section::Agent`].
    pub agent: bool,
    /// [`Section::Customer`].
    pub customer: bool,
}

impl Sections {
    /// All of them.
    pub const ALL: Self = Self { service: true, agent: true, customer: true };
    /// None of them.
    pub const NONE: Self = Self { service: false, agent: false, customer: false };

    /// One of them.
    #[must_use]
    pub const fn only(section: Section) -> Self {
        match section {
            Section::Service => Self { service: true, ..Self::NONE },
            Section::Agent => Self { agent: true, ..Self::NONE },
            Section::Customer => Self { customer: true, ..Self::NONE },
        }
    }

    /// Those of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            service: self.service || other.service,
            agent: self.agent || other.agent,
            customer: self.customer || other.customer,
        }
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn contains(self, section: Section) -> bool {
        match section {
            Section::Service => self.service,
            Section::Agent => self.agent,
            Section::Customer => self.customer,
        }
    }
}

/// A `GENESYS` application without an entry that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("config.{0} is required for type GENESYS")]
pub struct MissingEntry(pub &'static str);

/// The text is no configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAConfig {
    /// Not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// JSON that is not kept.
    #[error(transparent)]
    Unkept(#[from] Unkept),
}

/// A JSON object. Its keys are told apart as the characters they are, however they were written; of entries with the
/// same key the last one counts.
///
/// Read with [`str::parse`]; displayed as JSON for the database. It is not `Serialize`: what clients get is a
/// [`Redacted`].
#[derive(Clone, Default)]
pub struct Config(BTreeMap<String, Box<RawValue>>);

impl Config {
    /// Whether it has what its kind needs. §4.6: `GENESYS` needs two texts that are not blank.
    ///
    /// # Errors
    /// [`MissingEntry`], naming the first one.
    pub fn check(&self, kind: Kind) -> Result<(), MissingEntry> {
        if kind != Kind::Genesys {
            return Ok(());
        }
        let missing = ["organizationId", "pcEnvironment"].into_iter().find(|key| !self.has_text(key));
        missing.map_or(Ok(()), |key| Err(MissingEntry(key)))
    }

    fn has_text(&self, key: &str) -> bool {
        let text = self.0.get(key).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
        text.is_some_and(|text| !text.trim().is_empty())
    }

    /// What somebody gets to see who sees those sections. §6 rule 1: a hidden section is absent.
    #[must_use]
    pub fn redacted(&self, seen: Sections) -> Redacted<'_> {
        let shown = |key: &str| Section::of(key).is_none_or(|section| seen.contains(section));
        Redacted(self.0.iter().filter(|(key, _)| shown(key)).map(|(key, value)| (&**key, &**value)).collect())
    }

    /// What is stored when somebody who sees the sections `before` of `stored`, and would see the sections `after` of
    /// the result, replaces it by this one. §7.2 rules 5 and 6.
    ///
    /// A hidden section that was not sent is kept; sent as `null`, it is removed. It is removed as well when the same
    /// change would bring it to light, by switching the type: nobody reads what they could not see by writing.
    #[must_use]
    pub fn replacing(mut self, stored: &Self, before: Sections, after: Sections) -> Self {
        for section in Section::ALL.into_iter().filter(|section| !before.contains(*section)) {
            match (self.0.get(section.key()), stored.0.get(section.key())) {
                (Some(sent), _) if sent.get() == "null" => drop(self.0.remove(section.key())),
                (None, Some(kept)) if !after.contains(section) => {
                    self.0.insert(section.key().to_owned(), kept.clone());
                }
                _ => {}
            }
        }
        self
    }
}

impl FromStr for Config {
    type Err = NotAConfig;

    fn from_str(text: &str) -> Result<Self, NotAConfig> {
        json::look_through(text)?;
        serde_json::from_str(text).map(Self).map_err(|_| NotAConfig::NotAnObject)
    }
}

impl fmt::Display for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

/// Holds secrets, which no log shall show.
impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Config({} entries)", self.0.len())
    }
}

impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        let entries = |config: &Self| -> Vec<(String, String)> {
            config.0.iter().map(|(key, value)| (key.clone(), value.get().to_owned())).collect()
        };
        entries(self) == entries(other)
    }
}

/// The part of a configuration that somebody may see.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Redacted<'c>(BTreeMap<&'c str, &'c RawValue>);

impl Redacted<'_> {
    /// The keys that are shown.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().copied()
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redacted({} entries)", self.0.len())
    }
}

#[cfg(test)]
mod tests;
