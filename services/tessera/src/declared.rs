//! Bootstrap files as the commands see them: where they and their secrets come from.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use identity::Identity;
use identity::bootstrap::{BootstrapError, Change, DEMO_DOCUMENT, Document, SecretSources};

use crate::directory;
use crate::failure::Failure;
use crate::settings::Settings;

/// Applies the demo and the file of the settings, whichever are asked for, and reports what has changed.
pub(crate) async fn apply_at_start(settings: &Settings, identity: &Identity) -> Result<(), Failure> {
    if settings.demo {
        report(&apply(identity, &parse(DEMO_DOCUMENT, PathBuf::from("."), true)?, false).await?);
    }
    if let Some(path) = &settings.bootstrap.file {
        report(&apply(identity, &read(path, settings.demo)?, false).await?);
    }
    Ok(())
}

/// Makes the directory what the file declares.
pub(crate) async fn apply(
    identity: &Identity,
    document: &Document,
    prune: bool,
) -> Result<Vec<Change>, Failure> {
    identity.apply_bootstrap(document, prune, &directory::operator()).await.map_err(Failure::from)
}

/// Reads a file, or standard input for `-`, and fetches its secrets.
pub(crate) fn read(path: &Path, demo: bool) -> Result<Document, Failure> {
    let is_stdin = path == Path::new("-");
    let text = if is_stdin { io::read_to_string(io::stdin()) } else { bounded(path) };
    let text = text.map_err(|error| Failure::Usage(format!("bootstrap file {}: {error}", path.display())))?;
    let directory = if is_stdin { Path::new(".") } else { path.parent().unwrap_or(Path::new(".")) };
    parse(&text, directory.to_owned(), demo)
}

fn parse(text: &str, directory: PathBuf, demo: bool) -> Result<Document, Failure> {
    let environment = |name: &str| {
        #[expect(clippy::disallowed_methods, reason = "`env:NAME` in a bootstrap file is no setting")]
        std::env::var(name).ok()
    };
    let sources = SecretSources { environment: &environment, directory };
    Document::parse(text, &sources, demo).map_err(Failure::from)
}

/// One byte more than a document may have is enough to refuse it.
fn bounded(path: &Path) -> io::Result<String> {
    const LONGEST: u64 = 8 * 1024 * 1024 + 1;
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn report(changes: &[Change]) {
    for change in changes {
        tracing::info!("bootstrap: {change}");
    }
}

impl From<BootstrapError> for Failure {
    fn from(error: BootstrapError) -> Self {
        match error {
            BootstrapError::Failed(error) => error.into(),
            BootstrapError::Syntax(_) | BootstrapError::Invalid(_) => Self::Refused(error.to_string()),
        }
    }
}
