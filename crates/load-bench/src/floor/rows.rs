//! A read of one row by its primary key, on a connection of the worker's own.

use std::cell::{Cell, RefCell};
use std::hint::black_box;

use anyhow::Context as _;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};

/// Rows in the table.
const ROWS: u32 = 100_000;

diesel::table! {
    floor_rows (id) {
        id -> Text,
        name -> Text,
        slug -> Text,
        revision -> BigInt,
    }
}

type Row = (String, String, String, i64);

/// As in the tables of the services, the key is a UUID in text.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS floor_rows (
    id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL, revision BIGINT NOT NULL DEFAULT 0)";

/// The table, and which row comes next.
pub(super) struct Rows {
    connection: RefCell<Reader>,
    next: Cell<u32>,
}

enum Reader {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Rows {
    /// Opens a connection as crate `store` does for readers, and fills the table if it is empty.
    pub(super) fn open(url: &str) -> anyhow::Result<Self> {
        let connection = match url.strip_prefix("sqlite:") {
            Some(file) => Reader::Sqlite(sqlite(file)?),
            None => Reader::Postgres(postgres(url)?),
        };
        Ok(Self { connection: RefCell::new(connection), next: Cell::new(1) })
    }

    /// Reads a row, for nobody. Not with `first`: SQLite plans a statement with a bound limit anew each time.
    pub(super) fn read(&self) -> anyhow::Result<()> {
        let number = xorshift(self.next.get());
        self.next.set(number);
        let query = floor_rows::table.find(id(number % ROWS));
        let row: Row = match &mut *self.connection.borrow_mut() {
            Reader::Sqlite(conn) => query.get_result(conn)?,
            Reader::Postgres(conn) => query.get_result(conn)?,
        };
        black_box(row);
        Ok(())
    }
}

/// George Marsaglia's: goes through every number but 0 in an order without a pattern that a cache could use.
fn xorshift(mut number: u32) -> u32 {
    number ^= number << 13;
    number ^= number >> 17;
    number ^ (number << 5)
}

fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

fn sqlite(file: &str) -> anyhow::Result<SqliteConnection> {
    let mut conn = SqliteConnection::establish(file).with_context(|| format!("cannot open {file}"))?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -1024;
         PRAGMA journal_size_limit = 16777216; PRAGMA foreign_keys = ON;",
    )?;
    conn.batch_execute(TABLE)?;
    fill(
        &mut conn,
        &format!(
            "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS} - 1)
             INSERT INTO floor_rows (id, name, slug)
             SELECT printf('00000000-0000-4000-8000-%012x', n), 'Row ' || n, 'row-' || n FROM numbers
             WHERE NOT EXISTS (SELECT 1 FROM floor_rows)"
        ),
    )?;
    conn.batch_execute("PRAGMA query_only = ON")?;
    Ok(conn)
}

fn postgres(url: &str) -> anyhow::Result<PgConnection> {
    let mut conn = PgConnection::establish(url).context("cannot connect to PostgreSQL")?;
    conn.batch_execute(TABLE)?;
    fill(
        &mut conn,
        &format!(
            "INSERT INTO floor_rows (id, name, slug)
             SELECT '00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'), 'Row ' || n, 'row-' || n
             FROM generate_series(0, {ROWS} - 1) n WHERE NOT EXISTS (SELECT 1 FROM floor_rows)"
        ),
    )?;
    Ok(conn)
}

fn fill(conn: &mut impl SimpleConnection, rows: &str) -> QueryResult<()> {
    conn.batch_execute(&format!("BEGIN; {rows}; COMMIT; ANALYZE;"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use test_kit::{Backend, TestDatabase};

    use super::*;

    #[rstest]
    fn every_row_that_is_asked_for_is_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
        let database = TestDatabase::on(backend);
        let url = database.url();
        let rows = Rows::open(&url).unwrap();
        for _ in 0..1000 {
            rows.read().unwrap();
        }
        drop(rows);
        Rows::open(&url).expect("a filled table is taken as it is");
    }
}
