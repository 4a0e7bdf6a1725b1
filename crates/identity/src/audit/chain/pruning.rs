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
/// What does not fit says nothing, not even of its age: whoever writes the tables could have young events deleted otherwise,
/// and with the last of a partition the memory of what was wrong with it.
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
    let heads = heads::all(conn)?;
    for (index, head) in heads.iter().enumerate().filter(|(_, head)| head.first_seq <= head.last_seq) {
        let links = links(conn, head.part, head.first_seq, head.last_seq, limit.into())?;
        // What is sealed in a partition was sealed before the next one began.
        let next = heads.get(index + 1).filter(|next| next.is_genuine(secrets));
        let old = match next {
            Some(next) if next.began_at < before.naive_utc() => links.len(),
            _ => prefix(secrets, head, &links, before.naive_utc()),
        };
        if old > 0 {
            delete(conn, &links[..old])?;
            forget(conn, secrets, head.clone(), &links[..old])?;
            return Ok(old);
        }
        if !links.is_empty() {
            break;
        }
    }
    Ok(0)
}

/// How many of these links are old for certain. Whatever does not fit was sealed before the next one that does.
fn prefix(secrets: &Secrets, head: &Head, links: &[Link], before: NaiveDateTime) -> usize {
    let mut walk = Walk { next: head.first_seq, previous: head.anchor.clone() };
    let mut old = 0;
    for (index, link) in links.iter().enumerate() {
        let ((_, Verdict::Fits), (row, Some(event))) = (walk.step(secrets, link), link) else { continue };
        let age = if old == index { event.at } else { event.at.max(row.sealed_at) };
        if age >= before {
            break;
        }
        old = index + 1;
    }
    old
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
