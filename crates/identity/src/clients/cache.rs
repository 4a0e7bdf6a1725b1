//! Clients that have just proved themselves, so that issuing a token needs no query.
//!
//! Only a success is answered from here: whatever fails is looked up again, so that a secret rotated on another replica
//! counts at once, and a wrong secret costs the same queries as an unknown client. What may be late is a refusal, by
//! [`FRESH`] on the other replicas; the revocation feed refuses such a token within the same second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Client, ClientId};
use crate::client_secrets::StoredSecret;

/// How long an entry counts.
const FRESH: Duration = Duration::from_secs(1);
/// How many clients are remembered.
const CAPACITY: usize = 4096;
/// How many imported hashes are checked at the same time. The pool that computes them is there for people's passwords,
/// and a client id, which is all it takes to have one computed, is no secret.
const TURNS: usize = 2;

/// A client with its secrets, as they were when it was looked up.
pub(super) struct Known {
    pub(super) client: Arc<Client>,
    pub(super) secrets: Vec<StoredSecret>,
}

struct Entry {
    known: Arc<Known>,
    changes: u64,
    loaded: Duration,
}

/// Remembers clients until any client changes in this process, and for a second at most.
pub(crate) struct ClientCache {
    entries: Cache<ClientId, Arc<Entry>>,
    changes: AtomicU64,
    turns: Semaphore,
}

impl ClientCache {
    pub(crate) fn new() -> Self {
        let turns = Semaphore::new(TURNS);
        Self { entries: Cache::new(CAPACITY), changes: AtomicU64::new(0), turns }
    }

    /// A turn at checking an imported hash, first come first served. Nobody closes the semaphore.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// To be called after a commit that changed a client: no entry loaded before counts any more.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts changes. What is loaded after asking belongs to this count, even if a change comes in between.
    pub(super) fn count(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub(super) fn get(&self, id: &ClientId, uptime: Duration) -> Option<Arc<Known>> {
        let entry = self.entries.get(id)?;
        let fresh = uptime.saturating_sub(entry.loaded) < FRESH;
        (fresh && entry.changes == self.count()).then(|| entry.known.clone())
    }

    pub(super) fn put(&self, id: &ClientId, known: Arc<Known>, changes: u64, loaded: Duration) {
        self.entries.insert(id.clone(), Arc::new(Entry { known, changes, loaded }));
    }
}
