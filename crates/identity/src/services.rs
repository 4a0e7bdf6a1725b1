//! Services: the departments that accounts work in, across organisations (contracts/rdv-sign-in.md §11.1).

mod changes;
mod facade;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

pub use changes::{ServiceChange, check, delete, insert, update};

use self::schema::services;
use crate::{
    pages::{Page, bounded},
    text::{self, MAX_ID},
};

/// The name of the service that reaches over all services of its members' organisations (contracts/rdv-sign-in.md
/// §11.1): exactly this one.
pub const SECRETARIAT: &str = "Secrétariat";

pub(crate) mod schema {
    diesel::table! {
        services (id) {
            number -> BigInt,
            id -> Text,
            name -> Text,
            short_name -> Nullable<Text>,
            created_at -> Timestamp,
            updated_at -> Timestamp,
        }
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id for ever.
    pub id: String,
    /// Its number for ever, for contracts that want integers. Never given to another service.
    pub number: i64,
    /// The name to show. [`SECRETARIAT`] has a meaning.
    pub name: String,
    /// The name to show where there is little room.
    pub short_name: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

type Row = (i64, String, String, Option<String>, NaiveDateTime, NaiveDateTime);

fn from_row((number, id, name, short_name, created_at, updated_at): Row) -> Service {
    Service {
        id,
        number,
        name,
        short_name,
        created_at: created_at.and_utc(),
        updated_at: updated_at.and_utc(),
    }
}

/// The service with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Service>, StoreError> {
    if text::check(id, MAX_ID).is_err() {
        return Ok(None);
    }
    let row: Option<Row> = on_backend!(conn, |c| services::table.find(id).get_result(c).optional())?;
    Ok(row.map(from_row))
}

/// Services in the order of their ids, from after this one.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut DbConn, after: Option<&str>, limit: i64) -> Result<Page<Service, String>, StoreError> {
    let limit = bounded(limit);
    let rows: Vec<Row> = services::table
        .filter(services::id.gt(after.unwrap_or_default().replace('\0', "")))
        .order(services::id)
        .limit(limit + 1)
        .load(conn)?;
    let items = rows.into_iter().map(from_row).collect();
    Ok(Page::of(items, limit, |service: &Service| service.id.clone()))
}
