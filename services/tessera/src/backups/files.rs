//! Files that are on the disk when they are said to be, and their digests.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// What a file holds, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: u64,
    /// Lower-case hex.
    pub(crate) sha256: String,
}

/// What is in a file.
pub(crate) fn content(path: &Path) -> io::Result<Content> {
    pass(File::open(path)?, &mut io::sink())
}

/// Copies into a new file of mode 0600; what was copied, once it is on the disk.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<Content> {
    let source = File::open(from)?;
    if !source.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut file = create(to)?;
    let content = pass(source, &mut file)?;
    file.sync_all()?;
    Ok(content)
}

/// Writes a new file of mode 0600, on the disk when this returns.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes a folder for its owner alone.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Names in this folder are on the disk when this returns.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn pass(mut from: impl Read, to: &mut impl Write) -> io::Result<Content> {
    let (mut digest, mut chunk, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            return Ok(Content { bytes, sha256: hex::encode(digest.finalize()) });
        }
        digest.update(&chunk[..length]);
        to.write_all(&chunk[..length])?;
        bytes += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_copy_is_told_by_what_it_holds() {
        let home = tempfile::tempdir().unwrap();
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        fs::write(&from, "abc").unwrap();
        let copied = copy(&from, &to).unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(copied.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((copied.bytes, fs::read(&to).unwrap().as_slice()), (3, &b"abc"[..]));
        assert_eq!(content(&to).unwrap(), copied);
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(copy(&from, &to).is_err(), "a file is replaced");
        assert!(copy(home.path(), &home.path().join("other")).is_err(), "a folder is copied");
    }
}
