//! Clients that go on asking, and a record of everything that they were answered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::stack::Answer;

/// Between two requests of a client, so that the machine has some time left for others.
const PAUSE: Duration = Duration::from_millis(25);
/// How long a request may take at all.
const LONGEST: Duration = Duration::from_secs(40);
/// How long until each client has been answered some more.
const PATIENCE: Duration = Duration::from_mins(1);

type Make = Box<dyn Fn(&Client, &str) -> RequestBuilder + Send + Sync>;
/// Tells what was made, from the answer and the name that was asked for.
pub(super) type IdOf = fn(&Answer, &str) -> String;

/// One kind of request.
pub(super) struct Call {
    name: &'static str,
    expected: u16,
    make: Make,
    id_of: Option<IdOf>,
}

impl Call {
    /// A request that is answered with this status.
    pub(super) fn new(
        name: &'static str,
        expected: u16,
        make: impl Fn(&Client) -> RequestBuilder + Send + Sync + 'static,
    ) -> Self {
        Self { name, expected, make: Box::new(move |http, _| make(http)), id_of: None }
    }

    /// A request that makes something of a name that nobody has used before.
    pub(super) fn making(
        name: &'static str,
        expected: u16,
        id_of: IdOf,
        make: impl Fn(&Client, &str) -> RequestBuilder + Send + Sync + 'static,
    ) -> Self {
        Self { name, expected, make: Box::new(make), id_of: Some(id_of) }
    }
}

/// A request that was not answered as expected.
pub(super) struct Failure {
    pub(super) call: &'static str,
    /// Which client's.
    pub(super) client: usize,
    pub(super) begun: Instant,
    pub(super) took: Duration,
    /// Without an answer, what became of the connection.
    pub(super) answer: Result<Answer, String>,
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n  {} after {:?}: ", self.call, self.took)?;
        match &self.answer {
            Ok(answer) => {
                write!(f, "{} {:?} {}", answer.status, answer.headers.get("retry-after"), answer.text)
            }
            Err(error) => f.write_str(error),
        }
    }
}

/// What came of it all.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Expected answers by request.
    pub(super) answered: BTreeMap<&'static str, usize>,
    pub(super) failures: Vec<Failure>,
    /// What was acknowledged, by request.
    pub(super) made: BTreeMap<&'static str, Vec<String>>,
}

impl Record {
    /// Asserts that every request was answered as expected.
    #[track_caller]
    pub(super) fn expect_flawless(&self) {
        let (failed, answered) = (self.failures.len(), self.answered.values().sum::<usize>());
        assert!(
            self.failures.is_empty(),
            "{failed} of {} requests failed: {:?}",
            failed + answered,
            self.failures
        );
        println!("{answered} requests, none failed: {:?}", self.answered);
    }

    fn add(&mut self, other: Self) {
        for (call, count) in other.answered {
            *self.answered.entry(call).or_default() += count;
        }
        for (call, made) in other.made {
            self.made.entry(call).or_default().extend(made);
        }
        self.failures.extend(other.failures);
    }
}

/// Clients at work. Each has one connection, which it keeps for as long as it is let.
pub(super) struct Load {
    over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Record>>,
    /// By client.
    counts: Vec<Arc<Counts>>,
}

/// What a client has come to.
#[derive(Default)]
struct Counts {
    /// Requests that were answered as expected.
    served: AtomicUsize,
    /// Requests of which something has become.
    ended: AtomicUsize,
    /// What became of the last one that was not answered as expected.
    last_failure: Mutex<String>,
}

impl Load {
    /// Clients that send these requests from now on, through fronts: two for each, so that each replica gets one.
    pub(super) fn through_fronts(calls: Vec<Call>) -> Self {
        Self::begin(calls, 2)
    }

    /// Clients that send these requests from now on, one for each.
    pub(super) fn directly(calls: Vec<Call>) -> Self {
        Self::begin(calls, 1)
    }

