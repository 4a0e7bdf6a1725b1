//! From rows to accounts.

use std::collections::{HashMap, HashSet};

use auth_claims::claims::OrganizationMembership;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{
    Account,
    schema::{
        account_emails, account_groups, account_organizations, account_services, account_territories,
        accounts,
    },
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

/// Completes rows with what stands in other tables: five queries, however many rows there are, and be there none. Nobody's
/// name must not cost less than somebody's (threat 17).
pub(super) fn complete(conn: &mut DbConn, rows: Vec<AccountRow>) -> Result<Vec<Account>, StoreError> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut parts = Parts {
        organizations: memberships(conn, &ids)?,
        services: services(conn, &ids)?,
        territories: territories(conn, &ids)?,
        groups: groups(conn, &ids)?,
        doubted: doubted(conn, &ids)?,
    };
    rows.into_iter().map(|row| account(row, &mut parts)).collect()
}

/// What stands in other tables.
struct Parts {
    organizations: ByAccount<OrganizationMembership>,
    services: ByAccount<String>,
    territories: ByAccount<String>,
    groups: ByAccount<String>,
    doubted: HashSet<String>,
}

fn account(row: AccountRow, parts: &mut Parts) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.id.parse().map_err(|error| StoreError::corrupt("accounts.id", error))?,
        number: row.number,
        login: row.login,
        email: row.email,
        email_vouched: !parts.doubted.contains(&row.id),
        given_name: row.given_name,
        family_name: row.family_name,
        display_name: row.display_name,
        organization_id: row.organization_id,
        organizations: parts.organizations.remove(&row.id).unwrap_or_default(),
        service_id: row.service_id,
        services: parts.services.remove(&row.id).unwrap_or_default(),
        territories: parts.territories.remove(&row.id).unwrap_or_default(),
        roles: from_json("accounts.roles", &row.roles)?,
        groups: parts.groups.remove(&row.id).unwrap_or_default(),
        provisional: row.provisional,
        enabled: row.enabled,
        created_at: row.created_at.and_utc(),
        updated_at: row.updated_at.and_utc(),
    })
}

type ByAccount<T> = HashMap<String, Vec<T>>;

/// The rows of these accounts. SQLite compiles a query with a list each time, since lists have many lengths; that of one
/// account is prepared once, and its text not even written again. Nobody's is the same (threat 17): no account has an empty id.
macro_rules! rows_of {
    ($query:expr, $account:expr, $ids:expr, $conn:expr) => {
        match $ids {
            [] | [_] => {
                let account = $ids.first().map_or("", String::as_str);
                on_backend!($conn, |c| $query.filter($account.eq(account)).load(c))?
            }
            ids => $query.filter($account.eq_any(ids)).load($conn)?,
        }
    };
}

pub(crate) use rows_of;

fn memberships(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<OrganizationMembership>, StoreError> {
    let query = account_organizations::table
        .order((account_organizations::account_id, account_organizations::organization_id))
        .select(account_organizations::all_columns);
    let rows: Vec<(String, String, String)> = rows_of!(query, account_organizations::account_id, ids, conn);
    let mut found = ByAccount::new();
    for (account, id, role) in rows {
        let role = role.parse().map_err(|error| StoreError::corrupt("account_organizations.role", error))?;
        found.entry(account).or_default().push(OrganizationMembership { id, role });
    }
    Ok(found)
}

fn services(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<String>, StoreError> {
    let query = account_services::table
        .order((account_services::account_id, account_services::position, account_services::service_id))
        .select((account_services::account_id, account_services::service_id));
    Ok(by_account(rows_of!(query, account_services::account_id, ids, conn)))
}

fn territories(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<String>, StoreError> {
    let query = account_territories::table
        .order((account_territories::account_id, account_territories::territory_id))
        .select(account_territories::all_columns);
    Ok(by_account(rows_of!(query, account_territories::account_id, ids, conn)))
}

fn groups(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<String>, StoreError> {
    let query = account_groups::table
        .order((account_groups::account_id, account_groups::group_id))
        .select(account_groups::all_columns);
    Ok(by_account(rows_of!(query, account_groups::account_id, ids, conn)))
}

/// Those whose e-mail address nobody vouches for.
fn doubted(conn: &mut DbConn, ids: &[String]) -> Result<HashSet<String>, StoreError> {
    let query =
        account_emails::table.filter(account_emails::email_vouched.eq(false)).select(account_emails::id);
    let rows: Vec<String> = rows_of!(query, account_emails::id, ids, conn);
    Ok(rows.into_iter().collect())
}

fn by_account(rows: Vec<(String, String)>) -> ByAccount<String> {
    let mut found = ByAccount::new();
    for (account, other) in rows {
        found.entry(account).or_default().push(other);
    }
    found
}
