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

use std::sync::Arc;

use tokio::{sync::oneshot, time};

use self::member::{Member, Write};
use crate::{
    DbConn, StoreCause, StoreError,
    crew::{Crew, NoThread},
    lane::{self, Lane},
    transaction::{self, Failure},
};

/// So many share a commit at most: the first of them waits for the last.
const TOGETHER: usize = 64;

/// The writer's connection, and the queue before it.
#[derive(Clone, Debug)]
pub(crate) struct SharedCommits {
    lane: Lane,
    crew: Arc<Crew<Entry>>,
}

impl SharedCommits {
    pub(crate) fn new(lane: Lane) -> Self {
        Self { lane, crew: Arc::new(Crew::new("writer", 1, TOGETHER, run)) }
    }

    /// The same for a database whose metrics carry this name.
    pub(crate) fn named(self, database: &'static str) -> Self {
        Self::new(self.lane.named(database))
    }

    /// Runs `work` in a transaction, and maybe again in another one.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + StoreCause + Send + 'static,
        F: FnMut(&mut DbConn) -> Result<T, E> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let write = Box::new(Write::new(work, answer, self.lane.metrics()));
        let number = self
            .crew
            .join(Entry { lane: self.lane.clone(), member: write })
            .map_err(|NoThread| lane::no_thread())?;
        let answer = match time::timeout(self.lane.patience(), &mut answered).await {
            Ok(answer) => answer,
            Err(_) if self.crew.withdraw(number) => {
                self.lane.metrics().timed_out();
                return Err(StoreError::Unavailable("every connection is in use".to_owned()).into());
            }
            Err(_) => answered.await,
        };
        answer.unwrap_or_else(|_| Err(StoreError::stopping().into()))
    }
}

/// A write in the queue. It brings the lane along: were it the threads', they would keep the database open.
struct Entry {
    lane: Lane,
    member: Box<dyn Member>,
}

/// Runs those who share a commit.
fn run(entries: Vec<Entry>) {
    let (lanes, mut batch): (Vec<Lane>, Vec<_>) =
        entries.into_iter().map(|Entry { lane, member }| (lane, member)).unzip();
    if let Some(lane) = lanes.first() {
        Turn { lane }.run(&mut batch);
    }
    // Whoever hears the answer may be done with the database, and close it.
    drop(lanes);
    for member in batch {
        member.answer();
    }
}

/// The writer's connection, for those who share a commit.
struct Turn<'a> {
    lane: &'a Lane,
}

impl Turn<'_> {
    fn run(&self, batch: &mut [Box<dyn Member>]) {
        for member in &mut *batch {
            member.begin();
        }
        let shared = if batch.len() > 1 { self.together(batch) } else { Shared::Undone };
        for member in batch {
            match &shared {
                Shared::Committed => {}
                Shared::Undone => self.alone(&mut **member),
                Shared::Refused(reason) => member.refuse(StoreError::Unavailable(reason.clone())),
            }
        }
    }

    fn together(&self, batch: &mut [Box<dyn Member>]) -> Shared {
        let shared = self.lane.hold(self.lane.patience(), |conn| {
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
            match self.lane.hold(self.lane.patience(), |conn| member.alone(conn)) {
                Ok((true, _)) => {}
                Ok((false, _)) => return,
                Err(error) => return member.refuse(error),
            }
        }
    }
}

/// What has become of a transaction that several share.
enum Shared {
    Committed,
    Undone,
    Refused(String),
}
