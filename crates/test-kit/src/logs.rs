//! Looks through what a test's process logs for the secrets that its tests send and get.
//!
//! Where services run within the test's process, everything they log at `debug` or above is kept while a [`LogWatch`]
//! lives, and everything that [`note`] and its sisters are told is a secret. The end of a watch looks for all of these
//! secrets in one pass over the text since its beginning, whichever of the two came first.

mod listener;
mod search;
mod secrets;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError},
    thread,
};

use reqwest::{RequestBuilder, header::HeaderMap};
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub use self::listener::Listener;
use self::{search::Search, secrets::Found};

/// More than this between the beginning and the end of a watch, in bytes, is not kept but a failure.
const MOST: usize = 128 * 1024 * 1024;

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything since the oldest watch that lives. Positions count from the beginning of the process.
#[derive(Default)]
struct State {
    /// Records, one after the other.
    records: VecDeque<Record>,
    secrets: VecDeque<Secret>,
    /// How many records and secrets nobody needs any more.
    gone: Position,
    bytes: usize,
    too_much: bool,
    watches: BTreeMap<u64, Position>,
    next: u64,
}

#[derive(Clone, Copy, Default)]
struct Position {
    records: usize,
    secrets: usize,
}

/// What was logged at once, and where in the source.
#[derive(Clone)]
struct Record {
    file: &'static str,
    line: u32,
    text: String,
}

/// What it is, as a failure may say it, and one of the dresses that it is written in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Secret {
    text: String,
    kind: String,
}

impl State {
    fn end(&self) -> Position {
        Position {
            records: self.gone.records + self.records.len(),
            secrets: self.gone.secrets + self.secrets.len(),
        }
    }

    fn hear(&mut self, record: Record) {
        if self.watches.is_empty() {
            return;
        }
        self.bytes += record.text.len();
        if self.bytes > MOST {
            self.too_much = true;
            return;
        }
        self.records.push_back(record);
    }

    /// Forgets what is older than every watch.
    fn forget(&mut self) {
        let end = self.end();
        let oldest = |of: fn(&Position) -> usize| self.watches.values().map(of).min();
        let records = oldest(|position| position.records).unwrap_or(end.records) - self.gone.records;
        let secrets = oldest(|position| position.secrets).unwrap_or(end.secrets) - self.gone.secrets;
        self.bytes -= self.records.drain(..records).map(|record| record.text.len()).sum::<usize>();
        self.secrets.drain(..secrets);
        self.gone.records += records;
        self.gone.secrets += secrets;
    }
}

/// Keeps what is logged from here on. Its end looks through it.
///
/// # Panics
/// At the end, when a secret was logged that was noted since the beginning. The failure says what kind of secret it was
/// and where it was logged, never the secret. Other tests of the process that run at the same time may see it as well.
#[derive(Debug)]
#[must_use = "logs are looked through when this is dropped"]
pub struct LogWatch(u64);

/// Begins to keep what is logged. Several watches may live at once, each with a beginning of its own.
///
/// # Panics
/// When a subscriber without a [`Listener`] was installed before.
pub fn watch() -> LogWatch {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // A test's own subscriber stays; whether it holds a listener is seen below.
        let _ = tracing_subscriber::registry().with(Listener).try_init();
    });
    assert!(listener::is_installed(), "the subscriber of this process does not listen for secrets");
    let mut state = state();
    let (number, begin) = (state.next, state.end());
    state.next += 1;
    state.watches.insert(number, begin);
    LogWatch(number)
}

impl Drop for LogWatch {
    fn drop(&mut self) {
        let (records, secrets, too_much) = {
            let mut state = state();
            let begin = state.watches.remove(&self.0).unwrap_or_default();
            let skipped = (begin.records - state.gone.records, begin.secrets - state.gone.secrets);
            let records: Vec<Record> = state.records.iter().skip(skipped.0).cloned().collect();
            let secrets: BTreeSet<Secret> = state.secrets.iter().skip(skipped.1).cloned().collect();
            state.forget();
            (records, secrets, state.too_much)
        };
        // What fails already is not to be covered up.
        if thread::panicking() {
            return;
        }
        assert!(!too_much, "more was logged than can be looked through");
        let leaks = leaks(&records, &secrets.into_iter().collect::<Vec<_>>());
        assert!(
            leaks.is_empty(),
            "secrets were logged: {}",
            leaks.into_iter().collect::<Vec<_>>().join("; ")
        );
    }
}

/// The kind of each secret that stands in a record, and where that was logged.
fn leaks(records: &[Record], secrets: &[Secret]) -> BTreeSet<String> {
    let search = Search::of(secrets);
    let mut leaks = BTreeSet::new();
    for Record { file, line, text } in records {
        let found = search.find_in(text);
        leaks.extend(found.map(|secret| format!("{} at {file}:{line}", secret.kind)));
    }
    leaks
}

/// Remembers a secret: one of 16 characters or more. `kind` says in a failure what it is.
pub fn note(kind: &str, secret: &str) {
    let mut found = Found::default();
    found.secret(kind, secret);
    learn(found);
}

/// Remembers the secrets of a request, before it is sent: credentials, and the values of parameters, members and headers
/// that are secrets by their names.
pub fn note_request(request: &RequestBuilder) {
    let Some(Ok(request)) = request.try_clone().map(RequestBuilder::build) else { return };
    let mut found = Found::default();
    found.headers(request.headers());
    if let Some(body) = request.body().and_then(|body| body.as_bytes()) {
        found.body(body);
    }
    found.form(request.url().query().unwrap_or_default().as_bytes());
    learn(found);
}

/// Remembers the secrets that an answer hands out.
pub fn note_answer(headers: &HeaderMap, body: &str) {
    let mut found = Found::default();
    found.headers(headers);
    found.body(body.as_bytes());
    learn(found);
}

fn learn(found: Found) {
    let mut state = state();
    if !state.watches.is_empty() {
        state.secrets.extend(found.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: String) -> Record {
        Record { file: "src/lib.rs", line: 1, text }
    }

    fn position(state: &State) -> (usize, usize, usize) {
        (state.records.len(), state.secrets.len(), state.bytes)
    }

    #[test]
    fn what_no_watch_needs_is_forgotten() {
        let secret = || Secret { text: "a secret".to_owned(), kind: "password".to_owned() };
        let mut state = State::default();
        state.hear(record("four".to_owned()));
        assert_eq!(position(&state), (0, 0, 0), "nobody listens");
        for number in 0..2 {
            let begin = state.end();
            state.watches.insert(number, begin);
            state.hear(record("four".to_owned()));
            state.secrets.push_back(secret());
        }
        state.forget();
        assert_eq!(position(&state), (2, 2, 8));
        state.watches.remove(&0);
        state.forget();
        assert_eq!(position(&state), (1, 1, 4));
        state.watches.remove(&1);
        state.forget();
        assert_eq!(position(&state), (0, 0, 0));
        assert_eq!((state.end().records, state.end().secrets), (2, 2));
    }

    #[test]
    fn text_is_bounded_and_says_so() {
        let mut state = State::default();
        state.watches.insert(0, Position::default());
        for too_much in [false, false, true] {
            state.hear(record("x".repeat(MOST / 2)));
            assert_eq!((state.too_much, state.records.len() <= 2), (too_much, true));
        }
    }
}
