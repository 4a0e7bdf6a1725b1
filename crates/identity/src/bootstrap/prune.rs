//! Removing what earlier files made and this one does not declare.

use chrono::{DateTime, Utc};
use store::{DbConn, StoreError};

use super::{
    Action, accounts::KIND as ACCOUNT, apps::AppEntry, clients::KIND as CLIENT, declarations,
    groups::GroupEntry, named::Entry, organizations::OrganizationEntry, pass::Pass, services::ServiceEntry,
    territories::TerritoryEntry,
};
use crate::{
    accounts::{self, AccountId},
    act::Act,
    clients::{self, ClientId},
    errors::IdentityError,
};

/// How things of a kind are found and removed.
struct Kind {
    name: &'static str,
    find: fn(&mut DbConn, &str) -> Result<Option<Found>, StoreError>,
    delete: fn(&mut DbConn, &Act, &str) -> Result<(), IdentityError>,
}

/// The name to report a thing under, and when it was made.
type Found = (String, DateTime<Utc>);

/// Those that refer to others first.
const KINDS: [Kind; 7] = [
    Kind { name: CLIENT, find: find_client, delete: delete_client },
    Kind { name: ACCOUNT, find: find_account, delete: delete_account },
    named::<AppEntry>(),
    named::<GroupEntry>(),
    named::<OrganizationEntry>(),
    named::<ServiceEntry>(),
    named::<TerritoryEntry>(),
];

/// Prunes every kind.
pub(super) fn prune(conn: &mut DbConn, pass: &mut Pass<'_>) -> Result<(), IdentityError> {
    for kind in &KINDS {
        for declaration in declarations::made(conn, kind.name)? {
            if pass.declares(kind.name, &declaration.id) {
                continue;
            }
            let found = (kind.find)(conn, &declaration.id)?;
            // Another row of the same id, which somebody has made since, is not ours to remove.
            let own = found.filter(|(_, created_at)| *created_at == declaration.created_at);
            if let Some((name, _)) = own {
                let outcome = (kind.delete)(conn, pass.act, &declaration.id);
                if pass.absorb(&format!("{} {name}", kind.name), outcome)?.is_none() {
                    continue;
                }
                pass.change(Action::Delete, kind.name, &name, Vec::new());
            }
            declarations::forget(conn, kind.name, &declaration.id)?;
        }
    }
    Ok(())
}

const fn named<E: Entry>() -> Kind {
    Kind { name: E::KIND, find: find_named::<E>, delete: E::delete }
}

fn find_named<E: Entry>(conn: &mut DbConn, id: &str) -> Result<Option<Found>, StoreError> {
    Ok(E::find(conn, id)?.map(|row| (id.to_owned(), E::created_at(&row))))
}

fn find_client(conn: &mut DbConn, id: &str) -> Result<Option<Found>, StoreError> {
    let Ok(id) = id.parse::<ClientId>() else { return Ok(None) };
    Ok(clients::find(conn, &id)?.map(|client| (client.id.to_string(), client.created_at)))
}

fn delete_client(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    let id: ClientId = id.parse().map_err(|_| IdentityError::Unknown("client"))?;
    clients::delete(conn, act, &id)
}

fn find_account(conn: &mut DbConn, id: &str) -> Result<Option<Found>, StoreError> {
    let Ok(id) = id.parse::<AccountId>() else { return Ok(None) };
    Ok(accounts::find(conn, id)?.map(|account| (account.login, account.created_at)))
}

fn delete_account(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
    let id: AccountId = id.parse().map_err(|_| IdentityError::Unknown("account"))?;
    accounts::delete(conn, act, id)
}
