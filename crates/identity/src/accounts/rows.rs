//! From rows to accounts.

use std::collections::{HashMap, HashSet};

use auth_claims::claims::OrganizationMembership;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError};

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

fn memberships(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<OrganizationMembership>, StoreError> {
    let rows: Vec<(String, String, String)> = account_organizations::table
        .filter(account_organizations::account_id.eq_any(ids))
        .order((account_organizations::account_id, account_organizations::organization_id))
        .select(account_organizations::all_columns)
        .load(conn)?;
    let mut found = ByAccount::new();
    for (account, id, role) in rows {
        let role = role.parse().map_err(|error| StoreError::corrupt("account_organizations.role", error))?;
        found.entry(account).or_default().push(OrganizationMembership { id, role });
    }
    Ok(found)
}

fn services(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<String>, StoreError> {
    let rows = account_services::table
        .filter(account_services::account_id.eq_any(ids))
        .order((account_services::account_id, account_services::position, account_services::service_id))
        .select((account_services::account_id, account_services::service_id))
        .load(conn)?;
    Ok(by_account(rows))
}

fn territories(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<String>, StoreError> {
    let rows = account_territories::table
        .filter(account_territories::account_id.eq_any(ids))
        .order((account_territories::account_id, account_territories::territory_id))
        .select(account_territories::all_columns)
        .load(conn)?;
    Ok(by_account(rows))
}

fn groups(conn: &mut DbConn, ids: &[String]) -> Result<ByAccount<String>, StoreError> {
    let rows = account_groups::table
        .filter(account_groups::account_id.eq_any(ids))
        .order((account_groups::account_id, account_groups::group_id))
        .select(account_groups::all_columns)
        .load(conn)?;
    Ok(by_account(rows))
}

/// Those whose e-mail address nobody vouches for.
fn doubted(conn: &mut DbConn, ids: &[String]) -> Result<HashSet<String>, StoreError> {
    let rows: Vec<String> = account_emails::table
        .filter(account_emails::id.eq_any(ids))
        .filter(account_emails::email_vouched.eq(false))
        .select(account_emails::id)
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

fn by_account(rows: Vec<(String, String)>) -> ByAccount<String> {
    let mut found = ByAccount::new();
    for (account, other) in rows {
        found.entry(account).or_default().push(other);
    }
    found
}
