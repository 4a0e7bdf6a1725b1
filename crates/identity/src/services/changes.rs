//! Changes to services. Each writes its audit row in the caller's transaction.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::json;
use store::DbConn;

use super::{Service, find, schema::services};
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    removal,
    text::{self, MAX_ID, MAX_NAME},
};

/// What a service is to be given; what is absent stays as it is, and `Some(None)` takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, AsChangeset)]
#[diesel(table_name = services)]
pub struct ServiceChange {
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name to show where there is little room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_name: Option<Option<String>>,
}

impl ServiceChange {
    /// A change of the name alone.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// The fields it gives a value to.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        let given = [("name", self.name.is_some()), ("short_name", self.short_name.is_some())];
        given.into_iter().filter_map(|(field, given)| given.then_some(field)).collect()
    }

    /// What is left of it for a service that is like this.
    #[must_use]
    pub fn against(&self, current: &Service) -> Self {
        let new = self.clone();
        Self {
            name: new.name.filter(|name| *name != current.name),
            short_name: new.short_name.filter(|short_name| *short_name != current.short_name),
        }
    }
}

/// Checks the id of a service and what it is to be given, the same for a new one and for a change (threat 14).
///
/// # Errors
/// Every fault, each with its field.
pub fn check(id: &str, change: &ServiceChange) -> Result<(), Faults> {
    let mut faults = Faults::default();
    text::note(&mut faults, "id", id, MAX_ID);
    text::note_optional(&mut faults, "name", change.name.as_ref(), MAX_NAME);
    let short_name = change.short_name.as_ref().and_then(Option::as_ref);
    text::note_optional(&mut faults, "short_name", short_name, MAX_NAME);
    faults.into_result(())
}

/// Makes a service. Without a name, it is called by its id.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Taken`].
pub fn insert(
    conn: &mut DbConn,
    act: &Act,
    id: &str,
    change: &ServiceChange,
) -> Result<Service, IdentityError> {
    let name = change.name.clone().unwrap_or_else(|| id.to_owned());
    let change = ServiceChange { name: Some(name), ..change.clone() };
    check(id, &change)?;
    if find(conn, id)?.is_some() {
        return Err(IdentityError::Taken("service id"));
    }
    diesel::insert_into(services::table)
        .values((
            services::id.eq(id),
            services::name.eq(change.name.as_deref().unwrap_or(id)),
            services::short_name.eq(change.short_name.as_ref().and_then(Option::as_deref)),
            services::created_at.eq(act.stamp()),
            services::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "service id"))?;
    act.record(conn, "service.create", id, Some(json!(change)))?;
    load(conn, id)
}

/// Gives a service other values. When it has them all already, nothing is written and nothing audited.
///
/// # Errors
/// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
pub fn update(
    conn: &mut DbConn,
    act: &Act,
    id: &str,
    change: &ServiceChange,
) -> Result<Service, IdentityError> {
    check(id, change)?;
    let current = load(conn, id)?;
    let change = change.against(&current);
    if change == ServiceChange::default() {
        return Ok(current);
    }
    diesel::update(services::table.find(id))
        .set((&change, services::updated_at.eq(act.stamp())))
        .execute(conn)?;
    act.record(conn, "service.update", id, Some(json!(change)))?;
    load(conn, id)
}

/// Removes a service nobody works in.
///
/// # Errors
/// [`IdentityError::InUse`] while accounts belong to it, [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    load(conn, id)?;
    removal::of_one(conn, "service", |conn| diesel::delete(services::table.find(id)).execute(conn))?;
    Ok(act.record(conn, "service.delete", id, None)?)
}

fn load(conn: &mut DbConn, id: &str) -> Result<Service, IdentityError> {
    find(conn, id)?.ok_or(IdentityError::Unknown("service"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_at_once() {
        let change = ServiceChange { name: Some(" ".to_owned()), short_name: Some(Some("a\n".to_owned())) };
        let faults = check("", &change).unwrap_err();
        let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["id", "name", "short_name"]);
        assert_eq!(
            check("a", &ServiceChange { short_name: Some(None), ..ServiceChange::named("A") }),
            Ok(())
        );
    }
}
