//! What decisions are made of: a workspace, a base in it, and with whom that is shared.

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::schema::{group_shares, user_shares};
use super::{bases, workspaces};
use crate::domain::access::Facts;
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::refusal::Refusal;
use crate::domain::workspace::Workspace;

/// Everything of a base that decides about somebody.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it lies.
    pub workspace: Workspace,
    /// The base.
    pub base: Base,
    /// With whom it is shared.
    pub facts: Facts,
}

/// A base by workspace and name, and what decides about this account.
///
/// # Errors
/// Inside, [`Refusal::NoWorkspace`] and [`Refusal::NoBase`], in this order; outside, the database's.
pub fn load(
    conn: &mut DbConn,
    workspace_id: i64,
    name: &str,
    account: &AccountId,
) -> Result<Result<Found, Refusal>, StoreError> {
    let Some(workspace) = workspaces::find(conn, workspace_id)? else {
        return Ok(Err(Refusal::NoWorkspace(workspace_id)));
    };
    let Some(base) = bases::find(conn, workspace_id, name)? else {
        return Ok(Err(Refusal::NoBase(name.to_owned())));
    };
    let facts = of_base(conn, &workspace, &base, account)?;
    Ok(Ok(Found { workspace, base, facts }))
}

/// What decides about this account and a base.
///
/// # Errors
/// The database's.
pub fn of_base(
    conn: &mut DbConn,
    workspace: &Workspace,
    base: &Base,
    account: &AccountId,
) -> Result<Facts, StoreError> {
    let permission = |text: String| text.parse().map_err(|error| StoreError::corrupt("permission", error));
    let user_share = user_shares::table
        .find((base.id, account.as_str()))
        .select(user_shares::permission)
        .first::<String>(conn)
        .optional()?;
    let group_shares = group_shares::table
        .filter(group_shares::base_id.eq(base.id))
        .order(group_shares::group_number)
        .select((group_shares::group_number, group_shares::permission))
        .load::<(i64, String)>(conn)?;
    Ok(Facts {
        owner: workspace.owner.clone(),
        user_share: user_share.map(permission).transpose()?,
        group_shares: group_shares
            .into_iter()
            .map(|(group, text)| Ok((group, permission(text)?)))
            .collect::<Result<_, StoreError>>()?,
    })
}
