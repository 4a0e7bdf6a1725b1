//! The rows of partitions: where each begins and ends.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::codes;
use super::schema::{Head, audit_chain, audit_heads};
use crate::master::Secrets;

/// The head to append to, and what was wrong with the one before, if something was.
pub(super) struct Open {
    pub(super) head: Head,
    pub(super) broken: Option<String>,
}

/// All of them, in their order.
pub(super) fn all(conn: &mut DbConn) -> Result<Vec<Head>, StoreError> {
    Ok(audit_heads::table.order(audit_heads::part).select(Head::as_select()).load(conn)?)
}

pub(super) fn find(conn: &mut DbConn, part: i64) -> Result<Option<Head>, StoreError> {
    Ok(audit_heads::table.find(part).select(Head::as_select()).get_result(conn).optional()?)
}

/// Stores a head that has moved.
pub(super) fn save(conn: &mut DbConn, secrets: &Secrets, head: Head) -> Result<(), StoreError> {
    let head = head.signed(secrets);
    on_backend!(conn, |c| diesel::update(audit_heads::table.find(head.part)).set(&head).execute(c))?;
    Ok(())
}

/// The head to append to: the newest, unless it is of another month or cannot be relied on. Then a new partition begins,
/// so that nothing that is sealed from now on depends on what somebody has done to the old one.
pub(super) fn open(conn: &mut DbConn, secrets: &Secrets, now: DateTime<Utc>) -> Result<Open, StoreError> {
    let month = now.format("%Y-%m").to_string();
    let last_linked = last_part(conn)?;
    let newest = audit_heads::table.order(audit_heads::part.desc()).select(Head::as_select());
    let Some(head) = newest.first::<Head>(conn).optional()? else {
        let broken = (last_linked > 0).then(|| "every head is gone".to_owned());
        let head = begin(conn, secrets, last_linked + 1, month, now, None)?;
        return Ok(Open { head, broken });
    };
    let broken = fault(conn, secrets, &head)?;
    // A clock that was set back does not reopen a month.
    if broken.is_none() && month <= head.month {
        return Ok(Open { head, broken });
    }
    let genuine = head.is_genuine(secrets);
    // The number of a partition that is gone is not given again: that it is missing is what shows.
    let gone = i64::from(genuine && head.closed);
    let part = last_linked.max(head.part + gone) + 1;
    let previous = (genuine && part == head.part + 1).then(|| head.last_hash.clone());
    if genuine && !head.closed {
        save(conn, secrets, Head { closed: true, ..head })?;
    }
    let head = begin(conn, secrets, part, month, now, previous.as_deref())?;
    Ok(Open { head, broken })
}

fn begin(
    conn: &mut DbConn,
    secrets: &Secrets,
    part: i64,
    month: String,
    now: DateTime<Utc>,
    previous: Option<&[u8]>,
) -> Result<Head, StoreError> {
    let base = codes::base(secrets, part, previous).to_vec();
    let head = Head {
        part,
        month,
        began_at: now.naive_utc(),
        base: base.clone(),
        first_seq: 1,
        anchor: base.clone(),
        last_seq: 0,
        last_hash: base,
        closed: false,
        damaged: 0,
        mac: Vec::new(),
    }
    .signed(secrets);
    on_backend!(conn, |c| diesel::insert_into(audit_heads::table).values(&head).execute(c))?;
    Ok(head)
}

/// Why the newest head is none to append to.
fn fault(conn: &mut DbConn, secrets: &Secrets, head: &Head) -> Result<Option<String>, StoreError> {
    let part = head.part;
    if !head.is_genuine(secrets) {
        return Ok(Some(format!("the head of partition {part} was changed")));
    }
    if head.closed {
        return Ok(Some(format!("the partition after {part} is gone")));
    }
    let tail: Option<(i64, Vec<u8>)> = audit_chain::table
        .filter(audit_chain::part.eq(part))
        .order(audit_chain::seq.desc())
        .select((audit_chain::seq, audit_chain::hash))
        .first(conn)
        .optional()?;
    let expected = (head.first_seq <= head.last_seq).then(|| (head.last_seq, head.last_hash.clone()));
    Ok((tail != expected).then(|| format!("partition {part} does not end where its head says")))
}

/// The highest partition that has a link; 0 without any.
fn last_part(conn: &mut DbConn) -> Result<i64, StoreError> {
    let last: Option<i64> = audit_chain::table.select(max(audit_chain::part)).first(conn)?;
    Ok(last.unwrap_or_default())
}
