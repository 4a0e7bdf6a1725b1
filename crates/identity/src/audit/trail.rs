//! The trail, and the one task that stores what is recorded, in batches.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use store::{Db, StoreError};
use tokio::time::{Instant, sleep, timeout};

use super::AuditEvent;
use super::flood::FloodGate;
use super::issued::TokenIssue;
use super::queue::Queue;
use super::rows::{self, Row};

/// Rows of one transaction.
const BATCH: usize = 256;

/// Bytes of details in one transaction: others wait for it on SQLite.
const BYTES: usize = 256 * 1024;

/// How long an event may wait for others to share its transaction.
const LINGER: Duration = Duration::from_millis(200);

/// The same behind a batch in which tokens shared rows: the more of them come together, the fewer rows they take.
const LINGER_CROWDED: Duration = Duration::from_secs(1);

/// How long [`AuditTrail::flush`] waits, and how long the writer goes on trying after the last handle is gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits between attempts while the database is away: doubled from the first to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Takes events without waiting and stores them in the background. Cheap to clone; ends with its last clone.
#[derive(Debug, Clone)]
pub struct AuditTrail(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    queue: Arc<Queue>,
    gate: FloodGate,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Not everything recorded before the call could be stored in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail could not be stored in time")]
pub struct Unflushed;

impl AuditTrail {
    /// Starts the writer on the current tokio runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let queue = Arc::new(Queue::new());
        tokio::spawn(Writer { db, queue: Arc::clone(&queue) }.run());
        Self(Arc::new(Handle { queue, gate: FloodGate::new() }))
    }

    /// Queues an event. Never waits: when the queue is full, the event is dropped and counted in
    /// `tessera_audit_events_dropped_total`. Of a flood of refusals of one kind the most are withheld.
    pub fn record(&self, event: AuditEvent) {
        let Some(mut event) = self.0.gate.pass(event) else { return };
        event.shorten();
        self.0.queue.record(event);
    }

    /// Queues the event `token.issue` of a token that was issued, like [`record`](Self::record). Under load those that were
    /// issued on the same terms share a row, which lists them.
    pub fn issued(&self, issue: &TokenIssue<'_>) {
        self.0.queue.issued(issue);
    }

    /// Waits until everything recorded before is stored, for at most five seconds.
    ///
    /// # Errors
    /// [`Unflushed`] when that takes longer, or the writer is gone with its runtime.
    pub async fn flush(&self) -> Result<(), Unflushed> {
        match timeout(PATIENCE, self.0.queue.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Unflushed),
        }
    }

    /// Events lost since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.queue.dropped()
    }
}

struct Writer {
    db: Db,
    queue: Arc<Queue>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl Writer {
    async fn run(self) {
        let mut linger = LINGER;
        while let Some(batch) = self.queue.next(linger).await {
            linger = if batch.is_crowded() { LINGER_CROWDED } else { LINGER };
            let (rows, flushes) = batch.into_rows();
            for rows in transactions(rows) {
                self.store(rows.into()).await;
            }
            self.queue.stored();
            for flush in flushes {
                // Whoever waited may have given up.
                let _ = flush.send(());
            }
        }
    }

    /// Stores rows together, however long the database is away; only a closed queue limits the patience.
    async fn store(&self, rows: Arc<[Row]>) {
        let (mut pause, mut closed) = (RETRY.0, None);
        while let Err(error) = insert(&self.db, Arc::clone(&rows), 0..rows.len()).await {
            if !error.is_unavailable() {
                return self.store_singly(&rows, &error).await;
            }
            if self.queue.is_closed() && closed.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                return self.queue.lose(rows.iter().map(|row| row.events).sum());
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY.1);
        }
    }

    /// One bad event must not take the batch along.
    async fn store_singly(&self, rows: &Arc<[Row]>, error: &StoreError) {
        tracing::error!(error = error as &dyn std::error::Error, "a batch of audit events was refused");
        for (index, row) in rows.iter().enumerate() {
            if insert(&self.db, Arc::clone(rows), index..index + 1).await.is_err() {
                self.queue.lose(row.events);
            }
        }
    }
}

/// Rows that are stored together, in their order.
fn transactions(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut transactions: Vec<Vec<Row>> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let length = row.columns.detail.as_ref().map_or(0, String::len);
        bytes += length;
        let open = transactions.last_mut().filter(|rows| rows.len() < BATCH && bytes <= BYTES);
        if let Some(rows) = open {
            rows.push(row);
        } else {
            bytes = length;
            transactions.push(vec![row]);
        }
    }
    transactions
}

async fn insert(db: &Db, rows: Arc<[Row]>, range: Range<usize>) -> Result<(), StoreError> {
    db.write(move |conn| {
        let rows: Vec<_> = rows[range.clone()].iter().map(|row| &row.columns).collect();
        rows::insert_all(conn, &rows)
    })
    .await
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::audit::Origin;

    #[tokio::test]
    async fn threat_18_what_waits_in_the_queue_is_no_longer_than_what_is_stored() {
        let queue = Arc::new(Queue::new());
        let trail = AuditTrail(Arc::new(Handle { queue: Arc::clone(&queue), gate: FloodGate::new() }));
        let long = || Some("ä".repeat(30_000));
        let origin = Origin { actor: long(), client_id: long(), request_id: long(), ..Origin::default() };
        trail
            .record(AuditEvent::new(DateTime::UNIX_EPOCH, "token.issue", &origin).target("ä".repeat(30_000)));
        let mut waiting = queue.next(Duration::ZERO).await.expect("it was queued").events;
        let (_, AuditEvent { origin: Origin { actor, client_id, request_id, .. }, target, .. }) =
            waiting.remove(0);
        for name in [actor, client_id, request_id, target] {
            assert!(name.is_some_and(|name| name.capacity() <= rows::LONGEST_NAME && !name.is_empty()));
        }
    }
}
