//! Secrets in a file: a literal, `env:NAME` or `file:PATH`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// More than any secret needs.
const MAX_SECRET_FILE: u64 = 64 * 1024;

/// Where secrets that are not written down in the file come from.
pub struct SecretSources<'a> {
    /// Looks up an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Where relative `file:` paths start: the directory of the bootstrap file.
    pub directory: PathBuf,
}

impl SecretSources<'_> {
    /// The secret that a text stands for: itself, or what it names as `env:NAME` or `file:PATH`.
    ///
    /// # Errors
    /// Half a sentence that goes after the path of the text.
    pub fn fetch(&self, declared: &str) -> Result<SecretString, String> {
        let secret = match self.fetch_elsewhere(declared) {
            Some(secret) => secret?,
            None => Zeroizing::new(declared.to_owned()),
        };
        if secret.is_empty() { Err("may not be empty".to_owned()) } else { Ok(secret.as_str().into()) }
    }

    /// What a text names as `env:NAME` or `file:PATH`; nothing for any other text.
    ///
    /// # Errors
    /// Half a sentence that goes after the path of the text.
    pub fn fetch_elsewhere(&self, declared: &str) -> Option<Result<Zeroizing<String>, String>> {
        if let Some(name) = declared.strip_prefix("env:") {
            let value = (self.environment)(name).map(Zeroizing::new);
            return Some(value.ok_or_else(|| format!("the environment variable {name} is not set")));
        }
        declared.strip_prefix("file:").map(|path| read(&self.directory.join(path)))
    }
}

/// The content of a secret's file, without the line break editors put at its end.
fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let failed = |reason: &dyn std::fmt::Display| format!("cannot read {}: {reason}", path.display());
    let mut content = Zeroizing::new(String::new());
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(MAX_SECRET_FILE + 1).read_to_string(&mut content).map_err(|error| failed(&error))?;
    if content.len() as u64 > MAX_SECRET_FILE {
        return Err(failed(&"it is longer than any secret"));
    }
    Ok(Zeroizing::new(content.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn fetch(declared: &str, directory: &Path) -> Result<String, String> {
        let environment = |name: &str| (name == "DECLARED").then(|| "from the environment".to_owned());
        let sources = SecretSources { environment: &environment, directory: directory.to_owned() };
        sources.fetch(declared).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn secrets_come_from_the_file_itself_the_environment_or_another_file() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("secret"), " kept blank \r\n\n").unwrap();
        std::fs::write(directory.path().join("empty"), "\n").unwrap();
        std::fs::write(directory.path().join("huge"), "x".repeat(70_000)).unwrap();
        let fetch = |declared: &str| fetch(declared, directory.path());
        assert_eq!(fetch("literal").as_deref(), Ok("literal"));
        assert_eq!(fetch("env:DECLARED").as_deref(), Ok("from the environment"));
        assert_eq!(fetch("file:secret").as_deref(), Ok(" kept blank "));
        let absolute = format!("file:{}", directory.path().join("secret").display());
        assert_eq!(fetch(&absolute).as_deref(), Ok(" kept blank "));
        assert_eq!(fetch("env:OTHER").unwrap_err(), "the environment variable OTHER is not set");
        for declared in ["", "file:empty", "file:huge", "file:missing", "file:."] {
            assert!(fetch(declared).is_err(), "{declared}");
        }
    }
}
