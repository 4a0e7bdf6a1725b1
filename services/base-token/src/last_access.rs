//! When API-Tokens were used last, kept in memory and written now and then. `contracts/seatable-tokens.md` §6.
//!
//! | instant | where it is | who sees it |
//! | --- | --- | --- |
//! | just noted | memory | lists of this process |
//! | after five seconds at most | the database | everybody |
//! | a write that failed | memory | lists of this process; it is tried again |
//!
//! An exchange writes nothing. A token costs one write in five seconds, however often it is exchanged, and the writes of
//! all tokens share transactions. An instant never goes back, whichever replica is the last to write. A process that is
//! killed loses five seconds at most; one that ends in order loses nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use store::{Db, StoreError};

use crate::store::api_tokens;

/// From the end of a write to the next.
const PAUSE: Duration = Duration::from_secs(5);

/// So many tokens are written in one transaction.
const BATCH: usize = 500;

/// What is not written yet.
#[derive(Debug)]
pub struct LastAccess {
    db: Db,
    seen: Mutex<HashMap<i64, DateTime<Utc>>>,
    /// One writes at a time.
    writing: tokio::sync::Mutex<()>,
}

impl LastAccess {
    /// Nothing was used yet.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, seen: Mutex::default(), writing: tokio::sync::Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<i64, DateTime<Utc>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a token was used.
    pub fn note(&self, token: i64, at: DateTime<Utc>) {
        let mut seen = self.seen();
        let known = seen.entry(token).or_insert(at);
        *known = at.max(*known);
    }

    /// When a token was used last, of which this is written.
    #[must_use]
    pub fn latest(&self, token: i64, written: DateTime<Utc>) -> DateTime<Utc> {
        self.seen().get(&token).map_or(written, |seen| written.max(*seen))
    }

    /// Writes everything that was noted; how many tokens that were. What is noted meanwhile stays for the next time.
    ///
    /// # Errors
    /// The database's. What was not written is kept.
    pub async fn flush(&self) -> Result<usize, StoreError> {
        let _turn = self.writing.lock().await;
        // In the order of their numbers, so that two replicas do not wait for each other.
        let mut noted: Vec<(i64, DateTime<Utc>)> = self.seen().iter().map(|(id, at)| (*id, *at)).collect();
        noted.sort_unstable();
        for batch in noted.chunks(BATCH) {
            let rows = batch.to_vec();
            self.db
                .write(move |conn| {
                    rows.iter().try_for_each(|(id, at)| api_tokens::note_access(conn, *id, *at))
                })
                .await?;
            // Lists look here as long as it is not in the database.
            let mut seen = self.seen();
            for (id, at) in batch {
                if seen.get(id) == Some(at) {
                    seen.remove(id);
                }
            }
        }
        Ok(noted.len())
    }
}

/// Writes every few seconds, until it is aborted.
pub(crate) async fn write_now_and_then(last_access: Arc<LastAccess>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if let Err(error) = last_access.flush().await {
            tracing::warn!(%error, "when API-Tokens were used last is written later: {error}");
        }
    }
}
