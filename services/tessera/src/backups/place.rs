//! Putting restored files in the place of those in a data directory, so that whoever interrupts it can have it finished.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::RESTORE_MARKER;

use super::files;

/// The folder of the data directory that copies wait in.
const STAGE: &str = ".restore";
/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// How far it is; the content of the marker.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// Where what was there before goes.
    aside: String,
    /// Whether all of it is there. What lies in its place from then on comes from a backup.
    moved: bool,
}

/// Makes the empty folder for the copies.
pub(crate) fn stage(data_dir: &Path) -> io::Result<PathBuf> {
    let folder = data_dir.join(STAGE);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => files::create_folder(&folder)?,
    }
    Ok(folder)
}

/// Whether an earlier restore did not come to its end.
pub(crate) fn is_interrupted(data_dir: &Path) -> bool {
    data_dir.join(RESTORE_MARKER).symlink_metadata().is_ok()
}

/// Moves the files of these names, which are staged and on the disk, into the data directory, and what has these names there
/// into the folder `aside`, with what SQLite keeps beside it. Returns that folder if there was anything.
pub(crate) fn replace(data_dir: &Path, names: &[&str], aside: &str) -> io::Result<Option<PathBuf>> {
    let stage = data_dir.join(STAGE);
    files::sync_folder(&stage)?;
    let mut progress = read(data_dir)?.unwrap_or_else(|| Progress { aside: aside.to_owned(), moved: false });
    write(data_dir, &progress)?;
    let aside = data_dir.join(&progress.aside);
    if progress.moved {
        for name in present(data_dir, names) {
            files::remove(&data_dir.join(name))?;
        }
    } else {
        if !aside.is_dir() {
            files::create_folder(&aside)?;
        }
        for name in present(data_dir, names) {
            fs::rename(data_dir.join(&name), aside.join(&name))?;
        }
        files::sync_folder(&aside)?;
        files::sync_folder(data_dir)?;
        progress.moved = true;
        write(data_dir, &progress)?;
    }
    for name in names {
        fs::rename(stage.join(name), data_dir.join(name))?;
    }
    fs::remove_dir(&stage)?;
    // An empty one goes, any other stays.
    let kept = fs::remove_dir(&aside).is_err().then_some(aside);
    files::sync_folder(data_dir)?;
    files::remove(&data_dir.join(RESTORE_MARKER))?;
    files::sync_folder(data_dir)?;
    Ok(kept)
}

/// The files of these names that are there, and their companions.
fn present(data_dir: &Path, names: &[&str]) -> Vec<String> {
    let with_companions = |name: &&str| {
        let companions = COMPANIONS.map(|companion| format!("{name}{companion}"));
        std::iter::once((*name).to_owned()).chain(companions)
    };
    let exists = |name: &String| data_dir.join(name).symlink_metadata().is_ok();
    names.iter().flat_map(with_companions).filter(exists).collect()
}

fn read(data_dir: &Path) -> io::Result<Option<Progress>> {
    match fs::read(data_dir.join(RESTORE_MARKER)) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A marker is there as a whole or not at all.
fn write(data_dir: &Path, progress: &Progress) -> io::Result<()> {
    let (marker, draft) = (data_dir.join(RESTORE_MARKER), data_dir.join(format!(".{RESTORE_MARKER}")));
    files::remove(&draft)?;
    files::write(&draft, &serde_json::to_string(progress)?)?;
    fs::rename(draft, marker)?;
    files::sync_folder(data_dir)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const NAMES: [&str; 2] = ["a.db", "b.db"];

    /// A data directory with old files in it and new ones staged.
    fn prepared(old: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for name in old {
            fs::write(home.path().join(name), "old").unwrap();
        }
        restage(home.path());
        home
    }

    fn restage(home: &Path) {
        let folder = stage(home).unwrap();
        for name in NAMES {
            fs::write(folder.join(name), "new").unwrap();
        }
    }

    /// Every file below, by its path.
    fn tree(folder: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let (path, name) =
                entry.map(|e| (e.path(), e.file_name().to_string_lossy().into_owned())).unwrap();
            if path.is_dir() {
                found.extend(tree(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
            } else {
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
        found
    }

    fn restored() -> Vec<(&'static str, &'static str)> {
        vec![("a.db", "new"), ("b.db", "new")]
    }

    #[track_caller]
    fn assert_tree(folder: &Path, expected: &[(&str, &str)]) {
        let expected: BTreeMap<_, _> =
            expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(tree(folder), expected);
    }

    #[test]
    fn new_files_take_the_place_of_old_ones_which_are_kept() {
        let home = prepared(&["a.db", "a.db-wal", "b.db", "b.db-shm", "other"]);
        let kept = replace(home.path(), &NAMES, "before").unwrap();
        assert_eq!(kept, Some(home.path().join("before")));
        let mut expected = restored();
        expected.extend([
            ("before/a.db", "old"),
            ("before/a.db-wal", "old"),
            ("before/b.db", "old"),
            ("before/b.db-shm", "old"),
            ("other", "old"),
        ]);
        assert_tree(home.path(), &expected);
        let empty = prepared(&[]);
        assert_eq!(replace(empty.path(), &NAMES, "before").unwrap(), None);
        assert_tree(empty.path(), &restored());
    }

    /// Each state that a kill can leave, and another attempt under another name.
    #[test]
    fn whoever_comes_next_finishes_it() {
        let old_and_kept = [("before/a.db", "old"), ("before/a.db-wal", "old"), ("before/b.db", "old")];
        let expected: Vec<_> = restored().into_iter().chain(old_and_kept).collect();
        let states: [&dyn Fn(&Path); 5] = [
            &|home| write(home, &Progress { aside: "before".to_owned(), moved: false }).unwrap(),
            &|home| {
                write(home, &Progress { aside: "before".to_owned(), moved: false }).unwrap();
                files::create_folder(&home.join("before")).unwrap();
                fs::rename(home.join("a.db"), home.join("before/a.db")).unwrap();
            },
            &|home| moved(home),
            &|home| {
                moved(home);
                fs::rename(home.join(STAGE).join("a.db"), home.join("a.db")).unwrap();
            },
            &|home| {
                moved(home);
                for name in NAMES {
                    fs::rename(home.join(STAGE).join(name), home.join(name)).unwrap();
                }
                fs::remove_dir(home.join(STAGE)).unwrap();
            },
        ];
        for (number, state) in states.iter().enumerate() {
            let home = prepared(&["a.db", "a.db-wal", "b.db"]);
            state(home.path());
            assert!(is_interrupted(home.path()), "{number}");
            restage(home.path());
            replace(home.path(), &NAMES, "another").unwrap();
            assert!(!is_interrupted(home.path()), "{number}");
            assert_tree(home.path(), &expected);
        }
    }

    fn moved(home: &Path) {
        files::create_folder(&home.join("before")).unwrap();
        for name in ["a.db", "a.db-wal", "b.db"] {
            fs::rename(home.join(name), home.join("before").join(name)).unwrap();
        }
        write(home, &Progress { aside: "before".to_owned(), moved: true }).unwrap();
    }
}
