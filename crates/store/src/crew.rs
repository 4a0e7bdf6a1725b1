//! A queue, and the threads that serve it: first come first served, and whoever has done one thing takes the next along, so
//! that under load nobody has to be woken for it.
//!
//! The threads belong to the queue and to no runtime. Each worker of a server has a runtime of its own with few threads for
//! what blocks; served by those, a queue that is never empty would keep them from everything else, and what one runtime has
//! begun would end with it.

use std::{
    collections::VecDeque,
    fmt, mem,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// A thread ends when it had nothing to do for this long.
const IDLE: Duration = Duration::from_secs(10);

/// The queue. Its threads end with it.
pub(crate) struct Crew<T: Send + 'static> {
    line: Arc<Line<T>>,
}

struct Line<T> {
    name: &'static str,
    /// So many are at work at most.
    size: usize,
    /// So many a thread takes along at most.
    most: usize,
    serve: Box<dyn Fn(Vec<T>) + Send + Sync>,
    state: Mutex<State<T>>,
    /// Somebody has joined, or left a place, or nobody will come any more.
    news: Condvar,
}

struct State<T> {
    waiting: VecDeque<(u64, T)>,
    /// The number of the next who joins.
    next: u64,
    threads: usize,
    /// How many of the threads wait for somebody, or for a place.
    idle: usize,
    /// Threads that serve somebody, and places that were taken without one.
    at_work: usize,
    closed: bool,
}

/// The machine has no thread left, and no other one would come.
#[derive(Debug)]
pub(crate) struct NoThread;

impl<T: Send + 'static> Crew<T> {
    /// Threads are begun when they are needed. What panics in `serve` ends there.
    pub(crate) fn new(
        name: &'static str,
        size: usize,
        most: usize,
        serve: impl Fn(Vec<T>) + Send + Sync + 'static,
    ) -> Self {
        let state =
            State { waiting: VecDeque::new(), next: 0, threads: 0, idle: 0, at_work: 0, closed: false };
        let (state, news) = (Mutex::new(state), Condvar::new());
        Self { line: Arc::new(Line { name, size, most, serve: Box::new(serve), state, news }) }
    }

    /// Queues somebody, under the number that is returned.
    pub(crate) fn join(&self, who: T) -> Result<u64, NoThread> {
        let mut state = self.line.lock();
        let number = state.next;
        state.next += 1;
        state.waiting.push_back((number, who));
        if state.waiting.len() <= state.idle {
            drop(state);
            self.line.news.notify_one();
        } else if state.threads < self.line.size {
            state.threads += 1;
            drop(state);
            let line = Arc::clone(&self.line);
            let begun = thread::Builder::new().name(format!("db-{}", line.name)).spawn(move || line.work());
            if begun.is_err() {
                return self.go_without(number);
            }
        }
        Ok(number)
    }

    /// Where no thread could be begun. With others it is only late; without any, nobody waits for nothing.
    fn go_without(&self, number: u64) -> Result<u64, NoThread> {
        let mut state = self.line.lock();
        state.threads -= 1;
        let released = if state.threads == 0 { mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        if released.iter().any(|(other, _)| *other == number) { Err(NoThread) } else { Ok(number) }
    }

    /// Takes a place among those at work, for work on the caller's own thread; `None` when all are taken, or somebody waits for
    /// one.
    pub(crate) fn take_place(&self) -> Option<Place<'_, T>> {
        let mut state = self.line.lock();
        let free = state.waiting.is_empty() && state.at_work < self.line.size;
        free.then(|| {
            state.at_work += 1;
            Place { line: &self.line }
        })
    }

    /// Whether nobody had taken them along: they wait no longer.
    pub(crate) fn withdraw(&self, number: u64) -> bool {
        let gone = self.line.lock().withdraw(number);
        gone.is_some()
    }
}

impl<T: Send + 'static> Drop for Crew<T> {
    fn drop(&mut self) {
        self.line.lock().closed = true;
        self.line.news.notify_all();
    }
}

