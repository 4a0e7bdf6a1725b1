//! Removing what earlier files made and this one does not declare.

use store::DbConn;

use super::{Action, accounts, clients, declarations, groups, organizations, pass::Pass};
use crate::{
    accounts::AccountId, clients::ClientId, errors::IdentityError, groups as group_rows,
    organizations as organization_rows,
};

/// Prunes every kind, those that refer to others first.
pub(super) fn prune(conn: &mut DbConn, pass: &mut Pass<'_>) -> Result<(), IdentityError> {
    for kind in [clients::KIND, accounts::KIND, groups::KIND, organizations::KIND] {
        for declaration in declarations::made(conn, kind)? {
            if pass.declares(kind, &declaration.id) {
                continue;
            }
            let found = look_up(conn, kind, &declaration.id)?;
            // Another row of the same id, which somebody has made since, is not ours to remove.
            let own = found.filter(|(_, created_at)| *created_at == declaration.created_at);
            if let Some((name, _)) = own {
                let outcome = remove(conn, pass, kind, &declaration.id);
                if pass.absorb(&format!("{kind} {name}"), outcome)?.is_none() {
                    continue;
                }
                pass.change(Action::Delete, kind, &name, Vec::new());
            }
            declarations::forget(conn, kind, &declaration.id)?;
        }
    }
    Ok(())
}

type Found = Option<(String, chrono::DateTime<chrono::Utc>)>;

/// The name to report a row under, and when it was made.
fn look_up(conn: &mut DbConn, kind: &str, id: &str) -> Result<Found, IdentityError> {
    Ok(match kind {
        clients::KIND => match id.parse::<ClientId>() {
            Ok(id) => {
                crate::clients::find(conn, &id)?.map(|client| (client.id.to_string(), client.created_at))
            }
            Err(_) => None,
        },
        accounts::KIND => match id.parse::<AccountId>() {
            Ok(id) => crate::accounts::find(conn, id)?.map(|account| (account.login, account.created_at)),
            Err(_) => None,
        },
        groups::KIND => group_rows::find(conn, id)?.map(|group| (group.id, group.created_at)),
        _ => organization_rows::find(conn, id)?.map(|found| (found.id, found.created_at)),
    })
}

fn remove(conn: &mut DbConn, pass: &Pass<'_>, kind: &str, id: &str) -> Result<(), IdentityError> {
    match kind {
        clients::KIND => match id.parse::<ClientId>() {
            Ok(id) => crate::clients::delete(conn, pass.act, &id),
            Err(_) => Err(IdentityError::Unknown("client")),
        },
        accounts::KIND => match id.parse::<AccountId>() {
            Ok(id) => crate::accounts::delete(conn, pass.act, id),
            Err(_) => Err(IdentityError::Unknown("account")),
        },
        groups::KIND => group_rows::delete(conn, pass.act, id),
        _ => organization_rows::delete(conn, pass.act, id),
    }
}
