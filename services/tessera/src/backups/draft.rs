//! A backup that is being made. It gets its name when it is complete, by one rename.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::files;
use super::manifest::{FILE, Manifest};
use crate::failure::Failure;

/// The folder under its first name; it goes when it is dropped before it is complete.
pub(crate) struct Draft {
    folder: PathBuf,
    target: PathBuf,
    /// Two backups of one name do not write into one folder.
    _claim: File,
}

impl Draft {
    /// Begins a backup that will be `target`. What a killed one left under the first name is removed.
    pub(crate) fn begin(target: &Path) -> Result<Self, Failure> {
        let target = std::path::absolute(target).map_err(|error| failed(target, &error))?;
        let Some(name) = target.file_name() else {
            return Err(Failure::Usage(format!("{} is no name of a folder", target.display())));
        };
        let mut first = OsString::from(".");
        first.push(name);
        first.push(".incomplete");
        let folder = target.with_file_name(first);
        refuse_existing(&target)?;
        match files::create_folder(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let claim = claim(&folder)?;
                fs::remove_dir_all(&folder)
                    .and_then(|()| files::create_folder(&folder))
                    .map_err(|e| failed(&folder, &e))?;
                drop(claim);
            }
            outcome => outcome.map_err(|error| failed(&folder, &error))?,
        }
        Ok(Self { _claim: claim(&folder)?, folder, target })
    }

    /// Where a file of it is written to.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the table of contents and gives the folder its name. Everything is on the disk when this returns.
    pub(crate) fn finish(self, manifest: &Manifest) -> Result<PathBuf, Failure> {
        let text = manifest.text().map_err(|error| Failure::Other(error.into()))?;
        let target = self.target.clone();
        refuse_existing(&target)?;
        files::write(&self.path(FILE), &text)
            .and_then(|()| files::sync_folder(&self.folder))
            // A folder is never renamed to one that holds anything.
            .and_then(|()| fs::rename(&self.folder, &target))
            .and_then(|()| files::sync_folder(target.parent().unwrap_or(&target)))
            .map_err(|error| failed(&target, &error))?;
        Ok(target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Once it has its name there is nothing under the first one.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn claim(folder: &Path) -> Result<File, Failure> {
    store::claim_data_dir(folder).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => Failure::Refused("a backup of this name is being made".to_owned()),
        _ => failed(folder, &error),
    })
}

fn refuse_existing(target: &Path) -> Result<(), Failure> {
    if target.symlink_metadata().is_ok() {
        return Err(Failure::Refused(format!(
            "{} is there already; a backup replaces nothing",
            target.display()
        )));
    }
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Refused(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_backup_has_its_name_when_it_is_complete() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("monday");
        let draft = Draft::begin(&target).unwrap();
        files::write(&draft.path("a.db"), "a").unwrap();
        assert_eq!(names(home.path()), [".monday.incomplete"]);
        assert!(matches!(Draft::begin(&target), Err(Failure::Refused(_))), "two write into one folder");
        draft.finish(&Manifest::new(DateTime::UNIX_EPOCH, Vec::new())).unwrap();
        assert_eq!(names(home.path()), ["monday"]);
        assert_eq!(names(&target), ["a.db", FILE]);
        assert!(matches!(Draft::begin(&target), Err(Failure::Refused(_))), "a backup is replaced");
    }

    #[test]
    fn what_is_not_finished_is_not_there() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("monday");
        let draft = Draft::begin(&target).unwrap();
        files::write(&draft.path("a.db"), "a").unwrap();
        drop(draft);
        assert!(names(home.path()).is_empty());
        // As a killed process leaves it.
        let left = home.path().join(".monday.incomplete");
        files::create_folder(&left).unwrap();
        files::write(&left.join("old.db"), "old").unwrap();
        let draft = Draft::begin(&target).unwrap();
        assert!(names(&left).is_empty());
        draft.finish(&Manifest::new(DateTime::UNIX_EPOCH, Vec::new())).unwrap();
        assert_eq!(names(&target), [FILE]);
    }
}
