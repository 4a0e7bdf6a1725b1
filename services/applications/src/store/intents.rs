//! What the authorization server is about to be told, noted before it is told.
//!
//! | an intent | stands for |
//! | --- | --- |
//! | noted | a change that may have been told, by a process that may be gone |
//! | removed with the change | a change that was told, confirmed, and committed |
//! | removed by a repair | a change of which nothing can be under way any more |
//!
//! Each change has an intent of its own, so that none is removed by another change of the same application.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};
use uuid::Uuid;

use super::schema::status_intents as table;
use crate::domain::id::ApplicationId;

/// The intent of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent {
    id: Uuid,
    application: ApplicationId,
    noted_at: DateTime<Utc>,
}

impl Intent {
    /// To tell something of this application.
    pub(crate) fn new(application: ApplicationId, now: DateTime<Utc>) -> Self {
        Self { id: Uuid::now_v7(), application, noted_at: now }
    }
}

/// Notes an intent.
///
/// # Errors
/// The database's.
pub(crate) fn note(conn: &mut DbConn, intent: &Intent) -> Result<(), StoreError> {
    let row = (
        table::id.eq(intent.id.to_string()),
        table::application_id.eq(intent.application.as_str()),
        table::noted_at.eq(intent.noted_at.naive_utc()),
    );
    diesel::insert_into(table::table).values(row).execute(conn)?;
    Ok(())
}

/// Removes an intent; whether it was still there.
///
/// # Errors
/// The database's.
pub(crate) fn remove(conn: &mut DbConn, intent: &Intent) -> Result<bool, StoreError> {
    let removed = diesel::delete(table::table.find(intent.id.to_string())).execute(conn)?;
    Ok(removed == 1)
}

/// Removes those of an application that were noted at that instant or before.
///
/// # Errors
/// The database's.
pub(crate) fn remove_until(
    conn: &mut DbConn,
    application: &ApplicationId,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let settled = table::table.filter(table::application_id.eq(application.as_str()));
    diesel::delete(settled.filter(table::noted_at.le(until.naive_utc()))).execute(conn)?;
    Ok(())
}

/// Whether there is one for this application.
///
/// # Errors
/// The database's.
pub(crate) fn exist(conn: &mut DbConn, application: &ApplicationId) -> Result<bool, StoreError> {
    let of_it = table::table.filter(table::application_id.eq(application.as_str()));
    Ok(diesel::select(diesel::dsl::exists(of_it)).get_result(conn)?)
}

/// Some of the applications that have one, in the order of their ids, from behind that one.
///
/// # Errors
/// The database's.
pub(crate) fn list_applications(
    conn: &mut DbConn,
    behind: Option<&ApplicationId>,
    limit: i64,
) -> Result<BTreeSet<ApplicationId>, StoreError> {
    let ids = table::table
        .filter(table::application_id.gt(behind.map_or("", ApplicationId::as_str)))
        .select(table::application_id)
        .distinct()
        .order(table::application_id)
        .limit(limit)
        .load::<String>(conn)?;
    ids.iter().map(|id| id.parse().map_err(|error| StoreError::corrupt("application id", error))).collect()
}
