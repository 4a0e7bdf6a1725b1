//! Organisations: what accounts and clients belong to.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use store::{DbConn, StoreError};

use self::schema::organizations;
use crate::{
    act::Act,
    audit::Origin,
    errors::IdentityError,
    faults::Faults,
    identity::Identity,
    pages::{Page, bounded},
    text::{self, MAX_ID, MAX_NAME},
};

mod schema {
    diesel::table! {
        organizations (id) {
            id -> Text,
            name -> Text,
            created_at -> Timestamp,
            updated_at -> Timestamp,
        }
    }
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id for ever.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

type Row = (String, String, NaiveDateTime, NaiveDateTime);

fn from_row((id, name, created_at, updated_at): Row) -> Organization {
    Organization { id, name, created_at: created_at.and_utc(), updated_at: updated_at.and_utc() }
}

/// Checks the id and the name of a new or changed organisation.
///
/// # Errors
/// Every fault, each with its field.
pub fn check(id: &str, name: &str) -> Result<(), Faults> {
    let mut faults = Faults::default();
    text::note(&mut faults, "id", id, MAX_ID);
    text::note(&mut faults, "name", name, MAX_NAME);
    faults.into_result(())
}

/// The organisation with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<Organization>, StoreError> {
    if text::check(id, MAX_ID).is_err() {
        return Ok(None);
    }
    Ok(organizations::table.find(id).first::<Row>(conn).optional()?.map(from_row))
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
    let rows: Vec<Row> = organizations::table
        .filter(organizations::id.gt(after.unwrap_or_default().replace('\0', "")))
        .order(organizations::id)
        .limit(limit + 1)
        .load(conn)?;
    let items = rows.into_iter().map(from_row).collect();
    Ok(Page::of(items, limit, |organization: &Organization| organization.id.clone()))
}

/// Makes an organisation.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Taken`].
pub fn insert(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<(), IdentityError> {
    check(id, name)?;
    if find(conn, id)?.is_some() {
        return Err(IdentityError::Taken("organization id"));
    }
    diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(id),
            organizations::name.eq(name),
            organizations::created_at.eq(act.stamp()),
            organizations::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "organization id"))?;
    Ok(act.record(conn, "organization.create", id, Some(json!({ "name": name })))?)
}

/// Gives an organisation another name.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
pub fn rename(conn: &mut DbConn, act: &Act, id: &str, name: &str) -> Result<(), IdentityError> {
    check(id, name)?;
    let changed = diesel::update(organizations::table.find(id))
        .set((organizations::name.eq(name), organizations::updated_at.eq(act.stamp())))
        .execute(conn)?;
    if changed == 0 {
        return Err(IdentityError::Unknown("organization"));
    }
    Ok(act.record(conn, "organization.update", id, Some(json!({ "name": name })))?)
}

/// Removes an organisation nobody belongs to.
///
/// # Errors
/// [`IdentityError::InUse`] while accounts or clients belong to it, [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    use diesel::result::{DatabaseErrorKind::ForeignKeyViolation, Error::DatabaseError};
    match find(conn, id)? {
        Some(_) => {}
        None => return Err(IdentityError::Unknown("organization")),
    }
    // Under a savepoint: the refusal must not end the caller's transaction.
    let removed = store::savepoint(conn, |conn| {
        diesel::delete(organizations::table.find(id)).execute(conn).map_err(|error| match error {
            DatabaseError(ForeignKeyViolation, _) => IdentityError::InUse("organization"),
            other => other.into(),
        })
    })?;
    if removed == 0 {
        return Err(IdentityError::Unknown("organization"));
    }
    Ok(act.record(conn, "organization.delete", id, None)?)
}

impl Identity {
    /// Makes an organisation.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`].
    pub async fn create_organization(
        &self,
        id: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<Organization, IdentityError> {
        let (id, name, act) = (id.to_owned(), name.to_owned(), self.act(origin));
        self.db
            .write(move |conn| {
                insert(conn, &act, &id, &name)?;
                find(conn, &id)?.ok_or(IdentityError::Unknown("organization"))
            })
            .await
    }

    /// Gives an organisation another name.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
    pub async fn rename_organization(
        &self,
        id: &str,
        name: &str,
        origin: &Origin,
    ) -> Result<(), IdentityError> {
        let (id, name, act) = (id.to_owned(), name.to_owned(), self.act(origin));
        self.db.write(move |conn| rename(conn, &act, &id, &name)).await
    }

    /// Removes an organisation nobody belongs to.
    ///
    /// # Errors
    /// [`IdentityError::InUse`], [`IdentityError::Unknown`].
    pub async fn delete_organization(&self, id: &str, origin: &Origin) -> Result<(), IdentityError> {
        let (id, act) = (id.to_owned(), self.act(origin));
        self.db.write(move |conn| delete(conn, &act, &id)).await
    }

    /// The organisation with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_organization(&self, id: &str) -> Result<Option<Organization>, IdentityError> {
        let id = id.to_owned();
        Ok(self.db.read(move |conn| find(conn, &id)).await?)
    }

    /// Organisations in the order of their ids.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_organizations(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Page<Organization, String>, IdentityError> {
        let after = after.map(str::to_owned);
        Ok(self.db.read(move |conn| list(conn, after.as_deref(), limit)).await?)
    }
}
