//! How often the directory was told of an application.
//!
//! Whoever tells something asks for the revision first, and names it. What is told moves the revision on, also when it says
//! nothing new, so that of two that name the same one only the first counts: what was given up on and arrives after something
//! that was confirmed changes nothing. The revision of an application that is gone is kept for [`KEPT`], which is many times
//! what anything can be late.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::ApplicationId;
use super::rows::application_statuses;

diesel::table! {
    application_revisions (id) {
        id -> Text,
        revision -> BigInt,
        changed_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(application_revisions, application_statuses);

/// How long a deletion is remembered.
const KEPT: TimeDelta = TimeDelta::days(1);

/// The revision of an application, there or not; 0 when nothing was told of it.
pub(super) fn find(conn: &mut DbConn, id: &ApplicationId) -> Result<i64, StoreError> {
    let query = application_revisions::table.find(id.as_str()).select(application_revisions::revision);
    Ok(query.first(conn).optional()?.unwrap_or(0))
}

/// Moves the revision on if it is `after`, and keeps everybody else from doing so until the transaction ends; whether it
/// was.
pub(super) fn advance(
    conn: &mut DbConn,
    id: &ApplicationId,
    after: i64,
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let moved = if after == 0 {
        let first = (
            application_revisions::id.eq(id.as_str()),
            application_revisions::revision.eq(1),
            application_revisions::changed_at.eq(now),
        );
        on_backend!(conn, |c| diesel::insert_into(application_revisions::table)
            .values(first)
            .on_conflict_do_nothing()
            .execute(c))?
    } else {
        let unchanged =
            application_revisions::table.find(id.as_str()).filter(application_revisions::revision.eq(after));
        diesel::update(unchanged)
            .set((
                application_revisions::revision.eq(after.saturating_add(1)),
                application_revisions::changed_at.eq(now),
            ))
            .execute(conn)?
    };
    Ok(moved == 1)
}

/// Forgets at most `limit` applications that have been gone for long.
pub(crate) fn prune(conn: &mut DbConn, now: DateTime<Utc>, limit: u32) -> Result<usize, StoreError> {
    let Some(before) = now.checked_sub_signed(KEPT) else { return Ok(0) };
    let settled = application_revisions::changed_at.le(before.naive_utc());
    let exists = diesel::dsl::exists(
        application_statuses::table.filter(application_statuses::id.eq(application_revisions::id)),
    );
    let gone: Vec<String> = application_revisions::table
        .filter(settled)
        .filter(diesel::dsl::not(exists))
        .order((application_revisions::changed_at, application_revisions::id))
        .select(application_revisions::id)
        .limit(limit.into())
        .load(conn)?;
    // One that somebody has told of since is not settled any more.
    let gone = application_revisions::table.filter(application_revisions::id.eq_any(gone)).filter(settled);
    Ok(diesel::delete(gone).execute(conn)?)
}
