//! The section `organizations`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::{DbConn, StoreError};

use super::named::Entry;
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    organizations::{self, Organization, OrganizationChange, UnknownVerticale, Verticale},
};

/// An organisation as the file has it. What is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganizationEntry {
    id: String,
    /// Of a new one: the id.
    name: Option<String>,
    phone_number: Option<String>,
    email: Option<String>,
    verticale: Option<String>,
    territory_id: Option<String>,
}

impl OrganizationEntry {
    fn verticale(&self) -> Result<Option<Verticale>, UnknownVerticale> {
        self.verticale.as_deref().map(str::parse).transpose()
    }

    fn change(&self) -> OrganizationChange {
        OrganizationChange {
            name: self.name.clone(),
            phone_number: self.phone_number.clone().map(Some),
            email: self.email.clone().map(Some),
            // One that there is not is a fault, so that nothing is applied.
            verticale: self.verticale().ok().flatten(),
            territory_id: self.territory_id.clone().map(Some),
        }
    }

    fn whole(&self) -> OrganizationChange {
        OrganizationChange { name: Some(self.name.as_ref().unwrap_or(&self.id).clone()), ..self.change() }
    }
}

impl Entry for OrganizationEntry {
    const SECTION: &'static str = "organizations";
    const KIND: &'static str = "organization";
    type Row = Organization;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if let Err(error) = self.verticale() {
            faults.push("verticale", error.to_string());
        }
        if let Err(more) = organizations::check(&self.id, &self.whole()) {
            faults.extend(more);
        }
        faults.into_result(())
    }

    fn find(conn: &mut DbConn, id: &str) -> Result<Option<Organization>, StoreError> {
        organizations::find(conn, id)
    }

    fn created_at(row: &Organization) -> DateTime<Utc> {
        row.created_at
    }

    fn create(&self, conn: &mut DbConn, act: &Act) -> Result<Vec<&'static str>, IdentityError> {
        let values = self.whole();
        organizations::insert(conn, act, &self.id, &values)?;
        Ok(values.fields())
    }

    fn update(
        &self,
        conn: &mut DbConn,
        act: &Act,
        current: &Organization,
    ) -> Result<Vec<&'static str>, IdentityError> {
        let change = self.change().against(current);
        organizations::update(conn, act, &self.id, &change)?;
        Ok(change.fields())
    }

    fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
        organizations::delete(conn, act, id)
    }
}
