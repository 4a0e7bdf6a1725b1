//! The connection every query runs on, in a module of its own: the derive generates a good many items around it.
#![expect(missing_docs, reason = "what the derive generates has no documentation")]

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database. Code that both backends compile runs on the enum; [`on_backend!`] reaches the rest.
///
/// SQLite comes last, because the derive tries the variants in order and SQLite takes any URL.
///
/// [`on_backend!`]: crate::on_backend
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Evaluates one expression with the connection typed for its own backend: `on_backend!(conn, |c| query.execute(c))`.
///
/// For what the enum itself does not compile: `on_conflict`, batch inserts, `as_returning()`, `for_update`.
#[macro_export]
macro_rules! on_backend {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::DbConn::Pg($c) => $body,
            $crate::DbConn::Sqlite($c) => $body,
        }
    };
}
