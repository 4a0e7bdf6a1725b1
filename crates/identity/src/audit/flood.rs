//! Keeps a flood of refusals from filling the trail: whoever needs no credential to be refused could write as many rows as
//! the database has room for (threat 18).
//!
//! Of the refusals of one action, through one client and dialect, from one address, so many a minute are recorded one by
//! one. How many more there were stands in the detail of the next one that is recorded, and in the metric
//! `tessera_audit_events_withheld_total`.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{AuditEvent, Outcome};

/// Refusals of one kind that are recorded within [`WINDOW`].
const RECORDED: u64 = 60;

const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Kinds that are remembered; a flood of kinds pushes out those that came once.
const KINDS: usize = 10_000;

type Kind = [u8; 32];

/// The refusals of one kind within a window.
#[derive(Debug, Default)]
struct Seen {
    since: DateTime<Utc>,
    count: u64,
}

/// Lets events through, or not.
#[derive(Debug)]
pub(super) struct FloodGate(Cache<Kind, Arc<Mutex<Seen>>>);

impl FloodGate {
    pub(super) fn new() -> Self {
        Self(Cache::new(KINDS))
    }

    /// The event, if it is one to record; the first after a flood says how many were not.
    pub(super) fn pass(&self, mut event: AuditEvent) -> Option<AuditEvent> {
        if event.outcome != Outcome::Failure {
            return Some(event);
        }
        let Ok(seen) = self.0.get_or_insert_with(&kind(&event), || Ok::<_, Infallible>(Arc::default()));
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back begins a new window, too.
        if !(TimeDelta::zero()..WINDOW).contains(&(event.at - seen.since)) {
            let withheld = seen.count.saturating_sub(RECORDED);
            *seen = Seen { since: event.at, count: 0 };
            if withheld > 0 {
                event.detail = Some(with_count(event.detail.take(), withheld));
            }
        }
        seen.count += 1;
        if seen.count > RECORDED {
            metrics::counter!("tessera_audit_events_withheld_total").increment(1);
            return None;
        }
        Some(event)
    }
}

/// Parts are told apart by their lengths.
fn kind(event: &AuditEvent) -> Kind {
    let address = event.origin.address.map(|address| address.to_string());
    let parts = [Some(event.action.as_ref()), event.origin.client_id.as_deref()]
        .into_iter()
        .chain([event.origin.dialect.as_deref(), address.as_deref()]);
    let mut hash = Sha256::new();
    for part in parts.map(Option::unwrap_or_default) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn with_count(detail: Option<Value>, withheld: u64) -> Value {
    match detail {
        Some(Value::Object(mut members)) => {
            members.insert("withheld_before".to_owned(), withheld.into());
            Value::Object(members)
        }
        None => json!({ "withheld_before": withheld }),
        Some(other) => json!({ "detail": other, "withheld_before": withheld }),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::audit::Origin;

    fn refusal(second: i64, address: u32) -> AuditEvent {
        let origin = Origin { address: Some(IpAddr::V4(Ipv4Addr::from(address))), ..Origin::default() };
        let at = DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        AuditEvent::new(at, "token.issue", &origin).outcome(Outcome::Failure).detail(json!({ "error": "e" }))
    }

    #[test]
    fn threat_18_a_flood_of_refusals_leaves_a_bounded_number_of_rows_and_its_size() {
        let gate = FloodGate::new();
        let recorded = (0..5000).filter(|_| gate.pass(refusal(0, 1)).is_some()).count();
        assert_eq!(recorded as u64, RECORDED);
        assert!(gate.pass(refusal(0, 2)).is_some(), "another address is another kind");
        let next = gate.pass(refusal(60, 1)).expect("a new window");
        assert_eq!(next.detail.unwrap(), json!({ "error": "e", "withheld_before": 5000 - RECORDED }));
        assert_eq!(gate.pass(refusal(61, 1)).unwrap().detail.unwrap(), json!({ "error": "e" }));
    }

    #[test]
    fn what_was_done_and_what_was_received_is_never_withheld() {
        let gate = FloodGate::new();
        for outcome in [Outcome::Success, Outcome::Received] {
            assert!((0..1000).all(|_| gate.pass(refusal(0, 1).outcome(outcome)).is_some()));
        }
    }

    #[test]
    fn a_clock_that_was_set_back_withholds_nothing_for_longer_than_a_window() {
        let gate = FloodGate::new();
        for _ in 0..100 {
            gate.pass(refusal(1000, 1));
        }
        assert!(gate.pass(refusal(0, 1)).is_some());
    }
}
