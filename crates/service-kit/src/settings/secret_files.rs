//! `<key>_file`: a secret read from a file, as Docker and Kubernetes mount them.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use config::ValueKind;

use super::{Problem, layers::Layers};

/// More than any secret; a path such as `/dev/zero` must not fill the memory.
const LONGEST: u64 = 64 * 1024;

/// Puts the content of every `<key>_file` in the place of its key.
pub(super) fn read(layers: &mut Layers, secrets: &[&str]) -> Vec<Problem> {
    secrets.iter().filter_map(|key| read_one(layers, key).err()).collect()
}

fn read_one(layers: &mut Layers, key: &str) -> Result<(), Problem> {
    let file_key = format!("{key}_file");
    let Some(given) = layers.get(&file_key) else { return Ok(()) };
    let source = |key: &str| layers.source(key).map(|source| format!(" ({source})")).unwrap_or_default();
    let ValueKind::String(path) = &given.kind else {
        return Err(Problem::new(format!("{file_key}{}: expected the path of a file", source(&file_key))));
    };
    let problem = if layers.get(key).is_some() {
        let (value, file) = (source(key), source(&file_key));
        Problem::new(format!("{key}{value} and {file_key}{file} are both set: give one of them"))
    } else {
        let path = PathBuf::from(path);
        match content(&path) {
            Ok(secret) => {
                layers.replace_secret(key, path, secret);
                return Ok(());
            }
            Err(error) => {
                let source = source(&file_key);
                Problem::new(format!("{file_key}{source}: {} cannot be read: {error}", path.display()))
            }
        }
    };
    // Out with it, or the struct would call it an unknown key as well.
    let keys: Vec<String> = file_key.split('.').map(str::to_owned).collect();
    layers.remove(&keys);
    Err(problem)
}

fn content(path: &Path) -> io::Result<String> {
    let mut secret = String::new();
    if File::open(path)?.take(LONGEST + 1).read_to_string(&mut secret)? as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than 64 KiB"));
    }
    // An editor ends the last line; the line end is not part of the secret.
    secret.truncate(secret.trim_end_matches(['\r', '\n']).len());
    Ok(secret)
}
