//! The table of applications.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{Application, ApplicationId, ApplicationStatus};

diesel::table! {
    application_statuses (id) {
        id -> Text,
        organization_id -> Text,
        disabled -> Bool,
        expires_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = application_statuses)]
struct ApplicationRow {
    id: String,
    organization_id: String,
    disabled: bool,
    expires_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<ApplicationRow> for Application {
    type Error = StoreError;

    fn try_from(row: ApplicationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("application id", error))?,
            status: ApplicationStatus {
                organization_id: row.organization_id,
                disabled: row.disabled,
                expires_at: row.expires_at.map(|end| end.and_utc()),
            },
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
        })
    }
}

/// The application with this id, as it is in the database now; what cannot be an id is nobody's.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Application>, StoreError> {
    let Ok(id) = id.parse::<ApplicationId>() else { return Ok(None) };
    let query = application_statuses::table.find(id.as_str());
    let row = on_backend!(conn, |c| query.select(ApplicationRow::as_select()).get_result(c)).optional()?;
    row.map(Application::try_from).transpose()
}

pub(super) fn insert(
    conn: &mut DbConn,
    id: &ApplicationId,
    status: &ApplicationStatus,
    now: NaiveDateTime,
) -> Result<(), StoreError> {
    diesel::insert_into(application_statuses::table)
        .values((
            application_statuses::id.eq(id.as_str()),
            application_statuses::organization_id.eq(&status.organization_id),
            application_statuses::disabled.eq(status.disabled),
            application_statuses::expires_at.eq(status.expires_at.map(|end| end.naive_utc())),
            application_statuses::created_at.eq(now),
            application_statuses::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether there was a row to update.
pub(super) fn update(
    conn: &mut DbConn,
    id: &ApplicationId,
    status: &ApplicationStatus,
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let updated = diesel::update(application_statuses::table.find(id.as_str()))
        .set((
            application_statuses::organization_id.eq(&status.organization_id),
            application_statuses::disabled.eq(status.disabled),
            application_statuses::expires_at.eq(status.expires_at.map(|end| end.naive_utc())),
            application_statuses::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(updated == 1)
}

/// Whether there was a row to delete.
pub(super) fn delete(conn: &mut DbConn, id: &ApplicationId) -> Result<bool, StoreError> {
    Ok(diesel::delete(application_statuses::table.find(id.as_str())).execute(conn)? == 1)
}
