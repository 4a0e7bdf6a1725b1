//! Deleting old events, from the beginning of the chain.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::heads;
use super::schema::{Head, audit_chain};
use super::walk::{Link, Verdict, Walk, links};
use crate::audit::rows::audit_events;
use crate::locks::Lock;
use crate::master::Secrets;

/// Deletes at most `limit` events from before `before`; the count tells whether there may be more.
///
/// Only what is sealed, in the order of the chain and up to the first event that is not so old. The head keeps the hash
/// that the rest begins with, and how many of those that went did not fit.
///
/// # Errors
/// [`StoreError`] when the database refuses or is away.
pub fn prune(
    conn: &mut DbConn,
    secrets: &Secrets,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<usize, StoreError> {
    // Sealing moves the same heads. It is quick, and never waits for this.
    Lock::AuditChain.take(conn)?;
    for head in heads::all(conn)?.into_iter().filter(|head| head.first_seq <= head.last_seq) {
        let links = links(conn, head.part, head.first_seq, head.last_seq, limit.into())?;
        let old = links.iter().take_while(|link| age(link) < before.naive_utc()).count();
        if old > 0 {
            delete(conn, &links[..old])?;
            forget(conn, secrets, head, &links[..old])?;
            return Ok(old);
        }
        if !links.is_empty() {
            break;
        }
    }
    Ok(0)
}

/// What an event that is gone said of itself nobody knows; it was sealed soon after.
fn age((row, event): &Link) -> NaiveDateTime {
    event.as_ref().map_or(row.sealed_at, |event| event.at)
}

fn delete(conn: &mut DbConn, old: &[Link]) -> Result<(), StoreError> {
    let ids: Vec<&str> = old.iter().map(|(row, _)| row.event_id.as_str()).collect();
    diesel::delete(audit_events::table.filter(audit_events::id.eq_any(&ids))).execute(conn)?;
    diesel::delete(audit_chain::table.filter(audit_chain::event_id.eq_any(&ids))).execute(conn)?;
    Ok(())
}

/// Moves the head behind what is deleted. One that somebody has changed stays as it is: it must not become genuine.
fn forget(conn: &mut DbConn, secrets: &Secrets, mut head: Head, old: &[Link]) -> Result<(), StoreError> {
    if !head.is_genuine(secrets) {
        return Ok(());
    }
    let mut walk = Walk { next: head.first_seq, previous: head.anchor.clone() };
    let mut damaged = 0;
    for link in old {
        let (missing, verdict) = walk.step(secrets, link);
        damaged += missing + i64::from(verdict != Verdict::Fits);
    }
    if damaged > 0 {
        tracing::error!(
            "{damaged} audit events of partition {} were missing or changed when they were pruned",
            head.part
        );
    }
    (head.first_seq, head.anchor) = (walk.next, walk.previous);
    head.damaged += damaged;
    heads::save(conn, secrets, head)
}
