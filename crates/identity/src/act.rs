//! The when and on-whose-behalf of a change, which every change needs for its audit row and its revocation.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use store::{DbConn, StoreError};

use crate::audit::{self, AuditEvent, Origin};

/// One change of the directory: its instant, taken before the transaction, and its origin.
#[derive(Clone, Debug)]
pub struct Act {
    now: DateTime<Utc>,
    origin: Origin,
}

impl Act {
    /// An act at this instant on behalf of `origin`.
    #[must_use]
    pub fn new(now: DateTime<Utc>, origin: &Origin) -> Self {
        Self { now, origin: origin.clone() }
    }

    /// The instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
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
