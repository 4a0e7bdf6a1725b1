//! The table of contents of a backup. It is written last, so that a folder without one is no backup.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::files::{self, Content};
use crate::failure::Failure;

/// Its name in the folder.
pub(crate) const FILE: &str = "manifest.json";

/// The format that this program writes and reads.
const FORMAT: u32 = 1;

/// What is in a backup.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    /// The version of the program that made it.
    pub(crate) tessera: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) files: Vec<Entry>,
}

/// One file of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    sha256: String,
    /// The versions of a database's schema; none for a key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) migrations: Vec<String>,
}

impl Entry {
    pub(crate) fn new(name: &str, content: Content, migrations: Vec<String>) -> Self {
        Self { name: name.to_owned(), bytes: content.bytes, sha256: content.sha256, migrations }
    }

    /// Refuses what was not written when the backup was made.
    pub(crate) fn require(&self, content: &Content) -> Result<(), Failure> {
        if content.bytes == self.bytes && content.sha256 == self.sha256 {
            return Ok(());
        }
        Err(Failure::Refused(format!("the backup is damaged: {} is not what was written", self.name)))
    }
}

impl Manifest {
    /// Of a backup that is made now, by this version.
    pub(crate) fn new(created_at: DateTime<Utc>, files: Vec<Entry>) -> Self {
        Self { format: FORMAT, tessera: env!("CARGO_PKG_VERSION").to_owned(), created_at, files }
    }

    pub(crate) fn text(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        self.files.iter().any(|entry| entry.name == name)
    }
}

/// A backup as it was found.
pub(crate) struct Found {
    folder: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Found {
    /// Reads the manifest in this folder and refuses one that names other files than these, lacks one of `required`, or is
    /// of a format to come.
    pub(crate) fn open(folder: &Path, required: &[&str], optional: &[&str]) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::NotFound(format!("{} is no backup: it has no {FILE}", folder.display()))
            }
            _ => Failure::Refused(format!("{}: {error}", path.display())),
        })?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| Failure::Refused(format!("the backup is damaged: {FILE}: {error}")))?;
        if manifest.format != FORMAT {
            let sentence = format!("the backup has format {}; this version reads {FORMAT}", manifest.format);
            return Err(Failure::Refused(sentence));
        }
        if let Some(name) = required.iter().find(|name| !manifest.holds(name)) {
            return Err(Failure::Refused(format!("the backup is damaged: it lacks {name}")));
        }
        // A name may be a path to anywhere; only those that are known become one.
        let is_known = |entry: &&Entry| [required, optional].concat().contains(&entry.name.as_str());
        if let Some(entry) = manifest.files.iter().find(|entry| !is_known(entry)) {
            return Err(Failure::Refused(format!("the backup is damaged: it names {:?}", entry.name)));
        }
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    pub(crate) fn path(&self, entry: &Entry) -> PathBuf {
        self.folder.join(&entry.name)
    }

    /// Copies a file out of it, as it was written.
    pub(crate) fn take(&self, entry: &Entry, to: &Path) -> Result<(), Failure> {
        let copied =
            files::copy(&self.path(entry), to).map_err(|error| unreadable(&self.path(entry), &error))?;
        entry.require(&copied)
    }

    /// Reads a file of it.
    pub(crate) fn judge(&self, entry: &Entry) -> Result<(), Failure> {
        let content =
            files::content(&self.path(entry)).map_err(|error| unreadable(&self.path(entry), &error))?;
        entry.require(&content)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::Refused(format!("cannot copy {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Found, Failure> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), text).unwrap();
        Found::open(home.path(), &["a.db"], &["a.key"])
    }

    fn text(names: &[&str]) -> String {
        let content = Content { bytes: 0, sha256: String::new() };
        let files = names.iter().map(|name| Entry::new(name, content.clone(), Vec::new())).collect();
        Manifest::new(DateTime::UNIX_EPOCH, files).text().unwrap()
    }

    #[test]
    fn only_what_is_known_is_taken_out_of_a_backup() {
        assert!(open(&text(&["a.db"])).is_ok() && open(&text(&["a.key", "a.db"])).is_ok());
        for names in [&[][..], &["a.key"], &["a.db", "../a.db"], &["a.db", "/etc/passwd"], &["a.db", ""]] {
            assert!(matches!(open(&text(names)), Err(Failure::Refused(_))), "{names:?}");
        }
        let later = text(&["a.db"]).replace("\"format\": 1", "\"format\": 2");
        assert!(matches!(open(&later), Err(Failure::Refused(sentence)) if sentence.contains("format 2")));
        assert!(matches!(open(&text(&["a.db"])[..40]), Err(Failure::Refused(_))));
        let nothing = tempfile::tempdir().unwrap();
        assert!(matches!(Found::open(nothing.path(), &[], &[]), Err(Failure::NotFound(_))));
    }
}
