//! The master key in a file of its own.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::{MasterKey, MasterKeyError};

/// Permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

/// More than any base64 form of 32 bytes with blanks around it.
const LONGEST_FILE: u64 = 256;

impl MasterKey {
    /// Reads the key from `path`.
    ///
    /// # Errors
    /// [`MasterKeyError`]: no file, one that others may read, or that holds no key.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        load(path)
    }

    /// Reads the key from `path`, or makes one there (mode 0600) when nothing is there. Of several processes that
    /// start at once exactly one makes it, and all end with the same key.
    ///
    /// # Errors
    /// [`MasterKeyError`]: a file that others may read, that holds no key, or that cannot be read or made.
    pub fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        match load(path) {
            Err(MasterKeyError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        let key = Self::generate()?;
        match create(path, &key) {
            Ok(()) => Ok(key),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => load(path),
            Err(cause) => Err(failed(path)(cause)),
        }
    }
}

fn load(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let file = File::open(path).map_err(failed(path))?;
    // Of the opened file, not of the path: what is checked is what is read.
    let metadata = file.metadata().map_err(failed(path))?;
    let name = || path.display().to_string();
    if !metadata.is_file() {
        return Err(MasterKeyError::NotAFile(name()));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(MasterKeyError::Exposed { path: name(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST_FILE).read_to_string(&mut text).map_err(failed(path))?;
    MasterKey::parse(&text).map_err(|cause| MasterKeyError::Content { path: name(), cause: Box::new(cause) })
}

/// Writes beside `path` and moves the whole file into place, never over another: a reader sees no file or the key.
fn create(path: &Path, key: &MasterKey) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut draft = tempfile::Builder::new().prefix(".master-key-").tempfile_in(folder)?; // mode 0600
    draft.write_all(key.to_base64().as_bytes())?;
    draft.write_all(b"\n")?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}

fn failed(path: &Path) -> impl Fn(io::Error) -> MasterKeyError {
    let path = path.display().to_string();
    move |cause| MasterKeyError::File { path: path.clone(), cause }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn the_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/master.key");
        let made = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(*MasterKey::load_or_create(&path).unwrap().to_base64(), *made.to_base64());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o644] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refused = MasterKey::load_or_create(&path).unwrap_err();
            assert!(
                matches!(refused, MasterKeyError::Exposed { mode: found, .. } if found == mode),
                "{refused}"
            );
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(MasterKey::load_or_create(&path).is_ok());
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        for content in ["", "change-me", "AAAA"] {
            fs::write(&path, content).unwrap();
            let refused = MasterKey::load_or_create(&path).unwrap_err();
            assert!(matches!(refused, MasterKeyError::Content { .. }), "{refused}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert!(matches!(MasterKey::load_or_create(folder.path()), Err(MasterKeyError::NotAFile(_))));
    }

    #[test]
    fn processes_that_start_at_once_end_with_one_key() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let (path, start) = (folder.path().join("master.key"), Barrier::new(8));
            let load = || {
                start.wait();
                MasterKey::load_or_create(&path).unwrap().to_base64()
            };
            let keys: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
        }
    }
}
