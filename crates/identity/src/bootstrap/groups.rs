//! The section `groups`: first the groups, which accounts refer to; then, after the accounts, who decides in them.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use store::{DbConn, StoreError};

use super::{
    Action,
    named::{Checked, Entry},
    pass::Pass,
};
use crate::{
    accounts::{self, Account, AccountId},
    act::Act,
    errors::IdentityError,
    faults::Faults,
    groups::{self, ADMIN, Group},
    text::{self, MAX_NAME},
};

/// A group as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupEntry {
    id: String,
    /// Default: the id.
    name: Option<String>,
    /// The login of the member who owns it.
    owner: Option<String>,
    /// The logins of the members who administer it beside the owner.
    admins: Option<Vec<String>>,
    /// The logins of those who administer the accounts of its members.
    subadmins: Option<Vec<String>>,
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
        let mut faults = Faults::default();
        if let Err(more) = groups::check(&self.id, self.name()) {
            faults.extend(more);
        }
        text::note_optional(&mut faults, "owner", self.owner.as_ref(), MAX_NAME);
        for (path, logins) in [("admins", &self.admins), ("subadmins", &self.subadmins)] {
            text::note_list(&mut faults, path, logins.as_deref().unwrap_or_default());
        }
        if self.id == ADMIN && self.subadmins.as_ref().is_some_and(|logins| !logins.is_empty()) {
            faults.push("subadmins", "the group of the administrators has none");
        }
        faults.into_result(())
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

/// Gives the groups the owners, administrators and sub-administrators that are declared. Comes after the accounts.
pub(super) fn reconcile_people(
    conn: &mut DbConn,
    pass: &mut Pass<'_>,
    entries: &[Checked<GroupEntry>],
) -> Result<(), IdentityError> {
    for Checked { path, entry } in entries {
        let outcome = people(conn, pass.act, entry);
        let Some(fields) = pass.absorb(path, outcome)? else { continue };
        if !fields.is_empty() {
            pass.change(Action::Update, GroupEntry::KIND, &entry.id, fields);
        }
    }
    Ok(())
}

fn people(conn: &mut DbConn, act: &Act, entry: &GroupEntry) -> Result<Vec<&'static str>, IdentityError> {
    let mut fields = Vec::new();
    // A group with a fault of its own is not there.
    let Some(group) = groups::find(conn, &entry.id)? else { return Ok(fields) };
    let mut faults = Faults::default();
    let owner = match &entry.owner {
        Some(login) => member(conn, &mut faults, "owner", login, &group)?,
        None => None,
    };
    let admins =
        entry.admins.as_deref().map(|logins| members(conn, &mut faults, logins, &group)).transpose()?;
    let subadmins =
        entry.subadmins.as_deref().map(|logins| people_of(conn, &mut faults, logins)).transpose()?;
    faults.into_result(())?;
    if let Some(owner) = owner
        && groups::set_owner(conn, act, &group.id, Some(owner))?
    {
        fields.push("owner");
    }
    if let Some(admins) = admins
        && set_admins(conn, act, &group.id, &admins)?
    {
        fields.push("admins");
    }
    if let Some(subadmins) = subadmins
        && set_subadmins(conn, act, &group.id, &subadmins)?
    {
        fields.push("subadmins");
    }
    Ok(fields)
}

/// Exactly these; whether that was a change.
fn set_admins(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    wanted: &[AccountId],
) -> Result<bool, IdentityError> {
    let mut changed = false;
    for account in groups::admins(conn, group)?.iter().filter(|account| !wanted.contains(account)) {
        changed |= groups::set_admin(conn, act, group, *account, false)?;
    }
    for account in wanted {
        changed |= groups::set_admin(conn, act, group, *account, true)?;
    }
    Ok(changed)
}

/// Exactly these; whether that was a change.
fn set_subadmins(
    conn: &mut DbConn,
    act: &Act,
    group: &str,
    wanted: &[AccountId],
) -> Result<bool, IdentityError> {
    let mut changed = false;
    for account in groups::subadmins(conn, group)?.iter().filter(|account| !wanted.contains(account)) {
        changed |= groups::remove_subadmin(conn, act, group, *account)?;
    }
    for account in wanted {
        changed |= groups::add_subadmin(conn, act, group, *account)?;
    }
    Ok(changed)
}

fn members(
    conn: &mut DbConn,
    faults: &mut Faults,
    logins: &[String],
    group: &Group,
) -> Result<Vec<AccountId>, StoreError> {
    let mut found = Vec::with_capacity(logins.len());
    for (index, login) in logins.iter().enumerate() {
        found.extend(member(conn, faults, &format!("admins[{index}]"), login, group)?);
    }
    Ok(found)
}

fn people_of(
    conn: &mut DbConn,
    faults: &mut Faults,
    logins: &[String],
) -> Result<Vec<AccountId>, StoreError> {
    let mut found = Vec::with_capacity(logins.len());
    for (index, login) in logins.iter().enumerate() {
        let account = account(conn, faults, &format!("subadmins[{index}]"), login)?;
        found.extend(account.map(|account| account.id));
    }
    Ok(found)
}

/// Declared, a membership is the account's: a file that says one thing here and another there would never be done.
fn member(
    conn: &mut DbConn,
    faults: &mut Faults,
    path: &str,
    login: &str,
    group: &Group,
) -> Result<Option<AccountId>, StoreError> {
    let Some(account) = account(conn, faults, path, login)? else { return Ok(None) };
    if !account.groups.contains(&group.id) {
        faults.push(path, "is not a member of this group");
        return Ok(None);
    }
    Ok(Some(account.id))
}

fn account(
    conn: &mut DbConn,
    faults: &mut Faults,
    path: &str,
    login: &str,
) -> Result<Option<Account>, StoreError> {
    let found = accounts::find_by_login(conn, login)?;
    if found.is_none() {
        faults.push(path, "there is no such account");
    }
    Ok(found)
}
