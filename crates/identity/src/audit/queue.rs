//! What waits to be stored: bounded, and its writer is woken only when there is a reason to write.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use super::AuditEvent;
use super::issued::{Issued, TokenIssue};
use super::rows::{AuditRow, Row};

/// Places there are; what is about to be stored still has its own. With bounded fields this is a few megabytes.
pub(super) const CAPACITY: usize = 8192;

/// Bytes of a place. An event takes one; tokens that can share a row take one for their terms, and then as many as their
/// names fill.
const PLACE: usize = 1024;

/// At so many taken places nothing lingers.
const PRESSING: usize = CAPACITY / 8;

/// Between those who record and the one who writes.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    stirred: Notify,
    dropped: AtomicU64,
    places: metrics::Gauge,
}

#[derive(Debug, Default)]
struct State {
    batch: Batch,
    /// Bytes of what is being stored.
    storing: usize,
    /// Numbers what is recorded.
    number: u64,
    /// Nobody records any more.
    closed: bool,
    /// Nobody writes any more.
    abandoned: bool,
}

/// What is stored next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) events: Vec<(u64, AuditEvent)>,
    issued: Issued,
    bytes: usize,
    flushes: Vec<oneshot::Sender<()>>,
}

impl State {
    fn bytes(&self) -> usize {
        self.storing + self.batch.bytes
    }

    /// Whether the writer should not wait for more.
    fn is_pressing(&self) -> bool {
        self.closed || !self.batch.flushes.is_empty() || self.batch.bytes >= PRESSING * PLACE
    }
}

impl Queue {
    /// Registers what the trail counts; counters begin at zero.
    pub(super) fn new() -> Self {
        metrics::counter!("tessera_audit_events_dropped_total").increment(0);
        metrics::counter!("tessera_audit_events_withheld_total").increment(0);
        let places = metrics::gauge!("tessera_audit_queue_events");
        places.set(0.0);
        Self { state: Mutex::default(), stirred: Notify::new(), dropped: AtomicU64::new(0), places }
    }

    /// Takes an event, or drops it when there is no place.
    pub(super) fn record(&self, event: AuditEvent) {
        self.push(|batch, number| {
            batch.events.push((number, event));
            PLACE
        });
    }

    /// The same for a token that was issued.
    pub(super) fn issued(&self, issue: &TokenIssue<'_>) {
        self.push(|batch, number| batch.issued.push(number, issue, PLACE));
    }

    fn push(&self, add: impl FnOnce(&mut Batch, u64) -> usize) {
        let mut state = self.state();
        if state.abandoned || state.bytes() >= CAPACITY * PLACE {
            drop(state);
            return self.lose(1);
        }
        let (was_empty, was_pressing) = (state.batch.is_empty(), state.is_pressing());
        state.number += 1;
        let number = state.number;
        let bytes = add(&mut state.batch, number);
        state.batch.bytes += bytes;
        let stirs = was_empty || (state.is_pressing() && !was_pressing);
        self.tell(&state);
        drop(state);
        if stirs {
            self.stirred.notify_one();
        }
    }

    /// Gives what tells that everything recorded until now is stored, or, when it closes, that it never will be.
    pub(super) fn flush(&self) -> oneshot::Receiver<()> {
        let (done, stored) = oneshot::channel();
        let mut state = self.state();
        if !state.abandoned {
            state.batch.flushes.push(done);
        }
        drop(state);
        self.stirred.notify_one();
        stored
    }

    /// Waits for something to store, and then for at most `linger` for more. `None` when nothing will ever come.
    pub(super) async fn next(&self, linger: Duration) -> Option<Batch> {
        while self.state().batch.is_empty() {
            if self.is_closed() {
                return None;
            }
            self.stirred.notified().await;
        }
        let pressing = async {
            while !self.state().is_pressing() {
                self.stirred.notified().await;
            }
        };
        // Long enough is a reason, too.
        let _ = timeout(linger, pressing).await;
        let mut state = self.state();
        state.storing = state.batch.bytes;
        Some(std::mem::take(&mut state.batch))
    }

    /// What [`Queue::next`] gave needs its places no more.
    pub(super) fn stored(&self) {
        let mut state = self.state();
        state.storing = 0;
        self.tell(&state);
    }

    /// Nobody records any more: the writer stores what there is and ends.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.stirred.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Nobody writes any more: whoever waits for it hears so.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.abandoned = true;
        state.batch.flushes.clear();
    }

    /// Counts events that are lost.
    pub(super) fn lose(&self, events: u64) {
        if self.dropped.fetch_add(events, Ordering::Relaxed) == 0 {
            tracing::error!("audit events are being dropped: the database does not take them");
        }
        metrics::counter!("tessera_audit_events_dropped_total").increment(events);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    fn tell(&self, state: &State) {
        self.places.set(state.bytes().div_ceil(PLACE) as f64);
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.bytes == 0 && self.flushes.is_empty()
    }

    /// Whether tokens share rows in it.
    pub(super) fn is_crowded(&self) -> bool {
        self.issued.is_crowded()
    }

    /// The rows, in the order in which they were recorded, and who waits for them.
    pub(super) fn into_rows(self) -> (Vec<Row>, Vec<oneshot::Sender<()>>) {
        let row = |(number, event): &(u64, AuditEvent)| Row {
            number: *number,
            events: 1,
            columns: AuditRow::from(event),
        };
        let mut rows = self.issued.rows();
        rows.extend(self.events.iter().map(row));
        rows.sort_by_key(|row| row.number);
        for row in &mut rows {
            row.columns.give_id();
        }
        (rows, self.flushes)
    }
}
