//! From link to link, for verifying and for pruning.

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::codes;
use super::schema::{ChainRow, audit_chain};
use crate::audit::rows::{AuditRow, audit_events};
use crate::master::Secrets;

/// A link with its event, if that is still there.
pub(super) type Link = (ChainRow, Option<AuditRow>);

/// What a link turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It follows from the one before and from its event.
    Fits,
    /// The one before is missing, so nobody can tell.
    Unknown,
    /// It does not follow.
    Changed,
    /// Its event is gone.
    Deleted,
}

/// A place in a partition, and the hash that leads there.
#[derive(Clone)]
pub(super) struct Walk {
    /// The number of the next link.
    pub(super) next: i64,
    /// The hash before it.
    pub(super) previous: Vec<u8>,
}

impl Walk {
    /// Goes to the link, which is the next one or a later one. Gives how many are missing in between, and what it is.
    /// Afterwards the link counts as it is stored, so that one fault does not spoil everything behind it.
    pub(super) fn step(&mut self, secrets: &Secrets, (row, event): &Link) -> (i64, Verdict) {
        let missing = row.seq - self.next;
        let fits = || codes::link(secrets, &self.previous, row, event.as_ref())[..] == row.hash[..];
        let verdict = match event {
            None => Verdict::Deleted,
            Some(_) if missing > 0 => Verdict::Unknown,
            Some(_) if fits() => Verdict::Fits,
            Some(_) => Verdict::Changed,
        };
        self.next = row.seq + 1;
        self.previous.clone_from(&row.hash);
        (missing, verdict)
    }
}

/// At most `limit` links from this number on, up to `last`.
pub(super) fn links(
    conn: &mut DbConn,
    part: i64,
    from: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<Link>, StoreError> {
    // One statement, so that pruning takes both or neither.
    let query = audit_chain::table
        .left_join(audit_events::table.on(audit_chain::event_id.eq(audit_events::id)))
        .filter(audit_chain::part.eq(part))
        .filter(audit_chain::seq.between(from, last))
        .order(audit_chain::seq)
        .limit(limit)
        .select((ChainRow::as_select(), Option::<AuditRow>::as_select()));
    Ok(query.load::<Link>(conn)?)
}
