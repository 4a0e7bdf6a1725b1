//! Sections of things that have an id and a name: what they have in common.

use chrono::{DateTime, Utc};
use store::{DbConn, StoreError};

use super::{
    Action,
    pass::{Declared, Pass},
    secrets::Checker,
};
use crate::{act::Act, errors::IdentityError, faults::Faults};

/// An entry of such a section, as the file has it.
pub(super) trait Entry {
    /// The section.
    const SECTION: &'static str;
    /// What one of them is called.
    const KIND: &'static str;
    /// The thing in the directory.
    type Row;

    fn id(&self) -> &str;

    /// Everything that can be said without looking into the database.
    fn check(&self) -> Result<(), Faults>;

    fn find(conn: &mut DbConn, id: &str) -> Result<Option<Self::Row>, StoreError>;

    fn created_at(row: &Self::Row) -> DateTime<Utc>;

    /// Makes the thing, and names the fields that it was given.
    fn create(&self, conn: &mut DbConn, act: &Act) -> Result<Vec<&'static str>, IdentityError>;

    /// Makes the thing what is declared, and names the fields that were different.
    fn update(
        &self,
        conn: &mut DbConn,
        act: &Act,
        current: &Self::Row,
    ) -> Result<Vec<&'static str>, IdentityError>;

    fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError>;
}

/// An entry without faults.
#[derive(Debug)]
pub(super) struct Checked<E> {
    pub(super) path: String,
    pub(super) entry: E,
}

pub(super) fn check<E: Entry>(entries: Vec<E>, checker: &mut Checker<'_>) -> Vec<Checked<E>> {
    checker.unique(E::SECTION, "id", entries.iter().map(|entry| entry.id().to_owned()));
    let one = |(index, entry): (usize, E)| {
        let path = format!("{}[{index}]", E::SECTION);
        if let Err(faults) = entry.check() {
            checker.faults.extend_within(&path, faults);
        }
        Checked { path, entry }
    };
    entries.into_iter().enumerate().map(one).collect()
}

pub(super) fn reconcile<E: Entry>(
    conn: &mut DbConn,
    pass: &mut Pass<'_>,
    entries: &[Checked<E>],
) -> Result<(), IdentityError> {
    for Checked { path, entry } in entries {
        reconcile_one(conn, pass, path, entry)?;
    }
    Ok(())
}

fn reconcile_one<E: Entry>(
    conn: &mut DbConn,
    pass: &mut Pass<'_>,
    path: &str,
    entry: &E,
) -> Result<(), IdentityError> {
    let current = E::find(conn, entry.id())?;
    let (action, outcome) = match &current {
        None => (Action::Create, entry.create(conn, pass.act)),
        Some(current) => (Action::Update, entry.update(conn, pass.act, current)),
    };
    let Some(fields) = pass.absorb(path, outcome)? else { return Ok(()) };
    if !fields.is_empty() {
        pass.change(action, E::KIND, entry.id(), fields);
    }
    let created_at = current.as_ref().map_or(pass.act.now(), E::created_at);
    let row = Declared { id: entry.id().to_owned(), created_at, made: current.is_none(), fingerprint: None };
    Ok(pass.declare(conn, E::KIND, row)?)
}
