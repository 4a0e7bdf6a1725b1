//! Waiting for the feed, without a task of its own.
//!
//! Of all that wait in a process one looks into the database, every 250 ms and whenever this process has written;
//! it wakes the others. When it leaves, by an answer, its deadline or because its caller went away, the next takes
//! its place. While nobody waits, nobody looks. What those who were woken read, they read once for all who wait at the
//! same place: in one process with the services, that is each of them, whenever somebody signs out.

use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use auth_claims::revocations::{RevocationIndex, RevocationPage};
use store::{Db, DbConn, StoreCause, StoreError};
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::known::Known;
use super::lease::TERM;
use super::rows;
use super::telling::{self, Told};
use crate::Identity;
use crate::errors::IdentityError;

/// How often the database is asked for what other processes wrote.
const POLL: Duration = Duration::from_millis(250);
/// How long one waits for a page that another one reads.
const SHARING: Duration = Duration::from_secs(1);

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
    /// The last page that was read for those who were woken, and after which number.
    page: Mutex<Option<(i64, RevocationPage)>>,
    known: Known,
    /// By what this process knows its own callers, when it hears of revocations from another one.
    informed: Option<Arc<RevocationIndex>>,
}

/// Waits until every process refuses what was revoked by now.
async fn settled() {
    sleep(TERM).await;
}

impl Feed {
    /// For a process that revokes, and follows the feed of another one. What it has done itself it knows when it says so, and
    /// not only when that has come back: whoever is enabled here is let in here at once.
    #[must_use]
    pub fn informing(index: Arc<RevocationIndex>) -> Self {
        Self(Arc::new(Shared { informed: Some(index), ..Shared::default() }))
    }

    /// Says that this process may have committed an entry. Once too often does no harm.
    pub(crate) fn announce(&self) {
        self.0.written.notify_one();
    }

    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }

    /// A write transaction that revokes or lifts, in the directory's database, so that who waits for the feed learns of it
    /// at once. When it has, or has found that it was done, this takes 25 ms more: until no process takes what it looked at before
    /// for the present.
    ///
    /// # Errors
    /// Those of `work` and of the database.
    pub async fn write<T, E, F>(&self, db: &Db, mut work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        let told = Arc::new(SyncMutex::new(Told::default()));
        let noted = Arc::clone(&told);
        let watched = move |conn: &mut DbConn| {
            let (outcome, tells) = telling::watching(|| work(conn));
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = tells;
            outcome
        };
        let outcome = db.write(watched).await;
        // After a failure too: whether a commit whose connection broke has happened is not known.
        self.known().lease.end();
        self.announce();
        let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
        if let (Some(index), true) = (&self.0.informed, outcome.is_ok()) {
            told.entries.iter().for_each(|entry| index.apply(entry));
        }
        if told.any {
            settled().await;
        }
        outcome
    }

    /// Waits until the feed may have moved past `after`.
    async fn moved(&self, db: &Db, after: i64, seen: &mut watch::Receiver<i64>) -> Result<(), StoreError> {
        tokio::select! {
            biased; // Whoever is woken does not look as well.
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

    /// The entries after `after`, for one who was woken because the feed has moved past it.
    async fn page(&self, db: &Db, after: i64) -> Result<RevocationPage, StoreError> {
        let read = || db.read(move |conn| super::list_after(conn, after));
        // While the database is away nobody waits for others to find out.
        let Ok(mut last) = timeout(SHARING, self.0.page.lock()).await else { return read().await };
        let seen = *self.0.seen.borrow();
        match &*last {
            Some((of, page)) if *of == after && page.next == seen => Ok(page.clone()),
            _ => {
                let page = read().await?;
                *last = Some((after, page.clone()));
                Ok(page)
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
        let has_moved = |page: &RevocationPage| page.next != after || !page.entries.is_empty();
        let mut seen = feed.0.seen.subscribe();
        // Whoever has read as far as somebody has seen just waits: the one that looks finds out about the rest.
        if wait.is_zero() || *seen.borrow_and_update() != after {
            let page = self.db().read(move |conn| super::list_after(conn, after)).await?;
            if has_moved(&page) {
                return Ok(page);
            }
        }
        loop {
            match timeout_at(deadline, feed.moved(self.db(), after, &mut seen)).await {
                Ok(moved) => moved?,
                // Whoever hears that there is nothing takes the feed for alive, so it is asked.
                Err(_elapsed) => {
                    return Ok(self.db().read(move |conn| super::list_after(conn, after)).await?);
                }
            }
            let page = feed.page(self.db(), after).await?;
            if has_moved(&page) {
                return Ok(page);
            }
        }
    }

    /// What revocations in this process go through, for a service beside this directory that revokes, too.
    #[must_use]
    pub fn revocation_feed(&self) -> Feed {
        self.tokens().feed.clone()
    }

    /// Waits until every auth server refuses what was found revoked just now: somebody else may have revoked it a moment ago,
    /// and not been told yet.
    pub async fn revocations_settled(&self) {
        settled().await;
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
