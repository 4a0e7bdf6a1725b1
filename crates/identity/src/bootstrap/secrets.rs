//! Secrets in a file: a literal, `env:NAME` or `file:PATH`; and which of them are too weak for anything but a demo.

use std::{
    collections::HashSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::demo::DEMO_DOCUMENT;
use crate::{
    faults::Faults,
    passwords::{EncodedHash, UnsupportedHash},
};

/// More than any secret needs.
const MAX_SECRET_FILE: u64 = 64 * 1024;

/// Where secrets that are not written down in the file come from.
pub struct SecretSources<'a> {
    /// Looks up an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Where relative `file:` paths start: the directory of the bootstrap file.
    pub directory: PathBuf,
}

/// What a secret is for, which decides how long it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretKind {
    Password,
    ClientSecret,
}

impl SecretKind {
    const fn shortest(self) -> usize {
        match self {
            Self::Password => 12,
            Self::ClientSecret => crate::client_secrets::MIN_CLIENT_SECRET,
        }
    }
}

/// What a `check` of a section needs: where secrets come from, and where faults go.
pub(super) struct Checker<'a> {
    pub(super) faults: Faults,
    /// Secrets too weak for anything but a demo, by path.
    pub(super) weak: Faults,
    sources: &'a SecretSources<'a>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(sources: &'a SecretSources<'a>) -> Self {
        Self { faults: Faults::default(), weak: Faults::default(), sources }
    }

    /// Fetches a declared secret and notes whether it is weak.
    pub(super) fn secret(
        &mut self,
        path: &str,
        kind: SecretKind,
        declared: &SecretString,
    ) -> Option<SecretString> {
        let secret = match self.fetch(declared.expose_secret()) {
            Ok(secret) => secret,
            Err(message) => {
                self.faults.push(path, message);
                return None;
            }
        };
        if let Some(message) = weakness(kind, secret.expose_secret()) {
            self.weak.push(path, message);
        }
        Some(secret)
    }

    /// Fetches a declared hash of a format that is understood.
    pub(super) fn hash(&mut self, path: &str, declared: &SecretString) -> Option<EncodedHash> {
        let hash = self.fetch(declared.expose_secret());
        let parsed = hash.and_then(|hash| {
            hash.expose_secret().parse().map_err(|error: UnsupportedHash| error.to_string())
        });
        parsed.map_err(|message| self.faults.push(path, message)).ok()
    }

    /// Notes entries of a section that name the same thing.
    pub(super) fn unique(&mut self, section: &str, field: &str, names: impl Iterator<Item = String>) {
        let mut seen = HashSet::new();
        for (index, name) in names.enumerate() {
            if !seen.insert(name) {
                self.faults.push(format!("{section}[{index}].{field}"), "is declared twice");
            }
        }
    }

    fn fetch(&self, declared: &str) -> Result<SecretString, String> {
        let secret = if let Some(name) = declared.strip_prefix("env:") {
            let value = (self.sources.environment)(name);
            Zeroizing::new(value.ok_or_else(|| format!("the environment variable {name} is not set"))?)
        } else if let Some(path) = declared.strip_prefix("file:") {
            read(&self.sources.directory.join(path))?
        } else {
            Zeroizing::new(declared.to_owned())
        };
        if secret.is_empty() { Err("may not be empty".to_owned()) } else { Ok(secret.as_str().into()) }
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

/// Long enough to pass, and what people write all the same.
const KNOWN: [&str; 8] = [
    "administrator",
    "changeme",
    "change-me",
    "correct horse battery staple",
    "password",
    "passw0rd",
    "secret",
    "tessera",
];
/// A text of fewer different characters is a pattern.
const DISTINCT: usize = 6;

/// Why a secret is too weak for anything but a demo (threat 22).
fn weakness(kind: SecretKind, secret: &str) -> Option<String> {
    if secret.chars().count() < kind.shortest() {
        return Some(format!("must have at least {} characters", kind.shortest()));
    }
    if secret.starts_with("demo-") || DEMO_DOCUMENT.contains(secret) {
        return Some("is a secret of the demo, which everybody knows".to_owned());
    }
    let mut rest = secret.to_lowercase();
    for known in KNOWN {
        rest = rest.replace(known, "");
    }
    let distinct: std::collections::BTreeSet<char> = rest.chars().filter(|c| c.is_alphanumeric()).collect();
    (distinct.len() < DISTINCT).then(|| "is a default or a pattern, which is guessed first".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_22_known_short_and_patterned_secrets_are_weak() {
        for password in [
            "",
            "short",
            "eleven-char",
            "password1234",
            "passwordpassword",
            "changemechangeme",
            "aaaaaaaaaaaaaaaa",
            "121212121212",
            "demo-anything-at-all-really-long",
            "correct horse battery staple",
            "Administrator-1!",
        ] {
            assert!(weakness(SecretKind::Password, password).is_some(), "{password}");
        }
        for password in ["twelve-chars", "kleine graue Maus", "ж4Ч~щ1ц0юяъ9"] {
            assert_eq!(weakness(SecretKind::Password, password), None, "{password}");
        }
        let secret = "7Gq2mZr9xKc4vTb8nWp3sLd6hYf1jQe5";
        assert_eq!(weakness(SecretKind::ClientSecret, secret), None);
        assert!(weakness(SecretKind::ClientSecret, &secret[1..]).is_some());
    }

    fn fetch(declared: &str, directory: &Path) -> Result<String, String> {
        let environment = |name: &str| (name == "DECLARED").then(|| "from the environment".to_owned());
        let sources = SecretSources { environment: &environment, directory: directory.to_owned() };
        Checker::new(&sources).fetch(declared).map(|secret| secret.expose_secret().to_owned())
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
