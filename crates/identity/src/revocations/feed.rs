//! Waiting for the feed, without a task of its own.
//!
//! Of all that wait in a process one looks into the database, every 250 ms and whenever this process has written;
//! it wakes the others. When it leaves, by an answer, its deadline or because its caller went away, the next takes
//! its place. While nobody waits, nobody looks.

use std::sync::Arc;
use std::time::Duration;

use auth_claims::claims::AccessClaims;
use auth_claims::revocations::{RevocationPage, RevocationReason};
use chrono::{DateTime, Utc};
use store::{Db, DbConn, StoreCause, StoreError};
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::known::Known;
use super::rows;
use crate::Identity;
use crate::accounts::AccountId;
use crate::errors::IdentityError;

/// How often the database is asked for what other processes wrote.
const POLL: Duration = Duration::from_millis(250);

/// What all who revoke in one process share with all who wait for revocations there. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Feed(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The last number somebody saw in the database.
    seen: watch::Sender<i64>,
    /// This process has committed an entry.
    written: Notify,
    /// Held by the one that looks.
    lookout: Mutex<()>,
    known: Known,
}

impl Feed {
    /// Says that this process may have committed an entry. Once too often does no harm.
    pub(crate) fn announce(&self) {
        self.0.known.change();
        self.0.written.notify_one();
    }

    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }

    /// A write transaction that revokes or lifts, in the directory's database: when this returns, everybody in this process
    /// knows, and who waits for the feed learns of it at once.
    ///
    /// # Errors
    /// Those of `work` and of the database.
    pub async fn write<T, E, F>(&self, db: &Db, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        let outcome = db.write(work).await;
        // After a failure too: whether a commit whose connection broke has happened is not known.
        self.announce();
        outcome
    }

    /// Waits until the feed may have moved past `after`.
    async fn moved(&self, db: &Db, after: i64, seen: &mut watch::Receiver<i64>) -> Result<(), StoreError> {
        tokio::select! {
            // The sender is a part of `self`, so the channel is open.
            _ = seen.changed() => Ok(()),
            _lookout = self.0.lookout.lock() => self.look_out(db, after).await,
        }
    }

    async fn look_out(&self, db: &Db, after: i64) -> Result<(), StoreError> {
        loop {
            let last = db.read(rows::last_seq).await?;
            self.0.seen.send_if_modified(|seen| std::mem::replace(seen, last) != last);
            if last != after {
                return Ok(());
            }
            tokio::select! {
                () = self.0.written.notified() => {}
                () = sleep(POLL) => {}
            }
        }
    }
}

impl Identity {
    /// The entries after `after`; waits up to `wait` while there are none. Dropping the future is safe at any time.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn wait_for_revocation(
        &self,
        after: i64,
        wait: Duration,
    ) -> Result<RevocationPage, IdentityError> {
        let (deadline, feed) = (Instant::now() + wait, &self.tokens().feed);
        let mut seen = feed.0.seen.subscribe();
        loop {
            let page = self.db().read(move |conn| super::list_after(conn, after)).await?;
            if page.next != after || !page.entries.is_empty() {
                return Ok(page);
            }
            match timeout_at(deadline, feed.moved(self.db(), after, &mut seen)).await {
                Ok(moved) => moved?,
                Err(_elapsed) => return Ok(page),
            }
        }
    }

    /// What revocations in this process go through, for a service beside this directory that revokes, too.
    #[must_use]
    pub fn revocation_feed(&self) -> Feed {
        self.tokens().feed.clone()
    }

    /// Why an access token is revoked, if it is, as of now: what the database says.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_revocation(
        &self,
        claims: &AccessClaims,
    ) -> Result<Option<RevocationReason>, IdentityError> {
        let claims = claims.clone();
        Ok(self.db().read(move |conn| super::find(conn, &claims)).await?)
    }

    /// Why everything is revoked that an account had at this instant, if it is, as of now.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_account_revocation(
        &self,
        account: AccountId,
        issued_at: DateTime<Utc>,
    ) -> Result<Option<RevocationReason>, IdentityError> {
        Ok(self.db().read(move |conn| super::find_of_account(conn, account, issued_at)).await?)
    }

    /// A write transaction that revokes or lifts: [`Feed::write`] in this directory.
    ///
    /// # Errors
    /// Those of `work` and of the database.
    pub async fn write_revoking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        self.tokens().feed.write(self.db(), work).await
    }
}
