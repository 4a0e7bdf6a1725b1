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
        check_encoding(rest)?;
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

/// A reserved character in a password makes libpq take a part of it for something else and repeat that in its errors.
fn check_encoding(rest: &str) -> Result<(), StoreError> {
    // libpq looks for the end of user and password first, then for the path, then for the parameters.
    let (head, tail) = rest.split_once('/').unwrap_or((rest, ""));
    let before_query = |part: &str| part.split('?').next().is_some_and(|part| part.contains('@'));
    let misread = match head.split_once('@') {
        Some((user, host)) => user.contains('?') || before_query(host) || before_query(tail),
        None => !head.contains('?') && before_query(tail),
    };
    let complete = |token: &[u8]| token.len() >= 2 && token[..2].iter().all(u8::is_ascii_hexdigit);
    if misread || !rest.split('%').skip(1).all(|token| complete(token.as_bytes())) {
        return Err(fault(
            "url: reserved characters in the user, password or database have to be encoded (%40 for @, %2F for /, \
             %3F for ?, %25 for %)",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Target, String> {
        Target::parse(&url.to_owned().into()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_sqlite_path_becomes_absolute() {
        let current = std::env::current_dir().unwrap();
        for (url, path) in [
            ("sqlite:/data/x.db", "/data/x.db".into()),
            ("sqlite:///data/x.db", "/data/x.db".into()),
            ("sqlite:x.db", current.join("x.db")),
            ("sqlite://x.db", current.join("x.db")),
        ] {
            assert!(matches!(parse(url), Ok(Target::Sqlite(found)) if found == path), "{url}");
        }
    }

    #[test]
    fn a_postgres_url_gains_what_it_does_not_say() {
        let Ok(Target::Postgres(url)) = parse("postgresql://u:p%40ss@h/db?sslmode=require&connect_timeout=9")
        else {
            panic!("a valid url");
        };
        assert_eq!(
            url.expose_secret(),
            "postgresql://u:p%40ss@h/db?sslmode=require&connect_timeout=9&keepalives_idle=30&keepalives_interval=10\
             &keepalives_count=3&tcp_user_timeout=30000&application_name=tessera"
        );
        let Ok(Target::Postgres(url)) = parse("postgres://h1:5432,h2:5433/db") else { panic!("a valid url") };
        assert!(url.expose_secret().starts_with("postgres://h1:5432,h2:5433/db?connect_timeout=5&"));
        assert!(parse("postgres:///db?host=/run/postgresql&user=a").is_ok());
        assert!(parse("postgres://u:p@h?application_name=a@b").is_ok());
    }

    #[test]
    fn other_urls_are_refused_without_being_repeated() {
        for url in [
            "",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:x.db?mode=memory",
            "mysql://u:hunter2@h/db",
            "hunter2",
            "postgres:u:hunter2",
            "postgres://u:hunter2@x@h/db",
            "postgres://u:hunter2/x@h/db",
            "postgres://u:a@hunter2/x@h/db",
            "postgres://u:hunter2?x@h/db",
            "postgres://u:hunter2%zz@h/db",
            "postgres://u:hunter2@h/db?password=hunter2%",
        ] {
            let Err(sentence) = parse(url) else { panic!("accepted {url}") };
            assert!(sentence.starts_with("database settings: url"), "{sentence}");
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }

    #[test]
    fn settings_in_debug_output_keep_the_password_to_themselves() {
        let Ok(target) = parse("postgres://u:hunter2@h/db") else { panic!("a valid url") };
        assert!(!format!("{target:?}").contains("hunter2"));
    }
}
