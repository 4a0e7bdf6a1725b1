//! Territories: what groups organisations, and what an account may administer as a whole (contracts/rdv-sign-in.md
//! §11.1).

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError};

use self::schema::territories;
use crate::{
    act::Act,
    audit::Origin,
    errors::IdentityError,
    faults::Faults,
    identity::Identity,
    pages::{Page, bounded},
    removal,
    text::{self, MAX_ID, MAX_NAME},
};

pub(crate) mod schema {
    diesel::table! {
        territories (id) {
            number -> BigInt,
            id -> Text,
            name -> Text,
            created_at -> Timestamp,
            updated_at -> Timestamp,
        }
    }
}

/// A territory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Territory {
    /// Its id for ever.
    pub id: String,
    /// Its number for ever, for contracts that want integers. Never given to another territory.
    pub number: i64,
    /// The name to show.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

type Row = (i64, String, String, NaiveDateTime, NaiveDateTime);

fn from_row((number, id, name, created_at, updated_at): Row) -> Territory {
    Territory { id, number, name, created_at: created_at.and_utc(), updated_at: updated_at.and_utc() }
}

/// Checks the id and the name of a new or changed territory.
///
/// # Errors
/// Every fault, each with its field.
pub fn check(id: &str, name: &str) -> Result<(), Faults> {
    let mut faults = Faults::default();
    text::note(&mut faults, "id", id, MAX_ID);
    text::note(&mut faults, "name", name, MAX_NAME);
    faults.into_result(())
}

/// The territory with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Territory>, StoreError> {
    if text::check(id, MAX_ID).is_err() {
        return Ok(None);
    }
    Ok(territories::table.find(id).first::<Row>(conn).optional()?.map(from_row))
}

/// Territories in the order of their ids, from after this one.
///
/// # Errors
/// Those of the database.
pub fn list(
    conn: &mut DbConn,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Territory, String>, StoreError> {
    let limit = bounded(limit);
    let rows: Vec<Row> = territories::table
        .filter(territories::id.gt(after.unwrap_or_default().replace('\0', "")))
        .order(territories::id)
        .limit(limit + 1)
        .load(conn)?;
    let items = rows.into_iter().map(from_row).collect();
    Ok(Page::of(items, limit, |territory: &Territory| territory.id.clone()))
}

/// Makes a territory.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Taken`].
pub fn insert(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<Territory, IdentityError> {
    check(id, name)?;
    if find(conn, id)?.is_some() {
        return Err(IdentityError::Taken("territory id"));
    }
    diesel::insert_into(territories::table)
        .values((
            territories::id.eq(id),
            territories::name.eq(name),
            territories::created_at.eq(act.stamp()),
            territories::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "territory id"))?;
    act.record(conn, "territory.create", id, Some(json!({ "name": name })))?;
    load(conn, id)
}

/// Gives a territory another name. When it has that name already, nothing is written and nothing audited.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
pub fn update(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<Territory, IdentityError> {
    check(id, name)?;
    let current = load(conn, id)?;
    if current.name == name {
        return Ok(current);
    }
    diesel::update(territories::table.find(id))
        .set((territories::name.eq(name), territories::updated_at.eq(act.stamp())))
        .execute(conn)?;
    act.record(conn, "territory.update", id, Some(json!({ "name": name })))?;
    load(conn, id)
}

/// Removes a territory without organisations; nobody administers it then.
///
/// # Errors
/// [`IdentityError::InUse`] while organisations belong to it, [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    load(conn, id)?;
    removal::of_one(conn, "territory", |conn| diesel::delete(territories::table.find(id)).execute(conn))?;
    Ok(act.record(conn, "territory.delete", id, None)?)
}

fn load(conn: &mut DbConn, id: &str) -> Result<Territory, IdentityError> {
    find(conn, id)?.ok_or(IdentityError::Unknown("territory"))
}

impl Identity {
    /// Makes a territory.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`].
    pub async fn create_territory(
        &self,
        id: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<Territory, IdentityError> {
        let (id, name, act) = (id.to_owned(), name.to_owned(), self.act(origin));
        self.db.write(move |conn| insert(conn, &act, &id, &name)).await
    }

    /// Gives a territory another name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
    pub async fn update_territory(
        &self,
        id: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<Territory, IdentityError> {
        let (id, name, act) = (id.to_owned(), name.to_owned(), self.act(origin));
        self.db.write(move |conn| update(conn, &act, &id, &name)).await
    }

    /// Removes a territory without organisations.
    ///
    /// # Errors
    /// [`IdentityError::InUse`], [`IdentityError::Unknown`].
    pub async fn delete_territory(&self, id: &str, origin: &Origin) -> Result<(), IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| delete(conn, &act, &id)).await
    }

    /// The territory with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_territory(&self, id: &str) -> Result<Option<Territory>, IdentityError> {
        let id = id.to_owned();
        Ok(self.db.read(move |conn| find(conn, &id)).await?)
    }

    /// Territories in the order of their ids.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_territories(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Page<Territory, String>, IdentityError> {
        let after = after.map(str::to_owned);
        Ok(self.db.read(move |conn| list(conn, after.as_deref(), limit)).await?)
    }
}
