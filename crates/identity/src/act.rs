//! The when and on-whose-behalf of a change, which every change needs for its audit row and its revocation.

use auth_claims::clock::Clock;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use store::{DbConn, StoreError};

use crate::audit::{self, AuditEvent, Origin};

/// One change of the directory: its instant, taken before the transaction, and its origin.
#[derive(Clone, Debug)]
pub struct Act {
    clock: Clock,
    now: DateTime<Utc>,
    origin: Origin,
}

impl Act {
    /// An act that begins now on behalf of `origin`.
    #[must_use]
    pub fn new(clock: &Clock, origin: &Origin) -> Self {
        Self { clock: clock.clone(), now: clock.now(), origin: origin.clone() }
    }

    /// The instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// What the clock says by now. A transaction may have waited for its locks since the act began, and what is issued
    /// meanwhile rests on the state that it is about to change: a revocation counts from here.
    pub(crate) fn by_now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The instant as columns hold it.
    pub(crate) fn stamp(&self) -> NaiveDateTime {
        self.now.naive_utc()
    }

    /// Writes the audit row, in the transaction of the change.
    pub(crate) fn record(
        &self,
        conn: &mut DbConn,
        action: &'static str,
        target: &str,
        detail: Option<Value>,
    ) -> Result<(), StoreError> {
        let mut event = AuditEvent::new(self.now, action, &self.origin).target(target);
        event.detail = detail;
        audit::insert(conn, &event)
    }
}
