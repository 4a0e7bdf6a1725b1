//! Sealing the audit trail in the background, and telling the log where it ends.

use std::time::Duration;

use identity::Identity;
use identity::audit::chain::Anchor;
use tokio::time::{Instant, sleep};

/// How often new events are looked for. Until they are sealed they can be changed without a trace.
const INTERVAL: Duration = Duration::from_secs(1);

/// How often the log is told where the chain ends, while it grows. A log is kept elsewhere, out of reach of whoever can
/// write the database: `tessera audit verify --expect` compares.
const TELLING: Duration = Duration::from_mins(10);

/// Seals for ever. Every replica may run it: one works, the others find nothing to do.
pub(crate) async fn seal(identity: Identity) {
    for name in ["tessera_audit_events_sealed_total", "tessera_audit_chain_breaks_total"] {
        metrics::counter!(name).increment(0);
    }
    let mut told: Option<Instant> = None;
    let mut untold = None;
    loop {
        sleep(INTERVAL).await;
        if let Some(anchor) = all(&identity).await {
            untold = Some(anchor);
        }
        let is_due = told.is_none_or(|told| told.elapsed() >= TELLING);
        if let Some(anchor) = untold.take_if(|_| is_due) {
            told = Some(Instant::now());
            tracing::info!(audit.anchor = %anchor, "the audit trail is sealed up to {anchor}");
        }
    }
}

/// Everything that there is at the moment; gives where the chain ends then, if it has grown.
async fn all(identity: &Identity) -> Option<Anchor> {
    let mut last = None;
    loop {
        match identity.seal_audit().await {
            Ok(sealed) if sealed.events == 0 => return last,
            Ok(sealed) => last = sealed.head,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "audit events are sealed later");
                return last;
            }
        }
    }
}
