//! Rows that a column gives a time to.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamp;

use super::{Cursor, Step};
use crate::{DbConn, StoreError};

/// Which rows of a table go: those whose column is at or before an instant. An index has to begin with the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// The table.
    pub table: &'static str,
    /// The column with the instant; rows without one stay.
    pub column: &'static str,
    /// What else has to hold of them, in SQL.
    pub also: Option<&'static str>,
}

#[derive(QueryableByName)]
struct Dated {
    #[diesel(sql_type = Timestamp)]
    instant: NaiveDateTime,
}

impl Expired {
    /// Those of a table by this column alone.
    #[must_use]
    pub const fn new(table: &'static str, column: &'static str) -> Self {
        Self { table, column, also: None }
    }

    /// Whether there is any.
    ///
    /// # Errors
    /// The database's.
    pub fn exist(self, conn: &mut DbConn, until: DateTime<Utc>) -> Result<bool, StoreError> {
        let Self { table, column, .. } = self;
        // In order, so that PostgreSQL looks at the beginning of the index and does not read through the table for it.
        let query = format!(
            "SELECT {column} AS instant FROM {table} WHERE {column} <= $1{} ORDER BY {column} LIMIT 1",
            self.also()
        );
        let query = diesel::sql_query(query).bind::<Timestamp, _>(until.naive_utc());
        let oldest: Option<Dated> = match conn {
            DbConn::Pg(conn) => query.get_result(conn).optional()?,
            DbConn::Sqlite(conn) => query.get_result(conn).optional()?,
        };
        Ok(oldest.is_some())
    }

    /// Deletes at most `limit` of them, the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub fn delete(
        self,
        conn: &mut DbConn,
        until: DateTime<Utc>,
        from: Option<&Cursor>,
        limit: u32,
    ) -> Result<Step, StoreError> {
        let gone = self.delete_oldest(conn, until, from.map(|(instant, _)| *instant), limit)?;
        let more = gone.len() >= limit as usize;
        let last = gone.iter().map(|row| row.instant).max();
        Ok(Step { deleted: gone.len(), next: last.filter(|_| more).map(|last| (last, String::new())) })
    }

    fn delete_oldest(
        self,
        conn: &mut DbConn,
        until: DateTime<Utc>,
        from: Option<NaiveDateTime>,
        limit: u32,
    ) -> Result<Vec<Dated>, StoreError> {
        let Self { table, column, .. } = self;
        // PostgreSQL would otherwise begin at the oldest entry of the index each time, and pass by everything that the pass
        // has deleted, which is there until a vacuum.
        let begin = if from.is_some() { format!(" AND {column} >= $2") } else { String::new() };
        let also = self.also();
        let oldest =
            format!("FROM {table} WHERE {column} <= $1{begin}{also} ORDER BY {column} LIMIT {limit}");
        let until = until.naive_utc();
        Ok(match conn {
            // A row that somebody has locked is left for the next pass. The rows are locked, so that their places hold.
            DbConn::Pg(conn) => {
                let query = diesel::sql_query(format!(
                    "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid {oldest} FOR UPDATE SKIP LOCKED)) \
                     RETURNING {column} AS instant"
                ));
                let query = query.bind::<Timestamp, _>(until);
                match from {
                    Some(from) => query.bind::<Timestamp, _>(from).load(conn)?,
                    None => query.load(conn)?,
                }
            }
            DbConn::Sqlite(conn) => {
                let query = diesel::sql_query(format!(
                    "DELETE FROM {table} WHERE rowid IN (SELECT rowid {oldest}) RETURNING {column} AS instant"
                ));
                let query = query.bind::<Timestamp, _>(until);
                match from {
                    Some(from) => query.bind::<Timestamp, _>(from).load(conn)?,
                    None => query.load(conn)?,
                }
            }
        })
    }

    fn also(self) -> String {
        self.also.map(|also| format!(" AND ({also})")).unwrap_or_default()
    }
}
