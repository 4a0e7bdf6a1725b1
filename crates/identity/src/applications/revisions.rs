//! How often the directory was told of an application.
//!
//! Whoever tells something asks for the revision first, and names it. What is told moves the revision on, also when it says
//! nothing new, so that of two that name the same one only the first counts: what was given up on and arrives after something
//! that was confirmed changes nothing. The revision of an application that is gone is kept for [`KEPT`], which is many times
//! what anything can be late.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use store::pruning::{Job, Step};
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

/// The table, in metrics.
pub(crate) const TABLE: &str = "application_revisions";

/// How long a deletion is remembered.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(1);

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

/// The revisions of applications that were gone before `before`. Whoever deletes an application tells of it, so one of which
/// nothing was told since `from` is there if it was there then.
pub(crate) fn job(from: Option<NaiveDateTime>, before: NaiveDateTime) -> Job {
    let since = from.unwrap_or(DateTime::UNIX_EPOCH.naive_utc());
    Job::new(
        TABLE,
        move |conn| {
            let told =
                application_revisions::changed_at.le(before).and(application_revisions::changed_at.gt(since));
            let any = diesel::dsl::exists(application_revisions::table.filter(told));
            Ok(diesel::select(any).get_result(conn)?)
        },
        move |conn, cursor, limit| {
            let from = cursor.map_or((since, ""), |(at, id)| (*at, id.as_str()));
            forget(conn, from, before, limit)
        },
    )
}

/// Looks at the next `limit` revisions, and forgets those of applications that are gone.
fn forget(
    conn: &mut DbConn,
    (at, id): (NaiveDateTime, &str),
    before: NaiveDateTime,
    limit: u32,
) -> Result<Step, StoreError> {
    let settled = application_revisions::changed_at.le(before);
    let behind = application_revisions::changed_at
        .ge(at)
        .and(application_revisions::changed_at.gt(at).or(application_revisions::id.gt(id)));
    let looked_at: Vec<(NaiveDateTime, String)> = application_revisions::table
        .filter(settled)
        .filter(behind)
        .order((application_revisions::changed_at, application_revisions::id))
        .select((application_revisions::changed_at, application_revisions::id))
        .limit(limit.into())
        .load(conn)?;
    let ids = || looked_at.iter().map(|(_, id)| id);
    let there: HashSet<String> = application_statuses::table
        .filter(application_statuses::id.eq_any(ids()))
        .select(application_statuses::id)
        .load(conn)?
        .into_iter()
        .collect();
    let gone = ids().filter(|id| !there.contains(*id));
    // One that somebody has told of since is not settled any more.
    let gone = application_revisions::table.filter(application_revisions::id.eq_any(gone)).filter(settled);
    let deleted = diesel::delete(gone).execute(conn)?;
    let more = looked_at.len() >= limit as usize;
    Ok(Step { deleted, next: looked_at.into_iter().next_back().filter(|_| more) })
}
