//! Changes to organisations. Each writes its audit row in the caller's transaction.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::json;
use store::{DbConn, StoreError};

use super::{Organization, Verticale, check_phone_number, find, schema::organizations};
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    removal, territories,
    text::{self, MAX_ID, MAX_NAME},
};

/// What an organisation is to be given; what is absent stays as it is, and `Some(None)` takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrganizationChange {
    /// The name to show. White space around it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The telephone number, stored as it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<Option<String>>,
    /// The e-mail address. White space around it goes, and when nothing is left, so does the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Option<String>>,
    /// The line of business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verticale: Option<Verticale>,
    /// The territory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territory_id: Option<Option<String>>,
}

impl OrganizationChange {
    /// A change of the name alone.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// The fields it gives a value to.
    #[must_use]
    pub fn fields(&self) -> Vec<&'static str> {
        let given = [
            ("name", self.name.is_some()),
            ("phone_number", self.phone_number.is_some()),
            ("email", self.email.is_some()),
            ("verticale", self.verticale.is_some()),
            ("territory_id", self.territory_id.is_some()),
        ];
        given.into_iter().filter_map(|(field, given)| given.then_some(field)).collect()
    }

    /// In the form that is stored (contracts/rdv-sign-in.md §12.4: name and e-mail address are trimmed).
    fn normalized(&self) -> Self {
        let trimmed = |text: &String| text.trim().to_owned();
        let email = |email: &Option<String>| email.as_ref().map(trimmed).filter(|email| !email.is_empty());
        Self { name: self.name.as_ref().map(trimmed), email: self.email.as_ref().map(email), ..self.clone() }
    }

    /// What is left of it for an organisation that is like this, in the form that is stored.
    #[must_use]
    pub fn against(&self, current: &Organization) -> Self {
        let new = self.normalized();
        Self {
            name: new.name.filter(|name| *name != current.name),
            phone_number: new.phone_number.filter(|phone_number| *phone_number != current.phone_number),
            email: new.email.filter(|email| *email != current.email),
            verticale: new.verticale.filter(|verticale| *verticale != current.verticale),
            territory_id: new.territory_id.filter(|territory_id| *territory_id != current.territory_id),
        }
    }

    fn columns(self) -> Columns {
        Columns {
            name: self.name,
            phone_number: self.phone_number,
            email: self.email,
            verticale: self.verticale.map(Verticale::as_str),
            territory_id: self.territory_id,
        }
    }
}

/// Columns that are given a value. Two concurrent changes of different fields both stay.
#[derive(AsChangeset)]
#[diesel(table_name = organizations)]
#[expect(clippy::option_option, reason = "diesel's form of a column that may be left alone or set to NULL")]
struct Columns {
    name: Option<String>,
    phone_number: Option<Option<String>>,
    email: Option<Option<String>>,
    verticale: Option<&'static str>,
    territory_id: Option<Option<String>>,
}

/// Checks the id of an organisation and what it is to be given, the same for a new one and for a change (threat 14).
///
/// # Errors
/// Every fault, each with its field.
pub fn check(id: &str, change: &OrganizationChange) -> Result<(), Faults> {
    let (mut faults, change) = (Faults::default(), change.normalized());
    text::note(&mut faults, "id", id, MAX_ID);
    text::note_optional(&mut faults, "name", change.name.as_ref(), MAX_NAME);
    if let Some(Some(phone_number)) = &change.phone_number
        && !check_phone_number(phone_number)
    {
        faults.push("phone_number", "is neither a French or international telephone number nor four digits");
    }
    text::note_optional(&mut faults, "email", change.email.flatten().as_ref(), MAX_NAME);
    text::note_optional(&mut faults, "territory_id", change.territory_id.flatten().as_ref(), MAX_ID);
    faults.into_result(())
}

/// Makes an organisation. Without a name, it is called by its id.
///
/// # Errors
/// [`IdentityError::Invalid`], also for an unknown territory; [`IdentityError::Taken`] for an id, or for a name within
/// the territory.
pub fn insert(
    conn: &mut DbConn,
    act: &Act,
    id: &str,
    change: &OrganizationChange,
) -> Result<Organization, IdentityError> {
    let name = change.name.clone().unwrap_or_else(|| id.to_owned());
    let change = OrganizationChange { name: Some(name), ..change.clone() };
    check(id, &change)?;
    if find(conn, id)?.is_some() {
        return Err(IdentityError::Taken("organization id"));
    }
    let change = change.normalized();
    check_place(conn, id, change.name.as_deref(), change.territory_id.as_ref().and_then(Option::as_deref))?;
    diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(id),
            organizations::name.eq(change.name.as_deref().unwrap_or(id)),
            organizations::phone_number.eq(change.phone_number.as_ref().and_then(Option::as_deref)),
            organizations::email.eq(change.email.as_ref().and_then(Option::as_deref)),
            organizations::verticale.eq(change.verticale.unwrap_or_default().as_str()),
            organizations::territory_id.eq(change.territory_id.as_ref().and_then(Option::as_deref)),
            organizations::created_at.eq(act.stamp()),
            organizations::updated_at.eq(act.stamp()),
        ))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "organization id or name"))?;
    act.record(conn, "organization.create", id, Some(json!(change)))?;
    load(conn, id)
}

