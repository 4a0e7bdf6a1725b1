//! Everything about people that a list of them shows, in as many queries for a page as for one.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::{Found, schema::account_search};
use crate::{
    account_details::{self, AccountDetails},
    accounts::{self, Account, AccountId, rows_of, schema::account_groups},
    groups::{self, schema::group_subadmins},
    pages::MAX_PAGE,
    sign_in_times::{self, SignInTimes},
};

/// Somebody, as the provisioning API shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// What it says of itself.
    pub details: AccountDetails,
    /// When it has signed in, if ever.
    pub signed_in: Option<SignInTimes>,
    /// Ids of the groups that it manages, ascending.
    pub subadmin_of: Vec<String>,
    /// Who manages its owner.
    pub manager: Option<Found>,
}

/// Everything about these accounts, in the order in which they are given. Those that are gone are left out. The number of
/// queries is the same for every page of up to [`MAX_PAGE`].
///
/// # Errors
/// Those of the database.
pub fn load(conn: &mut DbConn, ids: &[AccountId]) -> Result<Vec<Person>, StoreError> {
    let mut people = Vec::with_capacity(ids.len());
    for page in ids.chunks(usize::try_from(MAX_PAGE).unwrap_or(usize::MAX)) {
        people.extend(load_page(conn, page)?);
    }
    Ok(people)
}

fn load_page(conn: &mut DbConn, ids: &[AccountId]) -> Result<Vec<Person>, StoreError> {
    let texts: Vec<String> = ids.iter().map(AccountId::to_string).collect();
    let found = accounts::of_ids(conn, ids)?;
    let mut found: HashMap<AccountId, Account> =
        found.into_iter().map(|account| (account.id, account)).collect();
    let mut details = account_details::load(conn, &texts)?;
    let mut times = sign_in_times::load(conn, &texts)?;
    let mut managed = managed(conn, &texts)?;
    let managers = managers(conn, details.values())?;
    let one = |(id, text): (&AccountId, &String)| {
        let account = found.remove(id)?;
        let details = details.remove(text).unwrap_or_default();
        Some(Person {
            account,
            manager: details.manager.and_then(|manager| managers.get(&manager).cloned()),
            details,
            signed_in: times.remove(text),
            subadmin_of: managed.remove(text).unwrap_or_default(),
        })
    };
    Ok(ids.iter().zip(&texts).filter_map(one).collect())
}

fn managed(conn: &mut DbConn, ids: &[String]) -> Result<HashMap<String, Vec<String>>, StoreError> {
    let query = group_subadmins::table
        .order((group_subadmins::account_id, group_subadmins::group_id))
        .select((group_subadmins::account_id, group_subadmins::group_id));
    let rows: Vec<(String, String)> = rows_of!(query, group_subadmins::account_id, ids, conn);
    let mut managed: HashMap<String, Vec<String>> = HashMap::new();
    for (account, group) in rows {
        managed.entry(account).or_default().push(group);
    }
    Ok(managed)
}

fn managers<'a>(
    conn: &mut DbConn,
    details: impl Iterator<Item = &'a AccountDetails>,
) -> Result<HashMap<AccountId, Found>, StoreError> {
    let ids: Vec<String> = details.filter_map(|one| one.manager).map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, String)> = account_search::table
        .filter(account_search::account_id.eq_any(ids))
        .select((account_search::account_id, account_search::login))
        .load(conn)?;
    let found = rows.into_iter().map(Found::try_from);
    found.map(|one| one.map(|one| (one.id, one))).collect()
}

/// Those of `targets` that are accessible to `caller`: itself, and the members of the groups that it manages, unless they
/// administer the platform (contracts/ocs-provisioning.md §3.3). For callers that do not administer the platform themselves.
///
/// # Errors
/// Those of the database.
pub fn accessible(
    conn: &mut DbConn,
    caller: AccountId,
    targets: &[AccountId],
) -> Result<HashSet<AccountId>, StoreError> {
    let managed = groups::subadmin_of(conn, caller)?;
    let mut found = HashSet::new();
    for page in targets.chunks(usize::try_from(MAX_PAGE).unwrap_or(usize::MAX)) {
        let ids: Vec<String> = page.iter().map(AccountId::to_string).collect();
        let members: Vec<String> = account_groups::table
            .filter(account_groups::account_id.eq_any(ids))
            .filter(account_groups::group_id.eq_any(&managed))
            .select(account_groups::account_id)
            .distinct()
            .load(conn)?;
        let parse = |id: String| id.parse().map_err(|error| StoreError::corrupt("account_groups", error));
        let members = members.into_iter().map(parse).collect::<Result<Vec<AccountId>, _>>()?;
        let ordinary = accounts::of_ids(conn, &members)?;
        found.extend(ordinary.iter().filter(|one| !one.is_administrator()).map(|one| one.id));
    }
    if targets.contains(&caller) {
        found.insert(caller);
    }
    Ok(found)
}
