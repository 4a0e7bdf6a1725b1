//! A database URL, checked once: which backend, and what a connection is opened with.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::{Backend, StoreError};

/// Where the connections go.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// An absolute path, which SQLite cannot mistake for one of its `file:` URIs.
    Sqlite(PathBuf),
    /// A URL for libpq, with the defaults an unattended server needs.
    Postgres(SecretString),
}

/// libpq waits for ever where nothing is said: for a host that swallows packets, and on a connection whose other end
/// has vanished.
const PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "10"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

impl Target {
    /// # Errors
    /// [`StoreError::Settings`] with a sentence that never repeats the URL.
    pub(crate) fn parse(url: &SecretString) -> Result<Self, StoreError> {
        let url = url.expose_secret();
        if url.is_empty() {
            return Err(fault("url is empty; expected sqlite:<path> or postgres://<host>/<database>"));
        }
        if let Some(path) = url.strip_prefix("sqlite:") {
            return sqlite_path(path.strip_prefix("//").unwrap_or(path)).map(Self::Sqlite);
        }
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or_else(
            || fault("url has to begin with sqlite: or postgres://; other databases are not supported"),
        )?;
        check_password_encoding(rest)?;
        Ok(Self::Postgres(with_patience(url).into()))
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }
}

fn fault(sentence: &str) -> StoreError {
    StoreError::Settings(sentence.to_owned())
}

fn sqlite_path(path: &str) -> Result<PathBuf, StoreError> {
    if path.is_empty() || path.starts_with(':') {
        return Err(fault("url names no file after sqlite: (a database in memory is not supported)"));
    }
    if path.contains(['?', '#']) {
        return Err(fault("url of a SQLite file takes no options after ? or #"));
    }
    std::path::absolute(Path::new(path))
        .map_err(|error| fault(&format!("the path of the SQLite file: {error}")))
}

/// A reserved character in a password makes libpq take a part of it for the host and repeat that in its errors.
fn check_password_encoding(rest: &str) -> Result<(), StoreError> {
    let location = rest.split('?').next().unwrap_or(rest);
    let misread = match location.split_once(['@', '/']) {
        Some((_, after)) => after.contains('@'),
        None => false,
    };
    if misread || rest.split(['@', '?']).next().is_some_and(|user| user.contains('#')) {
        return Err(fault(
            "a reserved character in the user or password of url: write it as %40 for @, %2F for /",
        ));
    }
    Ok(())
}

fn with_patience(url: &str) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let given = |key: &str| query.split('&').any(|pair| pair.split('=').next() == Some(key));
    let mut full = url.to_owned();
    let mut separator = if query.is_empty() && !url.ends_with('?') { '?' } else { '&' };
    for (key, value) in PATIENCE.into_iter().chain([("application_name", "tessera")]) {
        if !given(key) {
            full.extend([separator.to_string().as_str(), key, "=", value]);
            separator = '&';
        }
    }
    full
}
