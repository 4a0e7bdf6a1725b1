//! Callers who make one thing after another until the power goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::Value;
use tokio::task::JoinHandle;

/// Callers at work, and what they were told is made.
pub(crate) struct Makers<T> {
    callers: Vec<JoinHandle<Vec<T>>>,
    acknowledged: Arc<AtomicUsize>,
}

impl<T: Send + 'static> Makers<T> {
    /// So many callers begin. Each `make` gets the request and a number of its own; nothing from it is the end, since the
    /// service is gone.
    pub(crate) fn start<F>(
        callers: usize,
        request: &RequestBuilder,
        make: impl Fn(RequestBuilder, usize) -> F + Clone + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let (asked, acknowledged) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let callers = (0..callers).map(|_| {
            let (request, make) = (request.try_clone().expect("a body in memory"), make.clone());
            let (asked, acknowledged) = (Arc::clone(&asked), Arc::clone(&acknowledged));
            let next =
                move || make(request.try_clone().expect("the same"), asked.fetch_add(1, Ordering::AcqRel));
            tokio::spawn(async move {
                let mut things = Vec::new();
                while let Some(thing) = next().await {
                    things.push(thing);
                    acknowledged.fetch_add(1, Ordering::AcqRel);
                }
                things
            })
        });
        Self { callers: callers.collect(), acknowledged }
    }

    /// Waits until so many are acknowledged.
    pub(crate) async fn reach(&self, count: usize) {
        while self.acknowledged.load(Ordering::Acquire) < count {
            assert!(!self.callers.iter().all(JoinHandle::is_finished), "the power is on, and nobody goes on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// What was acknowledged until the power went.
    pub(crate) async fn made(self) -> Vec<T> {
        let mut made = Vec::new();
        for caller in self.callers {
            made.extend(caller.await.expect("a caller who was refused nothing"));
        }
        made
    }
}

/// The body of the answer, which must have this status; nothing when the service is gone.
pub(crate) async fn acknowledged(request: RequestBuilder, status: u16) -> Option<Value> {
    let response = request.send().await.ok()?;
    let answered = response.status();
    // The status alone is an acknowledgement, but without the body nobody knows of what.
    let body = response.text().await.ok()?;
    assert_eq!(answered, status, "{body}");
    Some(serde_json::from_str(&body).expect("JSON"))
}
