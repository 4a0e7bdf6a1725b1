//! What this process knows to be revoked, so that a look at a token needs no query.
//!
//! | committed | counts |
//! | --- | --- |
//! | by this process | before whoever did it hears so: from then on nothing counts as known, until the feed was read again |
//! | by another one | once it was read: after a quarter of a second, and [`LONGEST_SILENCE`] at most |
//! | before the feed was first read to its end, or while it cannot be read | nothing counts as known |
//!
//! Where nothing counts as known the database has to be asked. What is known is never older than [`LONGEST_SILENCE`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use auth_claims::claims::AccessClaims;
use auth_claims::clock::Clock;
use auth_claims::revocations::{RevocationIndex, RevocationReason};
use store::{Db, StoreError};
use tokio::sync::{Mutex, Notify};
use tokio::time::sleep;

use super::{PAGE, list_news};
use crate::Identity;

/// How often the feed is read for what other processes wrote.
const POLL: Duration = Duration::from_millis(250);

/// As long as what was read counts: less than the two seconds within which every replica refuses what one has revoked.
const LONGEST_SILENCE: Duration = Duration::from_millis(1500);

/// How often outdated revocations are dropped from memory.
const PRUNE: Duration = Duration::from_mins(1);

/// The feed as it was last read. Nobody reads it before [`Identity::follow_revocations`] runs.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Counts what this process has committed, or may have.
    changes: AtomicU64,
    changed: Notify,
    state: RwLock<State>,
    /// The end of what was read. Held by whoever reads on.
    position: Mutex<i64>,
}

#[derive(Debug, Default)]
struct State {
    index: RevocationIndex,
    read: Option<Read>,
}

/// A read to the end of the feed.
#[derive(Debug, Clone, Copy)]
struct Read {
    /// `changes` before it began: whatever was committed by then is in the index.
    changes: u64,
    /// The clock's uptime then.
    began: Duration,
}

/// Nothing counts as known: the feed was not read to its end since the last change here, or for too long.
struct Stale;

impl Known {
    /// To be called after every commit that may have revoked something, before it is answered.
    pub(super) fn change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.changed.notify_one();
    }

    /// Why these claims are revoked, if they are.
    fn find(&self, claims: &AccessClaims, uptime: Duration) -> Result<Option<RevocationReason>, Stale> {
        let changes = self.changes.load(Ordering::Acquire);
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let read = state.read.ok_or(Stale)?;
        let counts = read.changes == changes && uptime.saturating_sub(read.began) <= LONGEST_SILENCE;
        if counts { Ok(state.index.find(claims)) } else { Err(Stale) }
    }

    /// Reads the feed to its end.
    async fn read_on(&self, db: &Db, clock: &Clock) -> Result<(), StoreError> {
        let mut position = self.position.lock().await;
        let read = Read { changes: self.changes.load(Ordering::Acquire), began: clock.uptime() };
        loop {
            let after = *position;
            let page = db.read(move |conn| list_news(conn, after)).await?;
            if page.next < after {
                // An older database stands behind it: what was known is another one's.
                tracing::warn!(expected = after, got = page.next, "the revocations start over");
                *self.state() = State::default();
                *position = 0;
                continue;
            }
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            for entry in &page.entries {
                state.index.apply(entry);
            }
            drop(state);
            *position = page.next;
            if page.entries.len() < PAGE as usize {
                break;
            }
        }
        self.state().read = Some(read);
        Ok(())
    }

    fn prune(&self, now: i64) {
        self.state.read().unwrap_or_else(PoisonError::into_inner).index.prune(now);
    }

    fn state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Identity {
    /// Why an access token is revoked, if it is: at once for what this process has revoked, within two seconds for what
    /// others have. Asks nothing but the memory where [`Identity::follow_revocations`] runs.
    ///
    /// Not for whoever gives something that outlives those seconds: that asks [`Identity::find_revocation`].
    ///
    /// # Errors
    /// [`IdentityError`](crate::IdentityError) when nothing counts as known and the database is away.
    pub async fn known_revocation(
        &self,
        claims: &AccessClaims,
    ) -> Result<Option<RevocationReason>, crate::IdentityError> {
        match self.tokens().feed.known().find(claims, self.clock().uptime()) {
            Ok(known) => Ok(known),
            Err(Stale) => self.find_revocation(claims).await,
        }
    }

    /// Follows the feed for [`Identity::known_revocation`], for ever. One task of a process is enough; it can be dropped
    /// at any time.
    pub async fn follow_revocations(&self) {
        let (known, mut pruned_at) = (self.tokens().feed.known(), self.clock().uptime());
        loop {
            match known.read_on(self.db(), self.clock()).await {
                Ok(()) => tokio::select! {
                    () = known.changed.notified() => {}
                    () = sleep(POLL) => {}
                },
                Err(error) => {
                    tracing::debug!(%error, "revocations are asked of the database: {error}");
                    sleep(POLL).await;
                }
            }
            let uptime = self.clock().uptime();
            if uptime.saturating_sub(pruned_at) >= PRUNE {
                pruned_at = uptime;
                known.prune(self.clock().unix());
            }
        }
    }
}