/// Gives an organisation other values. When it has them all already, nothing is written and nothing audited.
///
/// # Errors
/// As [`insert`], and [`IdentityError::Unknown`].
pub fn update(
    conn: &mut DbConn,
    act: &Act,
    id: &str,
    change: &OrganizationChange,
) -> Result<Organization, IdentityError> {
    check(id, change)?;
    let current = load(conn, id)?;
    let change = change.against(&current);
    if change == OrganizationChange::default() {
        return Ok(current);
    }
    if change.name.is_some() || change.territory_id.is_some() {
        let name = change.name.as_deref().unwrap_or(&current.name);
        let territory = change.territory_id.as_ref().unwrap_or(&current.territory_id);
        check_place(conn, id, Some(name), territory.as_deref())?;
    }
    let detail = json!(change);
    let changed = diesel::update(organizations::table.find(id))
        .set((change.columns(), organizations::updated_at.eq(act.stamp())))
        .execute(conn)
        .map_err(|error| IdentityError::or_taken(error.into(), "organization name"))?;
    if changed == 0 {
        return Err(IdentityError::Unknown("organization"));
    }
    act.record(conn, "organization.update", id, Some(detail))?;
    load(conn, id)
}

/// Removes an organisation nobody belongs to.
///
/// # Errors
/// [`IdentityError::InUse`] while accounts or clients belong to it, [`IdentityError::Unknown`].
pub fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    load(conn, id)?;
    removal::of_one(conn, "organization", |conn| {
        diesel::delete(organizations::table.find(id)).execute(conn)
    })?;
    Ok(act.record(conn, "organization.delete", id, None)?)
}

fn load(conn: &mut DbConn, id: &str) -> Result<Organization, IdentityError> {
    find(conn, id)?.ok_or(IdentityError::Unknown("organization"))
}

/// Looks whether the territory is there and has no other organisation of this name (contracts/rdv-sign-in.md §12.4).
fn check_place(
    conn: &mut DbConn,
    own: &str,
    name: Option<&str>,
    territory: Option<&str>,
) -> Result<(), IdentityError> {
    let (Some(name), Some(territory)) = (name, territory) else { return Ok(()) };
    if territories::find(conn, territory)?.is_none() {
        let mut faults = Faults::default();
        faults.push("territory_id", "there is no such territory");
        return Err(faults.into());
    }
    let namesake: Option<String> = organizations::table
        .filter(organizations::territory_id.eq(territory))
        .filter(organizations::name.eq(name))
        .filter(organizations::id.ne(own))
        .select(organizations::id)
        .first(conn)
        .optional()
        .map_err(StoreError::from)?;
    match namesake {
        Some(_) => Err(IdentityError::Taken("organization name")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(id: &str, change: &OrganizationChange) -> Vec<String> {
        let faults = check(id, change).err().unwrap_or_default();
        faults.iter().map(|fault| fault.path.clone()).collect()
    }

    fn own(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let change = OrganizationChange {
            name: Some(" \t".to_owned()),
            phone_number: Some(Some(own("12"))),
            email: Some(Some(own("a\0b"))),
            verticale: None,
            territory_id: Some(Some(own(""))),
        };
        assert_eq!(paths("", &change), ["id", "name", "phone_number", "email", "territory_id"]);
        assert_eq!(paths("a", &OrganizationChange::default()), [""; 0]);
    }

    #[test]
    fn white_space_goes_from_name_and_address_and_stays_in_the_number() {
        let change = OrganizationChange {
            phone_number: Some(Some(own(" 04 75 00 00 00 "))),
            email: Some(Some(own(" accueil@mds.example\n"))),
            ..OrganizationChange::named("  MDS Die ")
        };
        let expected = OrganizationChange {
            phone_number: Some(Some(own(" 04 75 00 00 00 "))),
            email: Some(Some(own("accueil@mds.example"))),
            ..OrganizationChange::named("MDS Die")
        };
        assert_eq!(change.normalized(), expected);
        assert_eq!(paths("a", &change), [""; 0]);
        let blank = OrganizationChange { email: Some(Some(own("  "))), ..OrganizationChange::default() };
        assert_eq!(blank.normalized().email, Some(None));
    }
}
