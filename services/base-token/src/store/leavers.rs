//! What deleted accounts leave.
//!
//! | what | what becomes of it |
//! | --- | --- |
//! | bases in the personal workspace | to the trash, for the ordinary time; an operator may take one out |
//! | their API-Tokens and external links | gone at once: nobody is there who could see and end them |
//! | the workspace | marked; gone with the last base that was in it |
//! | shares of others with the account | gone |
//! | the workspaces of groups, with tokens and links that the account made there | stay |
//! | who made, changed or shared something | stays the id, which nobody gets again and which names nobody any more |

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::schema::{api_tokens, bases, external_links, user_shares, workspaces};
use super::workspaces::ACCOUNT;
use crate::domain::id::AccountId;

/// For so long after the first look a base in the workspace is taken for one that a request under way has made. A base that
/// is taken out of the trash later stays out.
const SETTLING: TimeDelta = TimeDelta::minutes(10);

/// What an account has left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Bases that were put into the trash.
    pub bases: usize,
    /// API-Tokens of theirs that are gone.
    pub api_tokens: usize,
    /// External links of theirs that are gone.
    pub external_links: usize,
    /// Shares of others' bases that are gone.
    pub shares: usize,
}

/// Which of these accounts have a workspace that was not seen to, or a share.
///
/// # Errors
/// The database's.
pub fn holders_among(
    conn: &mut DbConn,
    accounts: &[AccountId],
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let ids: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
    let unsettled = workspaces::left_at.is_null().or(workspaces::left_at.gt(settled_before(now)));
    let mut holders: Vec<String> = workspaces::table
        .filter(workspaces::owner_kind.eq(ACCOUNT).and(workspaces::owner.eq_any(&ids)))
        .filter(unsettled)
        .select(workspaces::owner)
        .load(conn)?;
    let shared: Vec<String> = user_shares::table
        .filter(user_shares::account_id.eq_any(&ids))
        .select(user_shares::account_id)
        .distinct()
        .load(conn)?;
    holders.extend(shared);
    holders.sort_unstable();
    holders.dedup();
    Ok(holders)
}

/// Removes what an account leaves. A second time there is nothing left.
///
/// # Errors
/// The database's.
pub fn leave(conn: &mut DbConn, account: &AccountId, now: DateTime<Utc>) -> Result<Left, StoreError> {
    let mut left = Left::default();
    if let Some((workspace, left_at)) = lock_workspace(conn, account)? {
        if left_at.is_none() {
            let workspace = workspaces::table.find(workspace);
            diesel::update(workspace).set(workspaces::left_at.eq(now.naive_utc())).execute(conn)?;
        }
        if left_at.is_none_or(|at| at > settled_before(now)) {
            clear(conn, workspace, now, &mut left)?;
        }
    }
    let shares = user_shares::table.filter(user_shares::account_id.eq(account.as_str()));
    left.shares = diesel::delete(shares).execute(conn)?;
    Ok(left)
}

fn settled_before(now: DateTime<Utc>) -> NaiveDateTime {
    (now - SETTLING).naive_utc()
}

/// The personal workspace, and since when it is left. Others who see to it, or make a base in it, wait.
fn lock_workspace(
    conn: &mut DbConn,
    account: &AccountId,
) -> Result<Option<(i64, Option<NaiveDateTime>)>, StoreError> {
    let own = workspaces::table
        .filter(workspaces::owner_kind.eq(ACCOUNT).and(workspaces::owner.eq(account.as_str())))
        .select((workspaces::id, workspaces::left_at));
    let found = match conn {
        DbConn::Pg(conn) => own.for_update().first(conn).optional()?,
        DbConn::Sqlite(conn) => own.first(conn).optional()?,
    };
    Ok(found)
}

/// Empties a workspace that this transaction has locked.
fn clear(conn: &mut DbConn, workspace: i64, now: DateTime<Utc>, left: &mut Left) -> Result<(), StoreError> {
    let of_workspace = bases::workspace_id.eq(workspace);
    // First: whoever makes a token or a link holds its base, and finds it in the trash afterwards.
    let in_use = bases::table.filter(of_workspace).filter(bases::trashed_at.is_null());
    let at = now.naive_utc();
    left.bases =
        diesel::update(in_use).set((bases::trashed_at.eq(at), bases::updated_at.eq(at))).execute(conn)?;
    let ids = || bases::table.filter(of_workspace).select(bases::id);
    let tokens = api_tokens::table.filter(api_tokens::base_id.eq_any(ids()));
    left.api_tokens = diesel::delete(tokens).execute(conn)?;
    let links = external_links::table.filter(external_links::base_id.eq_any(ids()));
    left.external_links = diesel::delete(links).execute(conn)?;
    let within = bases::table.filter(bases::workspace_id.eq(workspaces::id));
    let empty = workspaces::table.filter(workspaces::id.eq(workspace)).filter(not(exists(within)));
    diesel::delete(empty).execute(conn)?;
    Ok(())
}
