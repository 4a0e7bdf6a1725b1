//! Where bootstrap files come from: a path, standard input, the demo's own.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{BootstrapError, Change, DEMO_DOCUMENT, Document, SecretSources, document::MAX_BYTES};
use crate::{audit::Origin, identity::Identity};

/// `bootstrap.*`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapSettings {
    /// The bootstrap file that is applied at the start. Default: none.
    pub file: Option<PathBuf>,
}

impl BootstrapSettings {
    /// Applies what is declared for the start: the demo's document in demo mode, then the file. Each change is logged.
    ///
    /// # Errors
    /// [`BootstrapError`]; nothing of the document that failed was applied.
    pub async fn apply_at_start(
        &self,
        identity: &Identity,
        demo: bool,
        origin: &Origin,
    ) -> Result<(), BootstrapError> {
        let own = demo.then(|| parse(DEMO_DOCUMENT, Path::new("."), true));
        let file = self.file.as_ref().map(|path| Document::read(path, demo));
        for document in [own, file].into_iter().flatten() {
            report(&identity.apply_bootstrap(&document?, false, origin).await?);
        }
        Ok(())
    }
}

impl Document {
    /// Reads a file, or standard input for `-`, and fetches its secrets from it, from the environment and from files,
    /// relative paths starting at the file's own directory.
    ///
    /// # Errors
    /// As [`Document::parse`]; an unreadable file is [`BootstrapError::Syntax`].
    pub fn read(path: &Path, demo: bool) -> Result<Self, BootstrapError> {
        let is_stdin = path == Path::new("-");
        let text = if is_stdin { bounded(io::stdin()) } else { fs::File::open(path).and_then(bounded) };
        let text = text.map_err(|error| BootstrapError::Syntax(format!("{}: {error}", path.display())))?;
        let directory = path.parent().filter(|_| !is_stdin).unwrap_or(Path::new("."));
        parse(&text, directory, demo)
    }
}

fn parse(text: &str, directory: &Path, demo: bool) -> Result<Document, BootstrapError> {
    #[expect(clippy::disallowed_methods, reason = "`env:NAME` in a bootstrap file is no setting")]
    let environment = |name: &str| std::env::var(name).ok();
    Document::parse(text, &SecretSources { environment: &environment, directory: directory.to_owned() }, demo)
}

/// One byte more than a document may have is enough for it to be refused.
fn bounded(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(MAX_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

fn report(changes: &[Change]) {
    for change in changes {
        tracing::info!("bootstrap: {change}");
    }
}