    fn begin(calls: Vec<Call>, each: usize) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (mut clients, mut counts) = (Vec::new(), Vec::new());
        for call in calls.into_iter().map(Arc::new) {
            for _ in 0..each {
                let count = Arc::new(Counts::default());
                let client = Asking::new(Arc::clone(&call), clients.len(), Arc::clone(&count));
                clients.push(tokio::spawn(client.keep_asking(Arc::clone(&over))));
                counts.push(count);
            }
        }
        Self { over, clients, counts }
    }

    /// Waits until every client has been answered as expected so many times more.
    #[track_caller]
    pub(super) fn goes_on(&self, times: usize) -> impl Future<Output = ()> {
        self.until(times, |counts| &counts.served)
    }

    /// Waits until something has become of so many more requests of every client.
    #[track_caller]
    pub(super) fn is_told(&self, times: usize) -> impl Future<Output = ()> {
        self.until(times, |counts| &counts.ended)
    }

    #[track_caller]
    fn until(&self, times: usize, which: fn(&Counts) -> &AtomicUsize) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let read = move || {
            self.counts.iter().map(|counts| which(counts).load(Ordering::Acquire)).collect::<Vec<_>>()
        };
        let before = read();
        async move {
            let start = Instant::now();
            while read().iter().zip(&before).any(|(now, before)| now - before < times) {
                assert!(start.elapsed() < PATIENCE, "{caller}: {:?}", self.waiting(times, which, &before));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// What was last told to those who still wait.
    fn waiting(&self, times: usize, which: fn(&Counts) -> &AtomicUsize, before: &[usize]) -> Vec<String> {
        let waits = |(counts, before): &(&Arc<Counts>, &usize)| {
            which(counts).load(Ordering::Acquire) - **before < times
        };
        let told = |counts: &Counts| counts.last_failure.lock().unwrap().clone();
        self.counts.iter().zip(before).filter(waits).map(|(counts, _)| told(counts)).collect()
    }

    /// Lets the clients finish what they have asked, and brings their records together.
    pub(super) async fn end(self) -> Record {
        self.over.store(true, Ordering::Release);
        let mut record = Record::default();
        for client in self.clients {
            record.add(client.await.unwrap());
        }
        record
    }
}

/// A client with one connection.
struct Asking {
    call: Arc<Call>,
    number: usize,
    counts: Arc<Counts>,
    http: Client,
    record: Record,
}

impl Asking {
    fn new(call: Arc<Call>, number: usize, counts: Arc<Counts>) -> Self {
        let http = Client::builder().no_proxy().pool_max_idle_per_host(1).timeout(LONGEST).build().unwrap();
        Self { call, number, counts, http, record: Record::default() }
    }

    async fn keep_asking(mut self, over: Arc<AtomicBool>) -> Record {
        while !over.load(Ordering::Acquire) {
            self.ask().await;
            self.counts.ended.fetch_add(1, Ordering::AcqRel);
            tokio::time::sleep(PAUSE).await;
        }
        self.record
    }

    async fn ask(&mut self) {
        let name = format!("load-{}", Uuid::new_v4().simple());
        let begun = Instant::now();
        let answer = match (self.call.make)(&self.http, &name).send().await {
            Ok(response) => Answer::read(response).await,
            Err(error) => Err(error),
        };
        let (call, client, took) = (self.call.name, self.number, begun.elapsed());
        match answer {
            Ok(answer) if answer.status == self.call.expected => {
                *self.record.answered.entry(call).or_default() += 1;
                if let Some(id_of) = self.call.id_of {
                    self.record.made.entry(call).or_default().push(id_of(&answer, &name));
                }
                self.counts.served.fetch_add(1, Ordering::AcqRel);
            }
            answer => {
                let answer = answer.map_err(|error| format!("{error:?}"));
                let failure = Failure { call, client, begun, took, answer };
                *self.counts.last_failure.lock().unwrap() = format!("{failure:?}");
                self.record.failures.push(failure);
            }
        }
    }
}
