//! The generator of load: closed loop, HTTP/1.1, every connection on the one thread that calls.
//!
//! A connection sends its next request when the answer to the one before has come, so that what is measured is what the
//! server carries with so many requests under way. Requests are bytes that scripts have ready; a request costs the
//! generator a write, as a rule one read, and the reading of the answer's head. That is what lets one core of a machine
//! saturate another one of it, the cheapest floor included, which a full client cannot: `goose` drives `reqwest`, `rlt`
//! leaves HTTP to the caller, and `wrk`, `oha` and `rewrk` are programs rather than libraries and know no
//! scripts in which a request depends on the answer before (a refresh token) and every answer is looked at.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;
use hdrhistogram::Histogram;

use crate::client::{Client, Lost};
use crate::response::Head;
use crate::scenario::Connection;

/// Connections that break, or cannot be made, in one measurement until it is given up.
const MOST_LOST: u64 = 1000;
/// The longest time that the histogram can tell from longer ones, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;
/// Of the body of an answer that was not asked for, so many octets are shown.
const SHOWN: usize = 300;

/// What one connection sends, and what it expects.
pub(crate) trait Script: Send {
    /// Writes the next request, whole, into the empty `out`. What it needs of the answer before it kept from there.
    fn next(&mut self, out: &mut Vec<u8>);

    /// Sees every answer. `Err` with what is wrong when it is not what was asked for: the scenario then has no figure.
    fn check(&mut self, status: u16, body: &[u8]) -> Result<(), String>;

    /// As [`Script::check`], for scripts that ask about fields of the head.
    fn check_head(&mut self, head: Head, body: &[u8]) -> Result<(), String> {
        self.check(head.status, body)
    }
}

/// When a measurement is over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After so long.
    Passed(Duration),
    /// After so many answers.
    Answered(u64),
}

/// Whom requests are sent to, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drive {
    /// The server.
    pub(crate) address: SocketAddr,
    /// Whether connections stay open.
    pub(crate) connection: Connection,
    /// When it is over.
    pub(crate) until: Until,
    /// What each connection waits between an answer and the next request; none as a rule.
    pub(crate) pause: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Tally {
    /// How long requests were counted.
    pub(crate) elapsed: Duration,
    /// Nanoseconds from the first octet of a request (with a connection for each: from its opening) to the last of the
    /// answer.
    pub(crate) latencies: Histogram<u64>,
    /// Octets of all bodies.
    pub(crate) body_bytes: u64,
    /// Requests without an answer: the connection broke or was not made.
    pub(crate) lost: u64,
    /// The last request that the first connection sent.
    pub(crate) sample: Vec<u8>,
}

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An answer that was not asked for.
    Refused {
        /// Its status.
        status: u16,
        /// What the script has against it.
        why: String,
        /// The beginning of the body.
        body: String,
    },
    /// The connections break; why the last one did.
    Broken(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, why, body } => write!(f, "answered {status} ({why}): {body}"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Fault {}

impl Tally {
    fn new() -> Result<Self, Fault> {
        let latencies =
            Histogram::new_with_max(LONGEST, 3).map_err(|error| Fault::Broken(error.to_string()))?;
        Ok(Self { elapsed: Duration::ZERO, latencies, body_bytes: 0, lost: 0, sample: Vec::new() })
    }

    /// Answers in a second.
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^52 answers")]
        let answers = self.latencies.len() as f64;
        answers / self.elapsed.as_secs_f64()
    }

    /// How long so many of a hundred requests took at most, in microseconds.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most a minute")]
        let nanoseconds = self.latencies.value_at_quantile(percent / 100.0) as f64;
        nanoseconds / 1000.0
    }

    /// The mean size of a body.
    pub(crate) fn body_size(&self) -> usize {
        usize::try_from(self.body_bytes / self.latencies.len().max(1)).unwrap_or(usize::MAX)
    }

    fn count(&mut self, took: Duration, body: usize) {
        self.latencies.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(LONGEST));
        self.body_bytes += body as u64;
    }

    fn lose(&mut self, error: &Lost) -> Result<(), Fault> {
        self.lost += 1;
        if self.lost < MOST_LOST {
            return Ok(());
        }
        Err(Fault::Broken(format!(
            "{MOST_LOST} requests got no answer, the last one for this reason: {error}"
        )))
    }
}

impl Drive {
    /// One without pauses.
    pub(crate) fn new(address: SocketAddr, connection: Connection, until: Until) -> Self {
        Self { address, connection, until, pause: Duration::ZERO }
    }

    /// Sends what the scripts say, each on a connection of its own, until it is over. Answers under way are waited for and
    /// not counted.
    pub(crate) async fn run(&self, scripts: &mut [Box<dyn Script>]) -> Result<Tally, Fault> {
        let mut clients = Vec::new();
        for _ in &*scripts {
            let mut client = Client::new(self.address, self.connection);
            client.prepare().await.map_err(|error| Fault::Broken(error.to_string()))?;
            clients.push(client);
        }
        let tally = RefCell::new(Tally::new()?);
        let start = Instant::now();
        let loops: FuturesUnordered<_> = scripts
            .iter_mut()
            .zip(clients)
            .enumerate()
            .map(|(number, (script, client))| self.repeat(number, &mut **script, client, start, &tally))
            .collect();
        // Unconstrained: tokio's budget is for tasks that share a thread, and this is the only one.
        tokio::task::unconstrained(loops.try_collect::<()>()).await?;
        let mut tally = tally.into_inner();
        tally.elapsed = match self.until {
            Until::Passed(span) => span,
            Until::Answered(_) => start.elapsed(),
        };
        Ok(tally)
    }

    async fn repeat(
        &self,
        number: usize,
        script: &mut dyn Script,
        mut client: Client,
        start: Instant,
        tally: &RefCell<Tally>,
    ) -> Result<(), Fault> {
        while !self.is_over(start, &tally.borrow()) {
            client.request.clear();
            script.next(&mut client.request);
            let begun = Instant::now();
            let outcome = client.exchange().await;
            let closes = outcome.as_ref().is_ok_and(|head| head.closes);
            match outcome {
                Ok(head) => {
                    let ended = Instant::now();
                    check(script, head, client.response.body())?;
                    if !self.is_late(start, ended) {
                        tally.borrow_mut().count(ended - begun, client.response.body().len());
                    }
                }
                Err(error) => tally.borrow_mut().lose(&error)?,
            }
            client.settle(closes).await;
            if !self.pause.is_zero() {
                tokio::time::sleep(self.pause).await;
            }
        }
        if number == 0 {
            tally.borrow_mut().sample = client.request;
        }
        Ok(())
    }

    fn is_over(&self, start: Instant, tally: &Tally) -> bool {
        match self.until {
            Until::Passed(span) => start.elapsed() >= span,
            Until::Answered(count) => tally.latencies.len() >= count,
        }
    }

    fn is_late(&self, start: Instant, ended: Instant) -> bool {
        matches!(self.until, Until::Passed(span) if ended - start >= span)
    }
}

/// The rule that a figure has nothing in it that was not asked for.
fn check(script: &mut dyn Script, head: Head, body: &[u8]) -> Result<(), Fault> {
    script.check_head(head, body).map_err(|why| {
        let body = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
        Fault::Refused { status: head.status, why, body }
    })
}
