//! What can be wrong.

use std::collections::BTreeMap;
use std::fmt;

use super::super::schema::Head;
use super::super::{Anchor, codes};
use crate::master::Secrets;

/// Something that is not as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An event, or its link, is not what was sealed there: it was changed, or its place was.
    Changed {
        /// The partition.
        part: i64,
        /// The number in it.
        seq: i64,
        /// The event that is there now.
        event: String,
    },
    /// An event is gone.
    Deleted {
        /// The partition.
        part: i64,
        /// The number in it.
        seq: i64,
        /// The event.
        event: String,
    },
    /// Links are gone.
    Missing {
        /// The partition.
        part: i64,
        /// The first of them.
        from: i64,
        /// The last.
        to: i64,
    },
    /// An event says that it is much older than its place.
    Late {
        /// The partition.
        part: i64,
        /// The number in it.
        seq: i64,
        /// The event.
        event: String,
    },
    /// An event is in no chain, and does not wait for one.
    Stray {
        /// The event.
        event: String,
    },
    /// There are links behind the end of a partition.
    Appended {
        /// The partition.
        part: i64,
        /// Where its head says that it ends.
        after: i64,
    },
    /// The last link is not the one that the head names.
    End {
        /// The partition.
        part: i64,
    },
    /// The row of a partition was changed.
    Head {
        /// The partition.
        part: i64,
    },
    /// The row of a partition is gone.
    Partition {
        /// The partition.
        part: i64,
    },
    /// A partition does not begin where the one before ends.
    Base {
        /// The partition.
        part: i64,
    },
    /// Events did not fit when they were pruned.
    Pruned {
        /// The partition.
        part: i64,
        /// How many.
        events: i64,
    },
    /// The chain is another one than it was when this anchor was taken, or ends before it.
    Other(Anchor),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { part, seq, event } => {
                write!(f, "partition {part}, event {seq} ({event}): changed, inserted or moved")
            }
            Self::Deleted { part, seq, event } => {
                write!(f, "partition {part}, event {seq} ({event}): deleted")
            }
            Self::Missing { part, from, to } => {
                write!(f, "partition {part}, events {from} to {to}: missing from the chain")
            }
            Self::Late { part, seq, event } => {
                write!(
                    f,
                    "partition {part}, event {seq} ({event}): sealed much later than it says it happened"
                )
            }
            Self::Stray { event } => write!(f, "event {event}: inserted beside the chain"),
            Self::Appended { part, after } => {
                write!(f, "partition {part}: there are links after {after}, its last event")
            }
            Self::End { part } => write!(f, "partition {part}: it does not end with what its head names"),
            Self::Head { part } => write!(f, "partition {part}: its head was changed"),
            Self::Partition { part } => write!(f, "partition {part}: its head is gone"),
            Self::Base { part } => write!(f, "partition {part}: it does not begin where the one before ends"),
            Self::Pruned { part, events } => {
                write!(f, "partition {part}: {events} events were missing or changed when they were pruned")
            }
            Self::Other(anchor) => write!(f, "{anchor}: the chain is another one, or ends before this"),
        }
    }
}

/// What the heads alone tell, and where links end.
pub(super) fn of_heads(secrets: &Secrets, heads: &[Head], ends: &BTreeMap<i64, i64>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut before: Option<&Head> = None;
    for head in heads {
        let part = head.part;
        let expected = before.map_or(1, |before| before.part + 1);
        faults.extend((expected..part).map(|part| Fault::Partition { part }));
        let genuine = head.is_genuine(secrets);
        if !genuine {
            faults.push(Fault::Head { part });
        }
        // After a head that is gone or was changed nobody can tell where this one should begin.
        let previous = before.filter(|_| part == expected).map(|before| &before.last_hash[..]);
        let is_known =
            part == 1 || before.is_some_and(|before| before.is_genuine(secrets) && part == expected);
        if genuine && is_known && head.base[..] != codes::base(secrets, part, previous)[..] {
            faults.push(Fault::Base { part });
        }
        if ends.get(&part).is_some_and(|end| *end > head.last_seq) {
            faults.push(Fault::Appended { part, after: head.last_seq });
        }
        // Once nothing of a partition is left, what was wrong with it is history.
        if head.damaged > 0 && !(head.closed && head.first_seq > head.last_seq) {
            faults.push(Fault::Pruned { part, events: head.damaged });
        }
        before = Some(head);
    }
    let last = before.map_or(0, |head| head.part + i64::from(head.closed));
    let after = before.map_or(0, |head| head.part);
    let orphans = ends.keys().filter(|part| **part > last).copied();
    faults.extend((after + 1..=last).chain(orphans).map(|part| Fault::Partition { part }));
    faults
}
