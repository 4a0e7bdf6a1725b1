//! The text of a bootstrap file, and the values in it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::SecretSources;

/// A file of ten thousand accounts is smaller.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A section that somebody else reads.
pub type Elsewhere = IgnoredAny;

/// It cannot be read, is no YAML, or not of the form of a bootstrap file. Never shows what stands around the mistake, which
/// may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Syntax(String);

/// The text of a file and where it was, since relative paths in it start there.
#[derive(Clone)]
pub struct Source {
    text: String,
    directory: PathBuf,
}

impl Source {
    /// A text that was in this directory.
    #[must_use]
    pub fn new(text: &str, directory: &Path) -> Self {
        Self { text: text.to_owned(), directory: directory.to_owned() }
    }

    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// [`Syntax`], naming the file.
    pub fn open(path: &Path) -> Result<Self, Syntax> {
        let is_stdin = path == Path::new("-");
        let text = if is_stdin { bounded(io::stdin()) } else { fs::File::open(path).and_then(bounded) };
        let text = text.map_err(|error| Syntax(format!("{}: {error}", path.display())))?;
        let directory = path.parent().filter(|_| !is_stdin).unwrap_or(Path::new("."));
        Ok(Self { text, directory: directory.to_owned() })
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Secrets of this file: in itself, in the environment, or in files beside it.
    #[must_use]
    pub fn secrets(&self) -> SecretSources<'static> {
        #[expect(clippy::disallowed_methods, reason = "`env:NAME` in a bootstrap file is no setting")]
        let environment = &|name: &str| std::env::var(name).ok();
        SecretSources { environment, directory: self.directory.clone() }
    }
}

/// One byte more than a document may have is enough for it to be refused.
fn bounded(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Reads a file into whatever structure of sections.
///
/// # Errors
/// [`Syntax`], with the path to the value that does not fit and its line.
pub fn read<T: DeserializeOwned + Default>(text: &str) -> Result<T, Syntax> {
    if text.len() > MAX_BYTES {
        return Err(Syntax(format!("the file is longer than {MAX_BYTES} bytes")));
    }
    // No snippets: the lines around a mistake may hold secrets.
    let options = serde_saphyr::options! { with_snippet: false };
    let mut path = String::new();
    let file = serde_saphyr::with_deserializer_from_str_with_options(text, options, |yaml| {
        // An empty document is null.
        serde_path_to_error::deserialize::<_, Option<T>>(yaml).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    });
    file.map(Option::unwrap_or_default).map_err(|error| {
        let message = error.to_string();
        let nowhere = path.is_empty() || path == "." || path == "?";
        Syntax(if nowhere { message } else { format!("{path}: {message}") })
    })
}

/// A section that was left empty (`clients:` and nothing below) is an empty list.
///
/// # Errors
/// The deserializer's.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
