//! Writes that wait for SQLite's one writer share its next commit: one flush to disk for all of them.
//!
//! | a write | what becomes of it |
//! | --- | --- |
//! | nobody else waits | it has a transaction of its own, at once |
//! | others wait too | each has a savepoint in one transaction, and is answered when that is committed |
//! | one of them fails | its savepoint is undone, the others stay |
//! | one of them panics, or the transaction fails | all of it is undone, and each of the others runs alone |
//! | nobody has begun with it in time | it leaves the queue |
//!
//! Each sees what those before it have written, as it would one after the other; nobody hears of anything that is not
//! on the disk.

mod member;

use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::oneshot, task, time};

use self::member::{Member, Write};
use crate::{
    DbConn, StoreCause, StoreError,
    lane::Lane,
    transaction::{self, Failure},
};

/// So many share a commit at most: the first of them waits for the last.
const TOGETHER: usize = 64;

/// The writer's connection, and the queue before it.
#[derive(Clone, Debug)]
pub(crate) struct SharedCommits {
    lane: Lane,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(u64, Box<dyn Member>)>,
    /// The number of the next write.
    next: u64,
    /// Somebody is at work, and looks here before they leave.
    served: bool,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("next", &self.next)
            .field("served", &self.served)
            .finish_non_exhaustive()
    }
}

impl SharedCommits {
    pub(crate) fn new(lane: Lane) -> Self {
        Self { lane, queue: Arc::default() }
    }

    /// The same queue, whose metrics say which database it is.
    pub(crate) fn named(self, database: &'static str) -> Self {
        Self { lane: self.lane.named(database), ..self }
    }

    /// Runs `work` in a transaction, and maybe again in another one.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let number = self.join(Box::new(Write::new(work, answer, self.lane.metrics())));
        let answer = match time::timeout(self.lane.patience(), &mut answered).await {
            Ok(answer) => answer,
            Err(_) if self.withdraw(number) => {
                self.lane.metrics().timed_out();
                return Err(StoreError::Unavailable("every connection is in use".to_owned()).into());
            }
            Err(_) => answered.await,
        };
        answer.unwrap_or_else(|_| Err(StoreError::stopping().into()))
    }

    /// Queues a write and sees to it that somebody is at work.
    fn join(&self, member: Box<dyn Member>) -> u64 {
        let mut queue = self.lock();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.push_back((number, member));
        if !mem::replace(&mut queue.served, true) {
            drop(queue);
            let turn = Turn { commits: self.clone(), over: false };
            // It finishes even if nobody waits for it any more.
            task::spawn_blocking(move || turn.serve());
        }
        number
    }

    /// Whether nobody had begun with it.
    fn withdraw(&self, number: u64) -> bool {
        let mut queue = self.lock();
        let place = queue.waiting.iter().position(|(other, _)| *other == number);
        place.is_some_and(|place| queue.waiting.remove(place).is_some())
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody at work. Dropped before the queue is empty, with a runtime that ends, it releases those who wait.
struct Turn {
    commits: SharedCommits,
    over: bool,
}

impl Turn {
    fn serve(mut self) {
        while let Some(batch) = self.next() {
            self.run(batch);
        }
    }

    /// The next who share a commit; with nobody left the turn is over.
    fn next(&mut self) -> Option<Vec<Box<dyn Member>>> {
        let mut queue = self.commits.lock();
        let taken = queue.waiting.len().min(TOGETHER);
        self.over = taken == 0;
        queue.served = !self.over;
        (!self.over).then(|| queue.waiting.drain(..taken).map(|(_, member)| member).collect())
    }

    fn run(&self, mut batch: Vec<Box<dyn Member>>) {
        for member in &mut batch {
            member.begin();
        }
        let shared = if batch.len() > 1 { self.together(&mut batch) } else { Shared::Undone };
        for mut member in batch {
            match &shared {
                Shared::Committed => {}
                Shared::Undone => self.alone(&mut *member),
                Shared::Refused(reason) => member.refuse(StoreError::Unavailable(reason.clone())),
            }
            member.answer();
        }
    }

    fn together(&self, batch: &mut [Box<dyn Member>]) -> Shared {
        let shared = self.commits.lane.hold(self.commits.lane.patience(), |conn| {
            let outcome = transaction::run(conn, |conn| batch.iter_mut().try_for_each(|one| one.join(conn)));
            // After a panic nobody knows what state the connection is in.
            let dead = outcome.is_err();
            (outcome, dead)
        });
        match shared {
            Ok((Ok(()), _)) => Shared::Committed,
            Ok((Err(Failure::Inside(_)), _)) => Shared::Undone,
            // No use in everybody's waiting for it once more.
            Ok((Err(Failure::Begin(error)), _)) | Err(error) => Shared::Refused(error.to_string()),
        }
    }

    /// A connection that turns out to be dead before anything has happened on it is replaced, once.
    fn alone(&self, member: &mut dyn Member) {
        for _ in 0..2 {
            match self.commits.lane.hold(self.commits.lane.patience(), |conn| member.alone(conn)) {
                Ok((true, _)) => {}
                Ok((false, _)) => return,
                Err(error) => return member.refuse(error),
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            let mut queue = self.commits.lock();
            queue.served = false;
            let released = mem::take(&mut queue.waiting);
            drop(queue);
            drop(released);
        }
    }
}

/// What has become of a transaction that several share.
enum Shared {
    Committed,
    Undone,
    Refused(String),
}
