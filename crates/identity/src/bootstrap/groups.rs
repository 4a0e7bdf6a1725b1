//! The section `groups`.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::{DbConn, StoreError};

use super::named::Entry;
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    groups::{self, Group},
};

/// A group as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupEntry {
    id: String,
    /// Default: the id.
    name: Option<String>,
}

impl GroupEntry {
    fn name(&self) -> &str {
        self.name.as_ref().unwrap_or(&self.id)
    }
}

impl Entry for GroupEntry {
    const SECTION: &'static str = "groups";
    const KIND: &'static str = "group";
    type Row = Group;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Faults> {
        groups::check(&self.id, self.name())
    }

    fn find(conn: &mut DbConn, id: &str) -> Result<Option<Group>, StoreError> {
        groups::find(conn, id)
    }

    fn created_at(row: &Group) -> DateTime<Utc> {
        row.created_at
    }

    fn create(&self, conn: &mut DbConn, act: &Act) -> Result<Vec<&'static str>, IdentityError> {
        groups::insert(conn, act, &self.id, self.name(), None)?;
        Ok(vec!["name"])
    }

    fn update(
        &self,
        conn: &mut DbConn,
        act: &Act,
        current: &Group,
    ) -> Result<Vec<&'static str>, IdentityError> {
        if self.name.as_ref().is_none_or(|name| *name == current.name) {
            return Ok(Vec::new());
        }
        groups::rename(conn, act, &self.id, self.name())?;
        Ok(vec!["name"])
    }

    fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
        groups::delete(conn, act, id)
    }
}
