//! Organisations: what accounts and clients belong to. RDV's organisations are these (contracts/rdv-sign-in.md §11.1).

mod changes;
mod facade;
mod phone;
mod verticale;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};

pub use changes::{OrganizationChange, check, delete, insert, update};
pub use phone::check_phone_number;
pub use verticale::{UnknownVerticale, Verticale};

use self::schema::organizations;
use crate::{
    pages::{Page, bounded},
    text::{self, MAX_ID},
};

pub(crate) mod schema {
    diesel::table! {
        organizations (id) {
            id -> Text,
            name -> Text,
            created_at -> Timestamp,
            updated_at -> Timestamp,
            number -> BigInt,
            territory_id -> Nullable<Text>,
            phone_number -> Nullable<Text>,
            email -> Nullable<Text>,
            verticale -> Text,
        }
    }
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id for ever.
    pub id: String,
    /// Its number for ever, for contracts that want integers. Never given to another organisation.
    pub number: i64,
    /// The name to show: unique within a territory.
    pub name: String,
    /// The territory it belongs to.
    pub territory_id: Option<String>,
    /// Its telephone number, as given; [`check_phone_number`] says which are accepted.
    pub phone_number: Option<String>,
    /// Its e-mail address, as given but for white space around it. Any text: nobody signs in with it.
    pub email: Option<String>,
    /// The line of business that RDV counts it to.
    pub verticale: Verticale,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// An organisation as its table has it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = organizations)]
pub(crate) struct OrganizationRow {
    id: String,
    name: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    number: i64,
    territory_id: Option<String>,
    phone_number: Option<String>,
    email: Option<String>,
    verticale: String,
}

impl TryFrom<OrganizationRow> for Organization {
    type Error = StoreError;

    fn try_from(row: OrganizationRow) -> Result<Self, StoreError> {
        let verticale = row.verticale.parse();
        Ok(Self {
            id: row.id,
            number: row.number,
            name: row.name,
            territory_id: row.territory_id,
            phone_number: row.phone_number,
            email: row.email,
            verticale: verticale.map_err(|error| StoreError::corrupt("organizations.verticale", error))?,
            created_at: row.created_at.and_utc(),
            updated_at: row.updated_at.and_utc(),
        })
    }
}

/// The organisation with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Organization>, StoreError> {
    if text::check(id, MAX_ID).is_err() {
        return Ok(None);
    }
    let row = organizations::table.find(id).select(OrganizationRow::as_select()).first(conn).optional()?;
    row.map(Organization::try_from).transpose()
}

/// [`find`] in a transaction that goes on to decide by who belongs to the organisation: whoever else is about to, waits.
///
/// # Errors
/// Those of the database.
pub fn find_for_change(conn: &mut DbConn, id: &str) -> Result<Option<Organization>, StoreError> {
    if let DbConn::Pg(conn) = conn
        && text::check(id, MAX_ID).is_ok()
    {
        let row = organizations::table.find(id).select(organizations::number);
        row.for_no_key_update().first::<i64>(conn).optional()?;
    }
    find(conn, id)
}

/// The organisation with this number.
///
/// # Errors
/// Those of the database.
pub fn find_by_number(conn: &mut DbConn, number: i64) -> Result<Option<Organization>, StoreError> {
    let row = organizations::table
        .filter(organizations::number.eq(number))
        .select(OrganizationRow::as_select())
        .first(conn)
        .optional()?;
    row.map(Organization::try_from).transpose()
}

/// Organisations in the order of their ids, from after this one.
///
/// # Errors
/// Those of the database.
pub fn list(
    conn: &mut DbConn,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Organization, String>, StoreError> {
    let limit = bounded(limit);
    let rows: Vec<OrganizationRow> = organizations::table
        .filter(organizations::id.gt(after.unwrap_or_default().replace('\0', "")))
        .order(organizations::id)
        .limit(limit + 1)
        .select(OrganizationRow::as_select())
        .load(conn)?;
    let items = rows.into_iter().map(Organization::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(items, limit, |organization: &Organization| organization.id.clone()))
}
