//! The section `territories`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::{DbConn, StoreError};

use super::named::Entry;
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    territories::{self, Territory},
};

/// A territory as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TerritoryEntry {
    id: String,
    /// Default: the id.
    name: Option<String>,
}

impl TerritoryEntry {
    fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.id)
    }
}

impl Entry for TerritoryEntry {
    const SECTION: &'static str = "territories";
    const KIND: &'static str = "territory";
    type Row = Territory;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Faults> {
        territories::check(&self.id, self.name())
    }

    fn find(conn: &mut DbConn, id: &str) -> Result<Option<Territory>, StoreError> {
        territories::find(conn, id)
    }

    fn created_at(row: &Territory) -> DateTime<Utc> {
        row.created_at
    }

    fn create(&self, conn: &mut DbConn, act: &Act) -> Result<Vec<&'static str>, IdentityError> {
        territories::insert(conn, act, &self.id, self.name())?;
        Ok(vec!["name"])
    }

    fn update(
        &self,
        conn: &mut DbConn,
        act: &Act,
        current: &Territory,
    ) -> Result<Vec<&'static str>, IdentityError> {
        if self.name.as_ref().is_none_or(|name| *name == current.name) {
            return Ok(Vec::new());
        }
        territories::update(conn, act, &self.id, self.name())?;
        Ok(vec!["name"])
    }

    fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
        territories::delete(conn, act, id)
    }
}
