//! From rows to accounts.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::{
    Account,
    parts::{self, Parts},
    schema::accounts,
};
use crate::text::from_json;

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct AccountRow {
    number: i64,
    id: String,
    login: String,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    display_name: Option<String>,
    organization_id: Option<String>,
    service_id: Option<String>,
    roles: String,
    provisional: bool,
    enabled: bool,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

/// Completes rows with what stands in other tables: one query, however many rows there are, and be there none. Nobody's
/// name must not cost less than somebody's (threat 17).
pub(super) fn complete(conn: &mut DbConn, rows: Vec<AccountRow>) -> Result<Vec<Account>, StoreError> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut parts = parts::find(conn, &ids)?;
    rows.into_iter()
        .map(|row| {
            let parts = parts.remove(&row.id).unwrap_or_default();
            account(row, parts)
        })
        .collect()
}

pub(super) fn account(row: AccountRow, parts: Parts) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.id.parse().map_err(|error| StoreError::corrupt("accounts.id", error))?,
        number: row.number,
        login: row.login,
        email: row.email,
        email_vouched: !parts.doubted,
        given_name: row.given_name,
        family_name: row.family_name,
        display_name: row.display_name,
        organization_id: row.organization_id,
        organizations: parts.organizations,
        service_id: row.service_id,
        services: parts.services,
        territories: parts.territories,
        roles: from_json("accounts.roles", &row.roles)?,
        groups: parts.groups,
        provisional: row.provisional,
        enabled: row.enabled,
        created_at: row.created_at.and_utc(),
        updated_at: row.updated_at.and_utc(),
    })
}

/// The rows of these accounts. SQLite compiles a query with a list each time, since lists have many lengths; that of one
/// account is prepared once, and its text not even written again. Nobody's is the same (threat 17): no account has an empty id.
macro_rules! rows_of {
    ($query:expr, $account:expr, $ids:expr, $conn:expr) => {
        match $ids {
            [] | [_] => {
                let account = $ids.first().map_or("", String::as_str);
                ::store::on_backend!($conn, |c| $query.filter($account.eq(account)).load(c))?
            }
            ids => $query.filter($account.eq_any(ids)).load($conn)?,
        }
    };
}

pub(crate) use rows_of;
