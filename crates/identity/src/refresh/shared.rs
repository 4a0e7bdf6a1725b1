//! Presentations that wait for SQLite's one writer, decided in one transaction: one flush to disk for all of them.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{Backend, Db, StoreError};
use tokio::sync::oneshot;

use super::Family;
use super::attempt::{Attempt, Decided, Holders};

/// Those who wait. All clones of one directory share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Somebody is on the way to the database for everyone who waits.
    called: bool,
}

#[derive(Debug)]
struct Waiting {
    attempt: Arc<Attempt>,
    answer: oneshot::Sender<Decided<(Family, Holders)>>,
}

impl Shared {
    /// Decides one attempt, on SQLite together with the others that are waiting.
    pub(super) async fn decide(&self, db: &Db, attempt: &Arc<Attempt>) -> Decided<(Family, Holders)> {
        if db.backend() == Backend::Sqlite {
            let (answer, answered) = oneshot::channel();
            if self.join(Waiting { attempt: Arc::clone(attempt), answer }) {
                // A task of its own: a request that is dropped does not take the others along.
                tokio::spawn(Errand { shared: self.clone(), begun: Arc::default() }.run(db.clone()));
            }
            if let Ok(decided) = answered.await {
                return decided;
            }
            // The transaction failed over somebody's row, or was lost with its runtime. If it was committed, this
            // attempt is a repetition.
        }
        let attempt = Arc::clone(attempt);
        db.write(move |conn| attempt.decide(conn)).await
    }

    /// Whether somebody has to be sent.
    fn join(&self, waiting: Waiting) -> bool {
        let mut queue = self.lock();
        queue.waiting.push(waiting);
        !mem::replace(&mut queue.called, true)
    }

    /// Takes all who wait; whoever comes later sends somebody else.
    fn leave(&self) -> Vec<Waiting> {
        let mut queue = self.lock();
        queue.called = false;
        mem::take(&mut queue.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One way to the database. Those who wait are released even when it ends early, with the runtime it runs on.
struct Errand {
    shared: Shared,
    begun: Arc<AtomicBool>,
}

impl Errand {
    async fn run(self, db: Db) {
        let (shared, begun, mut batch) = (self.shared.clone(), Arc::clone(&self.begun), Vec::new());
        let decided = db.write(move |conn| {
            begun.store(true, Ordering::Release);
            batch.append(&mut shared.leave());
            let decide = |waiting: &Waiting| waiting.attempt.decide(conn);
            let decisions = batch.iter().map(decide).collect::<Result<Vec<_>, StoreError>>()?;
            Ok::<_, StoreError>(batch.drain(..).zip(decisions).collect::<Vec<_>>())
        });
        match decided.await {
            Ok(decided) => {
                for (waiting, decision) in decided {
                    // Whoever asked may have gone.
                    let _ = waiting.answer.send(Ok(decision));
                }
            }
            // No use in everybody's trying again.
            Err(error) if error.is_unavailable() && !self.has_begun() => {
                for waiting in self.shared.leave() {
                    let _ = waiting.answer.send(Err(StoreError::Unavailable(error.to_string())));
                }
            }
            Err(_) => {}
        }
    }

    /// From then on those who wait have sent somebody else.
    fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if !self.has_begun() {
            drop(self.shared.leave());
        }
    }
}
