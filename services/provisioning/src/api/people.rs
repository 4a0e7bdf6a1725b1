//! Lists of people as this dialect shows them. `contracts/ocs-provisioning.md` §4.1.

use std::collections::HashSet;

use identity::accounts::AccountId;
use identity::directory_search::{self, Found, Person};
use ocs_dialect::{OcsError, Value};
use store::DbConn;

use crate::domain::access::Standing;
use crate::domain::user_details::{self, Seen};

/// Who looks, and what they see where nobody has said anything.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// The caller.
    pub standing: &'a Standing,
    /// The language of accounts that have not chosen one.
    pub language: &'a str,
}

/// `{"users": […]}`: ids in their order.
#[must_use]
pub fn ids(found: Vec<Found>) -> Value {
    Value::of("users", Value::list(directory_search::sorted_logins(found)))
}

/// `{"users": {…}}`: everything about those whom the caller reaches, and only the ids of others.
///
/// # Errors
/// Those of the database.
pub fn details(conn: &mut DbConn, viewer: &Viewer<'_>, found: &[Found]) -> Result<Value, OcsError> {
    let ids: Vec<AccountId> = found.iter().map(|one| one.id).collect();
    let people = directory_search::load(conn, &ids)?;
    let managers = reached_managers(conn, viewer, &people)?;
    let entries = people.into_iter().map(|person| {
        let id = person.account.login.clone();
        let shown = if viewer.standing.reaches(&person.account) {
            shown(viewer, &person, &managers, false)
        } else {
            Value::of("id", id.as_str())
        };
        (id, shown)
    });
    Ok(Value::of("users", Value::Map(entries.collect())))
}

/// Everything about one person, whom the caller reaches.
///
/// # Errors
/// Those of the database.
pub fn one(
    conn: &mut DbConn,
    viewer: &Viewer<'_>,
    id: AccountId,
    has_scopes: bool,
) -> Result<Option<Value>, OcsError> {
    let people = directory_search::load(conn, &[id])?;
    let managers = reached_managers(conn, viewer, &people)?;
    Ok(people.first().map(|person| shown(viewer, person, &managers, has_scopes)))
}

fn shown(viewer: &Viewer<'_>, person: &Person, managers: &HashSet<AccountId>, has_scopes: bool) -> Value {
    let has_manager = person.manager.as_ref().is_some_and(|manager| managers.contains(&manager.id));
    let seen =
        Seen { has_storage: viewer.standing.is_admin(), has_manager, has_scopes, language: viewer.language };
    user_details::view(person, seen)
}

/// The managers whom the caller may know: an administrator all, a sub-administrator those whom it reaches.
fn reached_managers(
    conn: &mut DbConn,
    viewer: &Viewer<'_>,
    people: &[Person],
) -> Result<HashSet<AccountId>, OcsError> {
    let ids: Vec<AccountId> = people.iter().filter_map(|person| Some(person.manager.as_ref()?.id)).collect();
    if viewer.standing.is_admin() || ids.is_empty() {
        return Ok(ids.into_iter().collect());
    }
    if !viewer.standing.is_sub_admin() {
        return Ok(HashSet::new());
    }
    Ok(directory_search::accessible(conn, viewer.standing.account.id, &ids)?)
}
