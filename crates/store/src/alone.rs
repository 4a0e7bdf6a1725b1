//! A database that nobody else uses, for what must not happen beside a running server.

use std::fs::File;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::{DatabaseSettings, Db, DbConn, StoreError};

/// The end of a connection takes PostgreSQL a moment; so long it may.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// Counts the sessions of others. Of foreign roles PostgreSQL tells this much to everybody.
const OTHERS: &str = "SELECT count(*) AS others FROM pg_stat_activity WHERE datname = current_database() \
     AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    others: i64,
}

impl Db {
    /// [`Db::open`] for a program that has the database for itself: with one connection, and on SQLite with the directory
    /// taken, so that nobody else gets in as long as it is open. On PostgreSQL [`Db::wait_until_alone`] tells.
    ///
    /// # Errors
    /// Those of [`Db::open`]; [`StoreError::Settings`] while anybody has a SQLite database in that directory open.
    pub fn open_alone(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let settings = DatabaseSettings { max_connections: 1, ..settings.clone() };
        Self::open_entering(&settings, claim)
    }

    /// Whether nobody else is connected to the database, once those who are leaving have had the time to. On SQLite that is
    /// [`Db::open_alone`]'s to say.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] without a database.
    pub async fn wait_until_alone(&self) -> Result<bool, StoreError> {
        let start = Instant::now();
        loop {
            let others = self.read(others).await?;
            if others == 0 || start.elapsed() > PATIENCE {
                return Ok(others == 0);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn claim(directory: &std::path::Path) -> Result<File, StoreError> {
    crate::claim_data_dir(directory).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::WouldBlock => "is in use; stop what runs on it first".to_owned(),
            _ => error.to_string(),
        };
        StoreError::Settings(format!("the directory {}: {reason}", directory.display()))
    })
}

fn others(conn: &mut DbConn) -> Result<i64, StoreError> {
    let DbConn::Pg(conn) = conn else { return Ok(0) };
    Ok(diesel::sql_query(OTHERS).get_result::<Count>(conn)?.others)
}
