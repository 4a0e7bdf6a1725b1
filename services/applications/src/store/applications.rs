//! Queries on applications.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::schema::applications as table;
use crate::domain::application::{Application, Checked};
use crate::domain::id::{ApplicationId, OrganizationId};

/// An application as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
pub(super) struct Row {
    id: String,
    organization_id: String,
    kind: String,
    config: String,
    version: i64,
    created_at: NaiveDateTime,
    modified_at: NaiveDateTime,
    visible: bool,
    disabled: bool,
    expires_at: Option<NaiveDateTime>,
    anonymous_registration_enabled: bool,
}

impl From<&Application> for Row {
    fn from(application: &Application) -> Self {
        Self {
            id: application.id.to_string(),
            organization_id: application.organization_id.to_string(),
            kind: application.kind.as_str().to_owned(),
            config: application.config.to_string(),
            version: application.version,
            created_at: application.created_at.naive_utc(),
            modified_at: application.modified_at.naive_utc(),
            visible: application.visible,
            disabled: application.disabled,
            expires_at: application.expires_at.map(|instant| instant.naive_utc()),
            anonymous_registration_enabled: application.anonymous_registration_enabled,
        }
    }
}

impl TryFrom<Row> for Application {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let organization_id = row.organization_id.parse();
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("application id", error))?,
            organization_id: organization_id
                .map_err(|error| StoreError::corrupt("organization id", error))?,
            kind: row.kind.parse().map_err(|error| StoreError::corrupt("type", error))?,
            config: row.config.parse().map_err(|error| StoreError::corrupt("config", error))?,
            version: row.version,
            created_at: row.created_at.and_utc(),
            modified_at: row.modified_at.and_utc(),
            visible: row.visible,
            disabled: row.disabled,
            expires_at: row.expires_at.map(|instant| instant.and_utc()),
            anonymous_registration_enabled: row.anonymous_registration_enabled,
        })
    }
}

/// The application of this id.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, id: &ApplicationId) -> Result<Option<Application>, StoreError> {
    let named = table::table.find(id.as_str());
    let row = on_backend!(conn, |c| named.select(Row::as_select()).get_result::<Row>(c).optional())?;
    row.map(Application::try_from).transpose()
}

/// Whether an application has this id, of this organisation or of any. §7.6.
///
/// # Errors
/// The database's.
pub fn is_taken(
    conn: &mut DbConn,
    id: &ApplicationId,
    within: Option<&OrganizationId>,
) -> Result<bool, StoreError> {
    let organization =
        table::table.find(id.as_str()).select(table::organization_id).first::<String>(conn).optional()?;
    Ok(organization.is_some_and(|organization| within.is_none_or(|own| own.as_str() == organization)))
}

/// Inserts an application, unless its id is taken; whether it did.
///
/// # Errors
/// The database's.
pub(crate) fn insert_if_free(conn: &mut DbConn, application: &Checked) -> Result<bool, StoreError> {
    let row = Row::from(&**application);
    let inserted = on_backend!(conn, |c| diesel::insert_into(table::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Writes everything of an application that exists.
///
/// # Errors
/// The database's.
pub(crate) fn update(conn: &mut DbConn, application: &Checked) -> Result<(), StoreError> {
    let row = Row::from(&**application);
    diesel::update(table::table.find(application.id.as_str())).set(&row).execute(conn)?;
    Ok(())
}

/// Removes an application.
///
/// # Errors
/// The database's.
pub(crate) fn delete(conn: &mut DbConn, id: &ApplicationId) -> Result<(), StoreError> {
    diesel::delete(table::table.find(id.as_str())).execute(conn)?;
    Ok(())
}
