//! Copies of embedded databases, made while they are in use, and the judgement of such a copy.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use diesel::{
    Connection as _, SqliteConnection, connection::SimpleConnection as _, dsl::sql, prelude::*,
    sql_types::Text,
};

use crate::{Backend, Db, DbConn, Migrations, StoreError, migrations};

impl Db {
    /// Writes what is committed now into a new file of mode 0600 that is on the disk when this returns. Others go on
    /// reading and writing meanwhile; what they write is not in the copy. A copy that fails is removed.
    ///
    /// SQLite only: PostgreSQL brings `pg_dump`.
    ///
    /// # Errors
    /// [`StoreError::Settings`] on PostgreSQL and for a file that is there or cannot be made; the database's own.
    #[tracing::instrument(name = "db.copy", skip_all)]
    pub async fn copy_to(&self, path: PathBuf) -> Result<(), StoreError> {
        if self.backend() == Backend::Postgres {
            return Err(StoreError::Settings("a PostgreSQL database is copied with pg_dump".to_owned()));
        }
        self.aside(move |conn| {
            // SQLite writes into an empty file, and would make a new one readable by others.
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let file = file.map_err(|error| fault(&path, &error))?;
            let outcome = copy(conn, &path, &file);
            if outcome.is_err() {
                let _ = std::fs::remove_file(&path);
            }
            outcome
        })
        .await
    }
}

fn copy(conn: &mut DbConn, path: &Path, file: &File) -> Result<(), StoreError> {
    // VACUUM INTO reads in one transaction. Other than a copy of the file it holds what is in the log, too, and other
    // than the online backup it never begins anew because somebody writes.
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(text(path)?).execute(conn)?;
    file.sync_all().map_err(|error| fault(path, &error))
}

/// Judges a copy: its pages, its references, and that it is a database of this component. The versions of its schema, in
/// order. Leaves nothing beside the file.
///
/// # Errors
/// [`StoreError::Corrupt`] for what is no such database, [`StoreError::Unavailable`] for a file that does not open.
pub fn check_copy(path: &Path, component: &Migrations) -> Result<Vec<String>, StoreError> {
    // SQLite would make a file that is missing.
    File::open(path).map_err(|error| fault(path, &error))?;
    let wrong = |reason: String| StoreError::corrupt("database", format!("{}: {reason}", path.display()));
    let conn = SqliteConnection::establish(text(path)?)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let mut conn = DbConn::Sqlite(conn);
    conn.batch_execute("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF")?;
    let first_fault = sql::<Text>("(SELECT integrity_check FROM pragma_integrity_check LIMIT 1)");
    let verdict: String =
        diesel::select(first_fault).get_result(&mut conn).map_err(|error| wrong(error.to_string()))?;
    if verdict != "ok" {
        return Err(wrong(verdict));
    }
    migrations::check_foreign_keys(&mut conn, component.name)?;
    let versions = migrations::applied(&mut conn, component.name)?;
    if versions.is_empty() {
        return Err(wrong(format!("holds no tables of {}", component.name)));
    }
    Ok(versions.into_iter().collect())
}

fn text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::Settings("the path has to be UTF-8".to_owned()))
}

fn fault(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Settings(format!("the file {}: {error}", path.display()))
}
