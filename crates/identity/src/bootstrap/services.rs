//! The section `services`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::{DbConn, StoreError};

use super::named::Entry;
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    services::{self, Service, ServiceChange},
};

/// A service as the file has it. What is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntry {
    id: String,
    /// Of a new one: the id.
    name: Option<String>,
    short_name: Option<String>,
}

impl ServiceEntry {
    fn change(&self) -> ServiceChange {
        ServiceChange { name: self.name.clone(), short_name: self.short_name.clone().map(Some) }
    }

    fn whole(&self) -> ServiceChange {
        ServiceChange { name: Some(self.name.as_ref().unwrap_or(&self.id).clone()), ..self.change() }
    }
}

impl Entry for ServiceEntry {
    const SECTION: &'static str = "services";
    const KIND: &'static str = "service";
    type Row = Service;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Faults> {
        services::check(&self.id, &self.whole())
    }

    fn find(conn: &mut DbConn, id: &str) -> Result<Option<Service>, StoreError> {
        services::find(conn, id)
    }

    fn created_at(row: &Service) -> DateTime<Utc> {
        row.created_at
    }

    fn create(&self, conn: &mut DbConn, act: &Act) -> Result<Vec<&'static str>, IdentityError> {
        let values = self.whole();
        services::insert(conn, act, &self.id, &values)?;
        Ok(values.fields())
    }

    fn update(
        &self,
        conn: &mut DbConn,
        act: &Act,
        current: &Service,
    ) -> Result<Vec<&'static str>, IdentityError> {
        let change = self.change().against(current);
        services::update(conn, act, &self.id, &change)?;
        Ok(change.fields())
    }

    fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
        services::delete(conn, act, id)
    }
}
