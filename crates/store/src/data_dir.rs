//! The directory of embedded databases, and who is in it.
//!
//! Whoever has a SQLite database open holds a shared lock on the directory it lies in. Putting other files in their place
//! takes the lock for itself alone, so it never happens under a running server, and no server starts in between.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::StoreError;

/// As long as a file of this name lies in a data directory, its databases are not all of one restore.
pub const RESTORE_MARKER: &str = "restoring";

/// Makes the data directory, with its parents, for its owner alone: secrets and people's data lie in it. One that is
/// there already stays as it is.
///
/// # Errors
/// What the system says; a restore into it that did not come to its end.
pub fn create_data_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if is_half_restored(path) { Err(io::Error::other(HALF_RESTORED)) } else { Ok(()) }
}

/// Takes a directory for itself alone, as long as the file is kept.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] while anybody has a database in it open; what the system says.
pub fn claim_data_dir(path: &Path) -> io::Result<File> {
    let directory = File::open(path)?;
    match directory.try_lock() {
        Ok(()) => Ok(directory),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Says that a database in this directory is in use, as long as the file is kept.
///
/// # Errors
/// [`StoreError::Settings`] while a restore is at work there, or when one did not come to its end.
pub(crate) fn enter(path: &Path) -> Result<File, StoreError> {
    let fault = |reason: &str| StoreError::Settings(format!("the directory {}: {reason}", path.display()));
    let directory = File::open(path).map_err(|error| fault(&error.to_string()))?;
    // A file system without such locks does not keep a server from starting; a restore refuses to work on it.
    if let Err(TryLockError::WouldBlock) = directory.try_lock_shared() {
        return Err(fault("a restore is at work in it"));
    }
    if is_half_restored(path) { Err(fault(HALF_RESTORED)) } else { Ok(directory) }
}

const HALF_RESTORED: &str = "a restore into it was interrupted; run `tessera restore` once more";

fn is_half_restored(path: &Path) -> bool {
    path.join(RESTORE_MARKER).symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_directory_is_its_owners_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        create_data_dir(&path).unwrap();
        create_data_dir(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_is_claimed_by_one_and_used_by_many() {
        let home = tempfile::tempdir().unwrap();
        let users = (enter(home.path()).unwrap(), enter(home.path()).unwrap());
        assert_eq!(claim_data_dir(home.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(users);
        let claim = claim_data_dir(home.path()).unwrap();
        assert!(enter(home.path()).unwrap_err().to_string().contains("a restore is at work"));
        assert_eq!(claim_data_dir(home.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(claim);
        enter(home.path()).unwrap();
    }

    #[test]
    fn nobody_starts_on_half_a_restore() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(RESTORE_MARKER), "").unwrap();
        assert!(enter(home.path()).unwrap_err().to_string().contains("interrupted"));
        assert!(create_data_dir(home.path()).unwrap_err().to_string().contains("interrupted"));
        claim_data_dir(home.path()).unwrap();
    }
}
