//! The threads that compute hashes: of their own, below everything else, and there only while there is work.
//!
//! A hash takes the core for as long as a thousand other requests together need it. On the blocking pool it would be one
//! thread among equals: on a single core every request would wait for the hash to use up its slice.

use std::{cell::RefCell, io, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

use super::memory::Memory;

/// How long a thread without work keeps its memory, and itself. One hash after the other finds both there.
const LINGERS: Duration = Duration::from_secs(1);

/// By how much the threads are nicer than the rest of the process. What wakes up then takes the core at once, and a core that
/// others keep busy leaves a tenth of itself to hashes: a flood of cheap requests does not end signing in.
const NICER: i32 = 10;

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// Threads that compute, a bounded number of them.
// A runtime whose blocking threads alone are used: it starts, keeps and ends them as is needed here.
#[derive(Debug)]
pub(super) struct Threads(Option<Runtime>);

impl Threads {
    /// No thread yet, and never more than this many.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(super) fn new(most: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(most)
            .thread_keep_alive(LINGERS)
            .thread_name("password-hash")
            .on_thread_start(step_back)
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Does this on the next free thread, with memory that is wiped afterwards. Nothing, while the program stops.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        let runtime = self.0.as_ref()?;
        Some(runtime.spawn_blocking(|| MEMORY.with_borrow_mut(work)))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // What is computed comes to its end by itself; whoever drops this may be a task, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Linux has a niceness for each thread.
fn step_back() {
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::debug!(%error, "hashes are computed at the priority of everything else");
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_a_thread_of_its_own_that_steps_back() {
        let threads = Threads::new(1).unwrap();
        let work = |_: &mut Memory| (thread::current().name().map(str::to_owned), getpriority_process(None));
        let (name, niceness) = threads.run(work).unwrap().await.unwrap();
        assert_eq!(name.as_deref(), Some("password-hash"));
        let own = getpriority_process(None).unwrap();
        assert_eq!(niceness, Ok((own + NICER).min(19)));
    }

    #[tokio::test]
    async fn work_that_panics_leaves_the_thread_to_the_next() {
        let threads = Threads::new(1).unwrap();
        let panics = threads.run(|_| panic!("as it should")).unwrap();
        assert!(panics.await.is_err());
        assert_eq!(threads.run(|memory| memory.lend(8, |blocks| blocks.len())).unwrap().await.unwrap(), 8);
    }
}
