//! Rows of long ago in the directory, and what becomes of them.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use super::{Stack, Topology};

/// Fills every table that is pruned.
const FILL: &str = include_str!("../../../../../crates/identity/tests/growth/fill.sql");

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Stack {
    /// So many rows in each table that the auth server prunes, with instants from so many days after now on, each a second
    /// before the one before it.
    pub(crate) fn fill(&self, name: &str, rows: u32, days: i32) {
        let (at, bytes) = if self.databases.is_empty() {
            (format!("datetime('now', '{days} days', '-' || n || ' seconds')"), "BLOB")
        } else {
            let now = "date_trunc('second', now() AT TIME ZONE 'utc')";
            (format!("{now} + INTERVAL '{days} days' - n * INTERVAL '1 second'"), "BYTEA")
        };
        let sql = FILL
            .replace("$COUNT", &rows.to_string())
            .replace("$NAME", name)
            .replace("$AT", &at)
            .replace("$BYTES", bytes);
        if let Some(database) = self.databases.first() {
            let mut conn = PgConnection::establish(&database.url()).expect("the identity database");
            conn.batch_execute(&format!("BEGIN; {sql}; COMMIT; ANALYZE")).expect("rows");
        } else {
            let path = self.home.path().join("data/identity.db").display().to_string();
            let mut conn = SqliteConnection::establish(&path).expect("the identity database");
            conn.batch_execute(&format!("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE; {sql}; COMMIT"))
                .expect("rows");
        }
    }

    /// Where the processes that issue tokens show their metrics.
    pub(crate) fn auth_metrics(&self) -> Vec<String> {
        let more = self.others.iter().filter(|unit| unit.name() == self.auth.name());
        std::iter::once(&self.auth).chain(more).map(|unit| unit.management_url("/metrics")).collect()
    }

    /// How the services are deployed.
    pub(crate) fn topology(&self) -> Topology {
        if self.databases.is_empty() { Topology::Single } else { Topology::Separate }
    }

    /// Counts rows of the directory.
    pub(crate) fn rows(&self, from: &str) -> i64 {
        let query = sql_query(format!("SELECT count(*) AS count FROM {from}"));
        let count: Count = if let Some(database) = self.databases.first() {
            let mut conn = PgConnection::establish(&database.url()).expect("the identity database");
            query.get_result(&mut conn).expect("a count")
        } else {
            let path = self.home.path().join("data/identity.db").display().to_string();
            let mut conn = SqliteConnection::establish(&path).expect("the identity database");
            conn.batch_execute("PRAGMA busy_timeout = 5000").expect("patience");
            query.get_result(&mut conn).expect("a count")
        };
        count.count
    }
}
