//! How many attempts at one thing are under way at once.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::sync::Cache;
use tokio::sync::Notify;

use crate::Key;

/// Attempts that are under way, by key. Whoever counts failures elsewhere holds a place while an attempt is looked at, so
/// that of any number at once no more are under way than may still fail.
#[derive(Debug)]
pub struct Places(Cache<Key, Arc<Row>>);

#[derive(Debug, Default)]
struct Row {
    taken: Mutex<u64>,
    freed: Notify,
}

impl Row {
    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_take(&self, most: u64) -> bool {
        let mut taken = self.taken();
        let is_free = *taken < most.max(1);
        *taken += u64::from(is_free);
        is_free
    }
}

/// One attempt that is under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Place {
    row: Arc<Row>,
    waited: bool,
}

impl Place {
    /// Whether others had to end before it: what was known of their outcomes is out of date.
    #[must_use]
    pub const fn has_waited(&self) -> bool {
        self.waited
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.row.taken() -= 1;
        self.row.freed.notify_one();
    }
}

impl Places {
    /// Remembers about `capacity` keys. A key that is pushed out begins anew.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity.max(1)))
    }

    /// A place among at most `most`, of which there is one at least. Waits for one.
    pub async fn take(&self, key: Key, most: u64) -> Place {
        let Ok(row) = self.0.get_or_insert_with(&key, || Ok::<_, Infallible>(Arc::default()));
        let mut waited = false;
        loop {
            // Before the look: a place that is freed in between is noticed.
            let freed = row.freed.notified();
            if row.try_take(most) {
                break;
            }
            waited = true;
            freed.await;
        }
        Place { row, waited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_goes_on_one_after_another() {
        let (places, key) = (Places::new(10), Key::of(&[b"a"]));
        let first = places.take(key, 2).await;
        let second = places.take(key, 2).await;
        assert!(!first.has_waited() && !second.has_waited());
        let (mut third, mut fourth) = (Box::pin(places.take(key, 2)), Box::pin(places.take(key, 2)));
        assert!(futures_util::poll!(&mut third).is_pending());
        assert!(futures_util::poll!(&mut fourth).is_pending());
        drop(first);
        let third = third.await;
        assert!(third.has_waited());
        assert!(futures_util::poll!(&mut fourth).is_pending(), "one place is one");
        drop((second, third));
        fourth.await;
    }

    /// Somebody who goes away while waiting takes nobody's turn along.
    #[tokio::test]
    async fn who_gives_up_blocks_nobody() {
        let (places, key) = (Places::new(10), Key::of(&[b"a"]));
        let first = places.take(key, 0).await;
        let (mut second, mut third) = (Box::pin(places.take(key, 1)), Box::pin(places.take(key, 1)));
        assert!(futures_util::poll!(&mut second).is_pending());
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(first);
        drop(second);
        assert!(third.await.has_waited());
    }

    #[tokio::test]
    async fn keys_are_apart() {
        let places = Places::new(10);
        let _first = places.take(Key::of(&[b"a"]), 1).await;
        assert!(!places.take(Key::of(&[b"b"]), 1).await.has_waited());
    }
}