/// A place that is taken until this is dropped.
pub(crate) struct Place<'a, T> {
    line: &'a Line<T>,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        state.at_work -= 1;
        let awaited = !state.waiting.is_empty();
        drop(state);
        if awaited {
            self.line.news.notify_one();
        }
    }
}

impl<T> Line<T> {
    fn work(&self) {
        while let Some(some) = self.next() {
            let served = panic::catch_unwind(AssertUnwindSafe(|| (self.serve)(some)));
            self.lock().at_work -= 1;
            // Those it was done for hear nothing, which tells them. What was thrown could do so once more when it is dropped.
            if let Err(thrown) = served {
                mem::forget(thrown);
            }
        }
    }

    /// Whom to serve next; `None` when the thread ends.
    fn next(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        loop {
            let taken = state.waiting.len().min(self.most);
            if taken > 0 && state.at_work < self.size {
                state.at_work += 1;
                return Some(state.waiting.drain(..taken).map(|(_, who)| who).collect());
            }
            let mut over = state.closed;
            if !over || taken > 0 {
                state.idle += 1;
                let waited = self.news.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
                state = waited.0;
                state.idle -= 1;
                over = waited.1.timed_out();
            }
            if over && state.waiting.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// Takes out who joined under this number. Numbers ascend.
    fn withdraw(&mut self, number: u64) -> Option<T> {
        let place = self.waiting.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.waiting.remove(place).map(|(_, who)| who)
    }
}

impl<T: Send + 'static> fmt::Debug for Crew<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.line.lock();
        f.debug_struct("Crew")
            .field("name", &self.line.name)
            .field("waiting", &state.waiting.len())
            .field("threads", &state.threads)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// A crew that sends on whom it serves.
    fn crew(size: usize, most: usize) -> (Crew<u32>, mpsc::Receiver<Vec<u32>>) {
        let (served, sees) = mpsc::channel();
        let serve = move |some: Vec<u32>| {
            let panics = some.contains(&13);
            served.send(some).unwrap();
            assert!(!panics, "on purpose");
        };
        (Crew::new("test", size, most, serve), sees)
    }

    #[test]
    fn everybody_is_served_even_by_a_crew_that_closes() {
        for size in [1, 4] {
            let (crew, sees) = crew(size, 1);
            for who in 0..100 {
                crew.join(who).unwrap();
            }
            drop(crew);
            // It ends with the last of the threads, which hold the sender.
            let mut served: Vec<u32> = sees.into_iter().flatten().collect();
            served.sort_unstable();
            assert!(served.into_iter().eq(0..100));
        }
    }

    #[test]
    fn those_who_wait_are_taken_along_together() {
        let (crew, sees) = crew(1, 3);
        let place = crew.take_place().unwrap();
        for who in 0..4 {
            crew.join(who).unwrap();
        }
        assert!(crew.take_place().is_none());
        assert!(sees.recv_timeout(Duration::from_millis(20)).is_err());
        drop(place);
        assert_eq!(sees.recv_timeout(SOON).unwrap(), [0, 1, 2]);
        assert_eq!(sees.recv_timeout(SOON).unwrap(), [3]);
    }

    #[test]
    fn who_withdraws_is_not_served() {
        let (crew, sees) = crew(1, 8);
        let place = crew.take_place();
        let numbers: Vec<u64> = (0..4).map(|who| crew.join(who).unwrap()).collect();
        assert!(crew.withdraw(numbers[1]) && !crew.withdraw(numbers[1]) && crew.withdraw(numbers[3]));
        drop(place);
        assert_eq!(sees.recv_timeout(SOON).unwrap(), [0, 2]);
        assert!(!crew.withdraw(numbers[0]));
    }

    #[test]
    fn a_panic_ends_no_thread() {
        let (crew, sees) = crew(1, 1);
        for who in [13, 1, 13, 2] {
            crew.join(who).unwrap();
            assert_eq!(sees.recv_timeout(SOON).unwrap(), [who]);
        }
        drop(crew);
        assert!(sees.recv().is_err());
    }
}
