//! The table of counts.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use rate_limit::Throttled;
use store::{DbConn, StoreError, on_backend};

use super::{Count, LockoutRule, Slot};

diesel::table! {
    lockouts (subject, network) {
        subject -> Binary,
        network -> Binary,
        failures -> Integer,
        failed_at -> Timestamp,
        locked_until -> Nullable<Timestamp>,
        expires_at -> Timestamp,
    }
}

/// What an attempt is decided by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// That of all networks together.
    pub(crate) shared: Count,
    /// That of the attempt's slot.
    pub(crate) own: Count,
}

type Row = (Vec<u8>, i32, Option<NaiveDateTime>, NaiveDateTime);

fn columns() -> (lockouts::network, lockouts::failures, lockouts::locked_until, lockouts::expires_at) {
    (lockouts::network, lockouts::failures, lockouts::locked_until, lockouts::expires_at)
}

fn count((_, failures, locked_until, _): &Row) -> Count {
    Count {
        failures: u32::try_from(*failures).unwrap_or(0),
        locked_until: locked_until.map(|until| until.and_utc()),
    }
}

/// Reads a slot and what is shared beside it, in one query whichever the slot is.
pub(crate) fn counts(conn: &mut DbConn, slot: &Slot, now: DateTime<Utc>) -> Result<Counts, StoreError> {
    // Two comparisons, since SQLite compiles a list anew each time.
    let networks = lockouts::network.eq(Vec::new()).or(lockouts::network.eq(&slot.network));
    let counted = lockouts::table
        .filter(lockouts::subject.eq(slot.subject.to_vec()))
        .filter(networks)
        .filter(lockouts::expires_at.gt(now.naive_utc()))
        .order(lockouts::network)
        .select(columns());
    let rows: Vec<Row> = on_backend!(conn, |c| counted.load(c))?;
    let of = |network: &[u8]| rows.iter().find(|row| row.0 == network).map(count).unwrap_or_default();
    Ok(Counts { shared: of(&[]), own: of(&slot.network) })
}

/// The counts of all networks together for these subjects, in their order.
pub(crate) fn shared(
    conn: &mut DbConn,
    subjects: &[[u8; 32]],
    now: DateTime<Utc>,
) -> Result<Vec<([u8; 32], Count)>, StoreError> {
    let wanted: Vec<Vec<u8>> = subjects.iter().map(|subject| subject.to_vec()).collect();
    let rows: Vec<(Vec<u8>, i32, Option<NaiveDateTime>)> = lockouts::table
        .filter(lockouts::subject.eq_any(wanted))
        .filter(lockouts::network.eq(Vec::<u8>::new()))
        .filter(lockouts::expires_at.gt(now.naive_utc()))
        .order(lockouts::subject)
        .select((lockouts::subject, lockouts::failures, lockouts::locked_until))
        .load(conn)?;
    let found = |subject: &[u8; 32]| {
        let row = rows.iter().find(|row| row.0 == subject.as_slice())?;
        let failures = u32::try_from(row.1).unwrap_or(0);
        Some((*subject, Count { failures, locked_until: row.2.map(|until| until.and_utc()) }))
    };
    Ok(subjects.iter().filter_map(found).collect())
}

/// Counts a failure, unless it is locked by now: then nobody is told how the attempt ended, and nothing is counted. The
/// row is held until the end of the transaction, so that of any number at once, on any number of replicas, no more are
/// counted than the rule allows.
pub(crate) fn fail(
    conn: &mut DbConn,
    slot: &Slot,
    rule: &LockoutRule,
    now: DateTime<Utc>,
) -> Result<Result<Counts, Throttled>, StoreError> {
    let before = hold(conn, slot, now)?;
    if let Err(throttled) = before.check(now) {
        return Ok(Err(throttled));
    }
    let own = before.failed(rule, now);
    diesel::update(lockouts::table.find((slot.subject.to_vec(), &slot.network)))
        .set((
            lockouts::failures.eq(i32::try_from(own.failures).unwrap_or(i32::MAX)),
            lockouts::failed_at.eq(now.naive_utc()),
            lockouts::locked_until.eq(own.locked_until.map(|until| until.naive_utc())),
            lockouts::expires_at.eq(own.expires_at(rule, now).naive_utc()),
        ))
        .execute(conn)?;
    // Also where the slot is the shared one: the work is the same for every network (threat 17).
    Ok(Ok(Counts { own, ..counts(conn, slot, now)? }))
}

/// The count as nobody else can change it until the end of the transaction: the statement takes the row's lock whether or
/// not it was there.
fn hold(conn: &mut DbConn, slot: &Slot, now: DateTime<Utc>) -> Result<Count, StoreError> {
    let failed_at = lockouts::failed_at.eq(now.naive_utc());
    let row = (
        lockouts::subject.eq(slot.subject.to_vec()),
        lockouts::network.eq(&slot.network),
        lockouts::failures.eq(0),
        failed_at,
        lockouts::expires_at.eq(now.naive_utc()),
    );
    let row: Row = on_backend!(conn, |c| diesel::insert_into(lockouts::table)
        .values(row)
        .on_conflict((lockouts::subject, lockouts::network))
        .do_update()
        .set(failed_at)
        .returning(columns())
        .get_result(c))?;
    Ok(if row.3 > now.naive_utc() { count(&row) } else { Count::default() })
}

/// Forgets one count.
pub(crate) fn forget(conn: &mut DbConn, slot: &Slot) -> Result<(), StoreError> {
    diesel::delete(lockouts::table.find((slot.subject.to_vec(), &slot.network))).execute(conn)?;
    Ok(())
}

/// Forgets every count of these subjects, from wherever, and says how many there were.
pub(crate) fn forget_all(conn: &mut DbConn, subjects: &[[u8; 32]]) -> Result<usize, StoreError> {
    let subjects: Vec<Vec<u8>> = subjects.iter().map(|subject| subject.to_vec()).collect();
    Ok(diesel::delete(lockouts::table.filter(lockouts::subject.eq_any(subjects))).execute(conn)?)
}
