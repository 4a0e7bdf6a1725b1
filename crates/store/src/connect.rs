//! Opening a connection and preparing it for its work.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, ConnectionError, PgConnection, SqliteConnection, connection::SimpleConnection as _,
    r2d2::R2D2Connection as _,
};
use secrecy::ExposeSecret;

use crate::{DatabaseSettings, DbConn, StoreError, target::Target};

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Queries. SQLite refuses a write on it, so that a write in `Db::read` fails in the tests of that backend.
    Reader,
    /// Transactions.
    Writer,
    /// Migrations: no limit on a statement's time, and SQLite's foreign keys off, as rebuilding a table needs.
    Migrator,
}

/// Makes connections of one role to one database.
#[derive(Clone)]
pub(crate) struct Connector {
    target: Target,
    role: Role,
    busy: Duration,
    statement: Duration,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Connector {
    pub(crate) fn new(target: Target, role: Role, settings: &DatabaseSettings) -> Self {
        Self { target, role, busy: settings.busy_timeout, statement: settings.statement_timeout }
    }

    pub(crate) fn for_role(&self, role: Role) -> Self {
        Self { role, ..self.clone() }
    }

    /// Opens and prepares one connection, outside the pool.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer or refuses the connection.
    pub(crate) fn open(&self) -> Result<DbConn, StoreError> {
        match &self.target {
            Target::Sqlite(path) => self.open_sqlite(path).map(DbConn::Sqlite),
            Target::Postgres(url) => self.open_postgres(url.expose_secret()).map(DbConn::Pg),
        }
    }

    fn open_sqlite(&self, path: &Path) -> Result<SqliteConnection, StoreError> {
        let text =
            path.to_str().ok_or_else(|| StoreError::Settings("the path has to be UTF-8".to_owned()))?;
        let mut conn = SqliteConnection::establish(text).map_err(|error| refused(&error))?;
        // Waiting first: the statements after it may meet a lock.
        conn.batch_execute(&format!("PRAGMA busy_timeout = {}", self.busy.as_millis()))?;
        self.enter_wal(&mut conn)?;
        // FULL syncs the log at each commit: an acknowledged write survives kill -9 and a power cut.
        conn.batch_execute(
            "PRAGMA synchronous = FULL;
             PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;
             PRAGMA cache_size = -1024;
             PRAGMA journal_size_limit = 16777216;",
        )?;
        conn.batch_execute(match self.role {
            Role::Reader => "PRAGMA foreign_keys = ON; PRAGMA query_only = ON;",
            Role::Writer => "PRAGMA foreign_keys = ON;",
            Role::Migrator => "PRAGMA foreign_keys = OFF;",
        })?;
        Ok(conn)
    }

    /// Only the first connection ever changes the mode; while it does, others get `SQLITE_BUSY` without any waiting.
    fn enter_wal(&self, conn: &mut SqliteConnection) -> Result<(), StoreError> {
        let deadline = Instant::now() + self.busy;
        loop {
            match conn.batch_execute("PRAGMA journal_mode = WAL").map_err(StoreError::from) {
                Err(error) if error.is_unavailable() && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                outcome => return outcome,
            }
        }
    }

    fn open_postgres(&self, url: &str) -> Result<PgConnection, StoreError> {
        // Before libpq does it. Asked by libpq, OpenSSL takes itself apart when the process ends, under whichever threads are
        // about to open, use or close a connection: an end in order would be a crash now and then. This asks it not to.
        openssl_sys::init();
        let mut conn = PgConnection::establish(url).map_err(|error| refused(&error))?;
        let statement = if self.role == Role::Migrator { Duration::ZERO } else { self.statement };
        // diesel has set the time zone to UTC and the encoding to UTF-8.
        conn.batch_execute(&format!(
            "SET lock_timeout = {}; SET statement_timeout = {}; SET idle_in_transaction_session_timeout = '60s'",
            self.busy.as_millis(),
            statement.as_millis(),
        ))?;
        Ok(conn)
    }
}

/// libpq's message names host, port and user; the URL with the password is not a part of it.
fn refused(error: &ConnectionError) -> StoreError {
    StoreError::Unavailable(error.to_string().trim().replace('\n', " "))
}

/// Creates a missing SQLite file readable by its owner alone; SQLite gives its log files the same mode. What it returns says
/// to others, as long as it is kept, that the directory is in use.
///
/// # Errors
/// [`StoreError::Settings`] when the directory is missing or the file cannot be written.
pub(crate) fn prepare_file(
    path: &Path,
    enter: impl FnOnce(&Path) -> Result<File, StoreError>,
) -> Result<File, StoreError> {
    let fault = |sentence: String| StoreError::Settings(sentence);
    let parent = path.parent().unwrap_or(path);
    match fs::metadata(parent) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(fault(format!("{} is not a directory", parent.display()))),
        Err(error) => return Err(fault(format!("the directory {}: {error}", parent.display()))),
    }
    let presence = enter(parent)?;
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(|_| presence)
        .map_err(|error| fault(format!("the SQLite file {}: {error}", path.display())))
}

/// What the pool holds: a connection, or the reason why there is none (it is taken out by who hears of it). Handing the reason out instead of an error
/// makes a request fail at once; r2d2 itself would let it wait for the whole timeout while it tries again.
pub(crate) struct Slot {
    pub(crate) conn: Result<DbConn, Option<StoreError>>,
    made: Instant,
    /// Set by who found the connection dead.
    pub(crate) dead: bool,
}

impl r2d2::ManageConnection for Connector {
    type Connection = Slot;
    type Error = StoreError;

    fn connect(&self) -> Result<Slot, StoreError> {
        Ok(Slot { conn: self.open().map_err(Some), made: Instant::now(), dead: false })
    }

    /// Costs no query: that a connection is dead shows at `BEGIN` or at the first read, and both are then repeated on
    /// another one. A reason nobody waited for any more is too old to be given to the next request.
    fn is_valid(&self, slot: &mut Slot) -> Result<(), StoreError> {
        match &slot.conn {
            Err(_) if slot.made.elapsed() > Duration::from_millis(500) => {
                Err(StoreError::Unavailable("an old failure".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        // diesel does not notice that a connection is dead when it was preparing a statement.
        slot.dead || std::thread::panicking() || slot.conn.as_mut().map_or(true, DbConn::is_broken)
    }
}
