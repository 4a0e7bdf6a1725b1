//! A row that says whose turn it is, for work that spans many transactions and that one process at a time should do.
//!
//! | the row | who may take it |
//! | --- | --- |
//! | none, or expired | anybody; of two at the same time one gets it |
//! | taken until later than anybody would take it | the same: its holder's clock is wrong |
//! | taken | its holder, who moves its end on with every transaction |
//! | released | anybody, at once |
//!
//! Whoever takes it within the transaction of the work keeps the row locked until that has ended, so that no two of them
//! overlap, whatever their clocks say. An advisory lock would last for a transaction, which is too short, or for a connection,
//! which would have to be kept aside; and SQLite has none.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamp};

use crate::{DbConn, StoreError, on_backend};

/// The name of a lease, and the table it is in: `name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at TIMESTAMP NOT NULL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The table, which a migration of its component has made.
    pub table: &'static str,
    /// What is to be done.
    pub name: &'static str,
}

impl Lease {
    /// A name for a holder that no other one has.
    #[must_use]
    pub fn holder() -> String {
        // Without random values there is one process at most that anything else works in either.
        format!("{:016x}", getrandom::u64().unwrap_or_default())
    }

    /// Takes the lease, or keeps it, until `ttl` after `now`; whether the holder has it.
    ///
    /// # Errors
    /// The database's.
    pub fn take(
        self,
        conn: &mut DbConn,
        holder: &str,
        now: DateTime<Utc>,
        ttl: TimeDelta,
    ) -> Result<bool, StoreError> {
        let until = now.checked_add_signed(ttl).unwrap_or(DateTime::<Utc>::MAX_UTC).naive_utc();
        let beyond = now.checked_add_signed(ttl * 2).unwrap_or(DateTime::<Utc>::MAX_UTC).naive_utc();
        // An upsert would wait for a holder whose lease is good.
        let renew = format!(
            "UPDATE {} SET holder = $1, expires_at = $2 \
             WHERE name = $3 AND (holder = $4 OR expires_at <= $5 OR expires_at > $6)",
            self.table
        );
        let renewed = on_backend!(conn, |c| diesel::sql_query(&renew)
            .bind::<Text, _>(holder)
            .bind::<Timestamp, _>(until)
            .bind::<Text, _>(self.name)
            .bind::<Text, _>(holder)
            .bind::<Timestamp, _>(now.naive_utc())
            .bind::<Timestamp, _>(beyond)
            .execute(c))?;
        if renewed == 1 {
            return Ok(true);
        }
        let first = format!(
            "INSERT INTO {} (name, holder, expires_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            self.table
        );
        let taken = on_backend!(conn, |c| diesel::sql_query(&first)
            .bind::<Text, _>(self.name)
            .bind::<Text, _>(holder)
            .bind::<Timestamp, _>(until)
            .execute(c))?;
        Ok(taken == 1)
    }

    /// Lets others have it at once, if the holder has it.
    ///
    /// # Errors
    /// The database's.
    pub fn release(self, conn: &mut DbConn, holder: &str) -> Result<(), StoreError> {
        let query = format!("UPDATE {} SET expires_at = $1 WHERE name = $2 AND holder = $3", self.table);
        on_backend!(conn, |c| diesel::sql_query(&query)
            .bind::<Timestamp, _>(DateTime::UNIX_EPOCH.naive_utc()) // over by everybody's clock
            .bind::<Text, _>(self.name)
            .bind::<Text, _>(holder)
            .execute(c))?;
        Ok(())
    }
}
