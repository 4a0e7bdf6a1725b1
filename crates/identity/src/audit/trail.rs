//! The queue before the table, and the one task that empties it in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use store::{Db, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::flood::FloodGate;
use super::{AuditEvent, rows};

/// Events that may wait; with their bounded fields this is a few megabytes.
const CAPACITY: usize = 8192;

/// Events of one transaction.
const BATCH: usize = 256;

/// How long an event may wait for others to share its transaction.
const LINGER: Duration = Duration::from_millis(200);

/// How long [`AuditTrail::flush`] waits, and how long the writer goes on trying after the last handle is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits between attempts while the database is away: doubled from the first to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Takes events without waiting and stores them in the background. Cheap to clone; ends with its last clone.
#[derive(Debug, Clone)]
pub struct AuditTrail {
    queue: mpsc::Sender<Message>,
    gate: Arc<FloodGate>,
    dropped: Arc<AtomicU64>,
    waiting: Waiting,
}

/// How many events wait, as a metric.
#[derive(Debug, Clone)]
struct Waiting(metrics::Gauge);

impl Waiting {
    /// Registers what the trail counts; counters begin at zero.
    fn new() -> Self {
        metrics::counter!("tessera_audit_events_dropped_total").increment(0);
        metrics::counter!("tessera_audit_events_withheld_total").increment(0);
        let waiting = Self(metrics::gauge!("tessera_audit_queue_events"));
        waiting.tell(0);
        waiting
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    fn tell(&self, events: usize) {
        self.0.set(events as f64);
    }
}

/// Not everything recorded before the call could be stored in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail could not be stored in time")]
pub struct Unflushed;

#[derive(Debug)]
enum Message {
    Event(Box<AuditEvent>),
    Flush(oneshot::Sender<()>),
}

impl AuditTrail {
    /// Starts the writer on the current tokio runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(db: Db) -> Self {
        Self::with_capacity(db, CAPACITY)
    }

    fn with_capacity(db: Db, capacity: usize) -> Self {
        let (queue, waiting) = mpsc::channel(capacity);
        let dropped = Arc::new(AtomicU64::new(0));
        let depth = Waiting::new();
        tokio::spawn(Writer { db, waiting, depth: depth.clone(), dropped: Arc::clone(&dropped) }.run());
        Self { queue, gate: Arc::new(FloodGate::new()), dropped, waiting: depth }
    }

    /// Queues an event. Never waits: when the queue is full, the event is dropped and counted in
    /// `tessera_audit_events_dropped_total`. Of a flood of refusals of one kind the most are withheld.
    pub fn record(&self, event: AuditEvent) {
        let Some(mut event) = self.gate.pass(event) else { return };
        event.shorten();
        if self.queue.try_send(Message::Event(Box::new(event))).is_err() {
            count_dropped(&self.dropped, 1);
        }
        self.waiting.tell(self.queue.max_capacity() - self.queue.capacity());
    }

    /// Waits until everything recorded before is stored, for at most five seconds.
    ///
    /// # Errors
    /// [`Unflushed`] when that takes longer, or the writer is gone with its runtime.
    pub async fn flush(&self) -> Result<(), Unflushed> {
        let (done, stored) = oneshot::channel();
        let flushed = async {
            self.queue.send(Message::Flush(done)).await.map_err(|_| Unflushed)?;
            stored.await.map_err(|_| Unflushed)
        };
        timeout(PATIENCE, flushed).await.map_err(|_| Unflushed)?
    }

    /// Events lost since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn count_dropped(dropped: &AtomicU64, count: u64) {
    if dropped.fetch_add(count, Ordering::Relaxed) == 0 {
        tracing::error!("audit events are being dropped: the database does not take them");
    }
    metrics::counter!("tessera_audit_events_dropped_total").increment(count);
}

struct Writer {
    db: Db,
    waiting: mpsc::Receiver<Message>,
    depth: Waiting,
    dropped: Arc<AtomicU64>,
}

impl Writer {
    async fn run(mut self) {
        while let Some(first) = self.waiting.recv().await {
            let (events, flushes) = self.gather(first).await;
            self.store(events).await;
            self.depth.tell(self.waiting.len());
            for flush in flushes {
                // Whoever waited may have given up.
                let _ = flush.send(());
            }
        }
    }

    /// Collects until the batch is full, somebody wants it stored, or the first event has waited long enough.
    async fn gather(&mut self, first: Message) -> (Arc<[AuditEvent]>, Vec<oneshot::Sender<()>>) {
        let (mut events, mut flushes) = (Vec::new(), Vec::new());
        let linger = Instant::now() + LINGER;
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Event(event) => events.push(*event),
                Message::Flush(flush) => flushes.push(flush),
            }
            next = match () {
                () if events.len() >= BATCH => None,
                () if !flushes.is_empty() => self.waiting.try_recv().ok(),
                () => timeout_at(linger, self.waiting.recv()).await.ok().flatten(),
            };
        }
        (events.into(), flushes)
    }

    /// Stores a batch, however long the database is away; only a closed queue limits the patience.
    async fn store(&self, events: Arc<[AuditEvent]>) {
        let (mut pause, mut closed) = (RETRY.0, None);
        while let Err(error) = insert(&self.db, Arc::clone(&events)).await {
            if !error.is_unavailable() {
                return self.store_singly(&events, &error).await;
            }
            if self.waiting.is_closed() && closed.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                return count_dropped(&self.dropped, events.len() as u64);
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY.1);
        }
    }

    /// One bad event must not take the batch along.
    async fn store_singly(&self, events: &[AuditEvent], error: &StoreError) {
        tracing::error!(error = error as &dyn std::error::Error, "a batch of audit events was refused");
        for event in events {
            if insert(&self.db, Arc::from([event.clone()])).await.is_err() {
                count_dropped(&self.dropped, 1);
            }
        }
    }
}

async fn insert(db: &Db, events: Arc<[AuditEvent]>) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    db.write(move |conn| rows::insert_all(conn, &events)).await
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::audit::Origin;

    #[test]
    fn threat_18_what_waits_in_the_queue_is_no_longer_than_what_is_stored() {
        let (queue, mut waiting) = mpsc::channel(1);
        let trail = AuditTrail {
            queue,
            gate: Arc::new(FloodGate::new()),
            dropped: Arc::default(),
            waiting: Waiting::new(),
        };
        let long = || Some("ä".repeat(30_000));
        let origin = Origin { actor: long(), client_id: long(), request_id: long(), ..Origin::default() };
        trail
            .record(AuditEvent::new(DateTime::UNIX_EPOCH, "token.issue", &origin).target("ä".repeat(30_000)));
        let Ok(Message::Event(event)) = waiting.try_recv() else { panic!("it was not queued") };
        let AuditEvent { origin: Origin { actor, client_id, request_id, .. }, target, .. } = *event;
        for name in [actor, client_id, request_id, target] {
            assert!(name.is_some_and(|name| name.capacity() <= rows::LONGEST_NAME && !name.is_empty()));
        }
    }
}
