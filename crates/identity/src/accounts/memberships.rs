//! Where an account belongs: organisations, services, territories, groups, each in a table of its own.

use diesel::prelude::*;
use serde_json::{Map, Value, json};
use store::{DbConn, StoreError};

use super::{
    Account, AccountId, AccountProfile, CheckedProfile,
    schema::{account_groups, account_organizations, account_services, account_territories},
};
use crate::{errors::IdentityError, faults::Faults, groups, organizations, services, territories};

/// Puts an account where its profile says, and nowhere else. `old` is what it was, read under its lock.
pub(super) fn write(
    conn: &mut DbConn,
    id: AccountId,
    old: Option<&Account>,
    checked: &CheckedProfile,
) -> Result<(), StoreError> {
    write_groups(conn, id, old.map_or(&[], |old| &old.groups), &checked.profile.groups)?;
    let id = id.to_string();
    diesel::delete(account_organizations::table.filter(account_organizations::account_id.eq(&id)))
        .execute(conn)?;
    for membership in &checked.profile.organizations {
        let row = (
            account_organizations::account_id.eq(&id),
            account_organizations::organization_id.eq(&membership.id),
            account_organizations::role.eq(membership.role.as_str()),
        );
        diesel::insert_into(account_organizations::table).values(row).execute(conn)?;
    }
    write_services(conn, &id, checked)
}

/// Whoever leaves a group is neither its owner nor its administrator any more; whoever stays is what they were.
fn write_groups(
    conn: &mut DbConn,
    account: AccountId,
    old: &[String],
    new: &[String],
) -> Result<(), StoreError> {
    let id = account.to_string();
    for group in old.iter().filter(|group| !new.contains(group)) {
        diesel::delete(account_groups::table.find((&id, group))).execute(conn)?;
        groups::left(conn, group, account)?;
    }
    for group in new.iter().filter(|group| !old.contains(group)) {
        let row = (account_groups::account_id.eq(&id), account_groups::group_id.eq(group));
        diesel::insert_into(account_groups::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Comes after the account's own row, whose `service_id` a trigger follows for the sake of older replicas.
fn write_services(conn: &mut DbConn, id: &str, checked: &CheckedProfile) -> Result<(), StoreError> {
    diesel::delete(account_services::table.filter(account_services::account_id.eq(id))).execute(conn)?;
    for (position, service) in (0_i64..).zip(&checked.profile.services) {
        let row = (
            account_services::account_id.eq(id),
            account_services::service_id.eq(service),
            account_services::position.eq(position),
        );
        diesel::insert_into(account_services::table).values(row).execute(conn)?;
    }
    diesel::delete(account_territories::table.filter(account_territories::account_id.eq(id)))
        .execute(conn)?;
    for territory in &checked.profile.territories {
        let row = (account_territories::account_id.eq(id), account_territories::territory_id.eq(territory));
        diesel::insert_into(account_territories::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Looks whether everything that a profile refers to is there.
///
/// # Errors
/// [`IdentityError::Invalid`] with every reference that leads nowhere.
pub(super) fn check_references(conn: &mut DbConn, checked: &CheckedProfile) -> Result<(), IdentityError> {
    let mut faults = Faults::default();
    for (index, membership) in checked.profile.organizations.iter().enumerate() {
        if organizations::find(conn, &membership.id)?.is_none() {
            faults.push(format!("organizations[{index}]"), "there is no such organization");
        }
    }
    for (index, service) in checked.profile.services.iter().enumerate() {
        if services::find(conn, service)?.is_none() {
            faults.push(format!("services[{index}]"), "there is no such service");
        }
    }
    for (index, territory) in checked.profile.territories.iter().enumerate() {
        if territories::find(conn, territory)?.is_none() {
            faults.push(format!("territories[{index}]"), "there is no such territory");
        }
    }
    for (index, group) in checked.profile.groups.iter().enumerate() {
        if groups::find(conn, group)?.is_none() {
            faults.push(format!("groups[{index}]"), "there is no such group");
        }
    }
    Ok(faults.into_result(())?)
}

/// What an account may do from now on and did not before, or did and may not: the new values of what gives rights, for the
/// audit trail. Names and addresses are not in it.
pub(super) fn changes(old: Option<&Account>, new: &AccountProfile) -> Map<String, Value> {
    let old = old.map_or_else(|| AccountProfile::new(""), AccountProfile::from);
    let values = |profile: &AccountProfile| {
        [
            ("organization_id", json!(profile.organization_id)),
            ("organizations", json!(profile.organizations)),
            ("services", json!(profile.services)),
            ("territories", json!(profile.territories)),
            ("roles", json!(profile.roles)),
            ("groups", json!(profile.groups)),
        ]
    };
    let pairs = values(&old).into_iter().zip(values(new));
    let changed = pairs.filter(|((_, old), (_, new))| old != new);
    changed.map(|(_, (field, value))| (field.to_owned(), value)).collect()
}
