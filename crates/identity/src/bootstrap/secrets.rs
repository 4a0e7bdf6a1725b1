//! Secrets that a section declares, and which of them are too weak for anything but a demo.

use std::collections::HashSet;

use secrecy::{ExposeSecret, SecretString};

use super::{DEMO_DOCUMENT, SecretSources};
use crate::{
    faults::Faults,
    passwords::{EncodedHash, UnsupportedHash},
};

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
        let secret = match self.sources.fetch(declared.expose_secret()) {
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
        let hash = self.sources.fetch(declared.expose_secret());
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
    use crate::bootstrap::{BootstrapError, Document};

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

    fn parse(demo: bool) -> Result<Document, BootstrapError> {
        let environment = |name: &str| panic!("the demo asks for {name}");
        let sources = SecretSources { environment: &environment, directory: ".".into() };
        Document::parse(DEMO_DOCUMENT, &sources, demo)
    }

    #[test]
    fn the_demo_is_a_demo_only() {
        assert!(parse(true).unwrap().is_demo());
        let Err(BootstrapError::Invalid(faults)) = parse(false) else { panic!("its secrets are accepted") };
        let secrets = DEMO_DOCUMENT.matches(": demo-").count() - DEMO_DOCUMENT.matches("id: demo-").count();
        assert_eq!(faults.iter().count(), secrets, "{faults}");
        assert!(secrets > 5);
        assert!(faults.iter().all(|fault| fault.message.contains("demo")), "{faults}");
    }
}
