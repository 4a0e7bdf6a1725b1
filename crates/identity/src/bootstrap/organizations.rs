//! The section `organizations`.

use serde::Deserialize;
use store::DbConn;

use super::{
    Action,
    pass::{Declared, Pass},
    secrets::Checker,
};
use crate::{errors::IdentityError, organizations};

pub(super) const KIND: &str = "organization";

/// An organisation as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganizationEntry {
    id: String,
    /// Default: the id.
    name: Option<String>,
}

/// An organisation without faults.
#[derive(Debug)]
pub(super) struct CheckedOrganization {
    path: String,
    id: String,
    name: Option<String>,
}

pub(super) fn check(entries: Vec<OrganizationEntry>, checker: &mut Checker<'_>) -> Vec<CheckedOrganization> {
    checker.unique("organizations", "id", entries.iter().map(|entry| entry.id.clone()));
    let one = |(index, OrganizationEntry { id, name }): (usize, OrganizationEntry)| {
        let path = format!("organizations[{index}]");
        if let Err(faults) = organizations::check(&id, name.as_ref().unwrap_or(&id)) {
            checker.faults.extend_within(&path, faults);
        }
        CheckedOrganization { path, id, name }
    };
    entries.into_iter().enumerate().map(one).collect()
}

pub(super) fn reconcile(
    conn: &mut DbConn,
    pass: &mut Pass<'_>,
    entry: &CheckedOrganization,
) -> Result<(), IdentityError> {
    let name = entry.name.as_ref().unwrap_or(&entry.id);
    let current = organizations::find(conn, &entry.id)?;
    let made = current.is_none();
    let outcome = match &current {
        None => {
            organizations::insert(conn, pass.act, &entry.id, name).map(|()| Some((Action::Create, "name")))
        }
        Some(current) if entry.name.as_ref().is_some_and(|name| *name != current.name) => {
            organizations::rename(conn, pass.act, &entry.id, name).map(|()| Some((Action::Update, "name")))
        }
        Some(_) => Ok(None),
    };
    let Some(change) = pass.absorb(&entry.path, outcome)? else { return Ok(()) };
    if let Some((action, field)) = change {
        pass.change(action, KIND, &entry.id, vec![field]);
    }
    let created_at = current.map_or(pass.act.now(), |current| current.created_at);
    let row = Declared { id: entry.id.clone(), created_at, made, fingerprint: None };
    Ok(pass.declare(conn, KIND, row)?)
}
