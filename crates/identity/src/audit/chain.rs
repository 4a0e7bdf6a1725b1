//! The chain over the audit trail: what somebody changes, deletes, inserts or reorders in the tables shows.
//!
//! Events are written by many replicas in transactions of their own, some of them without the master key, so an event
//! cannot carry its place in the chain when it is written. A trigger notes it as unsealed in the same transaction, and a
//! moment later one auth server seals what it finds ([`Identity::seal_audit`](crate::Identity::seal_audit)): in the order in
//! which it is found, so that what was committed late, with an older instant, is sealed like everything else.
//!
//! | state of a partition | how it shows | what changes it |
//! | --- | --- | --- |
//! | open | the last head, not closed | every seal |
//! | closed | `closed`; its last hash is in the base of the next | the first seal of another month (UTC) |
//! | pruned | `first_seq` and `anchor` have moved on | pruning, which deletes a prefix |
//! | broken | its code or its tail does not fit | nobody: a new partition begins, and verifying goes on telling |
//!
//! A hash is an HMAC under a sub-key of the master key, over the hash before it and every column; a head has a code of its
//! own. So the tables cannot be made to fit by whoever writes them without the key. What they can do is put back an older
//! state of all of it, which only an [`Anchor`] kept elsewhere shows: the log has them, and `tessera audit verify` prints
//! them.
//!
//! A partition for each month bounds what has to be read for one, and makes the beginning of a month a thing that
//! retention can name; a chain for each organisation would need to know whose an event is, which many are not.

mod anchor;
mod codes;
mod heads;
mod pruning;
mod schema;
mod sealing;
mod verifying;
mod walk;

use std::collections::HashMap;

use diesel::prelude::*;
use store::{DbConn, StoreError};

pub use self::anchor::{Anchor, InvalidAnchor};
pub use self::pruning::prune;
use self::schema::{ChainRow, audit_chain};
pub use self::sealing::Sealed;
pub use self::verifying::{Expectations, Fault, Partition, Verification};

/// Where these events stand in the chain; those that are not sealed are not in it.
pub(super) fn seals(conn: &mut DbConn, ids: &[&str]) -> Result<HashMap<String, Anchor>, StoreError> {
    let rows: Vec<ChainRow> = audit_chain::table
        .filter(audit_chain::event_id.eq_any(ids))
        .select(ChainRow::as_select())
        .load(conn)?;
    let anchor = |row: ChainRow| Some((row.event_id, Anchor::new(row.part, row.seq, &row.hash)?));
    Ok(rows.into_iter().filter_map(anchor).collect())
}
