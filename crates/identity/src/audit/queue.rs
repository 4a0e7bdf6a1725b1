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

/// At so many places taken by events, and by what is listed of tokens, nothing lingers.
const PRESSING: usize = CAPACITY / 8;

/// The same with the terms of tokens. They get more room: who acts for many people in turn comes back to the first of them
/// only after all the others.
const PRESSING_TERMS: usize = CAPACITY / 2;

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
        let (bytes, terms) = (self.batch.bytes, self.batch.issued.terms() * PLACE);
        let many = bytes >= PRESSING_TERMS * PLACE || bytes.saturating_sub(terms) >= PRESSING * PLACE;
        self.closed || many || !self.batch.flushes.is_empty()
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

#[cfg(test)]
mod tests {
    use auth_claims::claims::AccessClaims;
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::audit::Origin;

    /// A token for this person.
    fn issue(queue: &Queue, person: usize) {
        let claims = json!({
            "iss": "https://auth.example", "sub": person.to_string(), "aud": "rooms", "exp": 3600, "iat": 0, "jti": "t",
            "client_id": "visio", "scope": "rooms:list", "kind": "user",
        });
        let claims: AccessClaims = serde_json::from_value(claims).expect("claims");
        let (at, origin) = (DateTime::UNIX_EPOCH, Origin::default());
        queue.issued(&TokenIssue { at, origin: &origin, grant_type: "client_credentials", claims: &claims });
    }

    #[test]
    fn tokens_for_many_people_wait_for_the_first_of_them_to_come_again() {
        let queue = Queue::new();
        for person in 0..PRESSING * 2 {
            issue(&queue, person);
        }
        assert!(!queue.state().is_pressing());
        for person in PRESSING * 2..PRESSING_TERMS {
            issue(&queue, person);
        }
        assert!(queue.state().is_pressing());
    }

    #[test]
    fn events_and_tokens_on_the_same_terms_press_earlier() {
        let queue = Queue::new();
        let event = || AuditEvent::new(DateTime::UNIX_EPOCH, "client.create", &Origin::default());
        for _ in 1..PRESSING {
            queue.record(event());
        }
        assert!(!queue.state().is_pressing());
        queue.record(event());
        assert!(queue.state().is_pressing());
        let queue = Queue::new();
        while !queue.state().is_pressing() {
            issue(&queue, 0);
        }
        assert!(queue.state().batch.bytes <= (PRESSING + 2) * PLACE);
    }
}
