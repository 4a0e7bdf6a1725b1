//! Who waits to be seen to.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::revocations::{RevocationEntry, RevocationKind, RevocationReason};

/// Deleted accounts, each once, however often the feed tells of it: as many at most as the feed holds.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    accounts: Mutex<BTreeSet<Box<str>>>,
    news: Notify,
}

impl Waiting {
    fn accounts(&self) -> MutexGuard<'_, BTreeSet<Box<str>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, account: &str) {
        self.accounts().insert(account.into());
        self.news.notify_one();
    }

    /// Waits until there is somebody; takes so many at most. For one task at a time. Dropping the future loses nobody.
    pub(super) async fn take(&self, most: usize) -> Vec<String> {
        loop {
            let taken = self.take_now(most);
            if !taken.is_empty() {
                return taken;
            }
            self.news.notified().await;
        }
    }

    fn take_now(&self, most: usize) -> Vec<String> {
        let mut accounts = self.accounts();
        std::iter::from_fn(|| accounts.pop_first()).take(most).map(String::from).collect()
    }
}

/// The tasks that see to leavers, as the index of revocations knows them.
#[derive(Debug, Default)]
pub(crate) struct Watched(Mutex<Vec<Weak<Waiting>>>);

impl Watched {
    fn all(&self) -> MutexGuard<'_, Vec<Weak<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all tasks, if the entry is about an account that is gone.
    pub(crate) fn hear(&self, entry: &RevocationEntry) {
        let gone = entry.kind == RevocationKind::Sub && entry.reason == RevocationReason::AccountDeleted;
        if !gone {
            return;
        }
        self.all().retain(|task| {
            let Some(task) = task.upgrade() else { return false };
            if entry.lifted {
                task.accounts().remove(entry.value.as_str());
            } else {
                task.add(&entry.value);
            }
            true
        });
    }

    /// A further task, which hears from now on.
    pub(super) fn join(&self) -> Arc<Waiting> {
        let task = Arc::new(Waiting::default());
        self.all().push(Arc::downgrade(&task));
        task
    }
}

impl crate::revocations::RevocationIndex {
    /// Who waits already, and whoever the feed tells of from now on.
    pub(super) fn watch_leavers(&self) -> Arc<Waiting> {
        // In this order: who is told of meanwhile waits once, and nobody is missed.
        let waiting = self.leavers().join();
        for account in self.deleted_accounts() {
            waiting.add(&account);
        }
        waiting
    }
}
