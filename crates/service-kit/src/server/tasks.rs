//! Work beside the requests.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use tokio::{sync::watch, task::JoinHandle};

/// How long tasks may take to end once they were asked to, and each piece of shutdown work to be done.
pub(super) const END_LIMIT: Duration = Duration::from_secs(10);

/// A task that does not run yet.
pub(super) struct Task {
    name: &'static str,
    work: BoxFuture<'static, ()>,
}

impl Task {
    /// A task, and the check that tells whether it still runs.
    pub(super) fn new(
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> (Self, impl Fn() -> std::future::Ready<Result<(), &'static str>> + Send + Sync + 'static) {
        let (ended, state) = watch::channel(None);
        let work = async move {
            let panicked = AssertUnwindSafe(work).catch_unwind().await.is_err();
            ended.send_replace(Some(if panicked { "it panicked" } else { "it has ended" }));
        };
        let check = move || std::future::ready(state.borrow().map_or(Ok(()), Err));
        (Self { name, work: work.boxed() }, check)
    }

    pub(super) fn spawn(self) -> Running {
        Running { name: self.name, handle: tokio::spawn(self.work) }
    }
}

/// A task that runs.
pub(super) struct Running {
    name: &'static str,
    handle: JoinHandle<()>,
}

/// Waits for tasks that were asked to end, and aborts those that do not.
pub(super) async fn join(tasks: Vec<Running>) {
    join_all(tasks.into_iter().map(async |mut task| {
        if tokio::time::timeout(END_LIMIT, &mut task.handle).await.is_err() {
            tracing::warn!("task {} does not end and is aborted", task.name);
            task.handle.abort();
        }
    }))
    .await;
}

/// Does the shutdown work, one piece after the other.
pub(super) async fn finish(hooks: Vec<BoxFuture<'static, ()>>) {
    for (index, hook) in hooks.into_iter().enumerate() {
        match tokio::time::timeout(END_LIMIT, AssertUnwindSafe(hook).catch_unwind()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!("shutdown work {index} panicked"),
            Err(_) => tracing::error!("shutdown work {index} is not done after {END_LIMIT:?}"),
        }
    }
}
