//! Waiting for what takes effect a moment later, and measuring how long it took.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::{Answer, Stack};

/// contracts/oauth2.md §5: within about a second. Twice that on a machine that is busy with other tests.
pub(crate) const BOUND: Duration = Duration::from_secs(2);

/// How long anything without a bound of its own may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until the answer has this status, which it must have to whoever asks from [`BOUND`] after `since` on. What counts is
/// when it was asked: on a busy machine an answer may take its time, and so may the questions before it.
pub(crate) async fn settled<F: Future<Output = Answer>>(
    what: &str,
    since: Instant,
    status: u16,
    ask: impl Fn() -> F,
) -> Answer {
    loop {
        let lag = since.elapsed();
        let answer = ask().await;
        if answer.status == status {
            println!("{what}: {status} after {} ms", lag.as_millis());
            return answer;
        }
        assert!(lag <= BOUND, "{what}: asked after {lag:?}, and still {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Stack {
    /// Lists rooms with a token until the answer has this status, as [`settled`] does from now on.
    #[track_caller]
    pub(crate) fn settles(&self, token: &str, status: u16) -> impl Future<Output = Answer> {
        let caller = std::panic::Location::caller().to_string();
        async move { settled(&caller, Instant::now(), status, || self.call(token, Method::GET, "/rooms")).await }
    }

    /// Lists rooms with a token until the answer has this status; the answer, and how long that took.
    pub(crate) async fn lists_with(&self, token: &str, status: u16) -> (Answer, Duration) {
        let start = Instant::now();
        loop {
            let answer = self.call(token, Method::GET, "/rooms").await;
            if answer.status == status {
                return (answer, start.elapsed());
            }
            assert!(start.elapsed() < PATIENCE, "still {answer:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
