//! Further addresses of an account: written one by one, so that each keeps its place and its scope.

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::{AccountDetails, InvalidDetail, Scope, is_main, schema::account_mails};
use crate::{
    accounts::{Account, AccountId},
    text::MAX_LIST,
};

/// Who sees one that was just added.
const SCOPE: Scope = Scope::Local;

/// Adds one at the end.
pub(super) fn add(
    conn: &mut DbConn,
    account: &Account,
    details: &AccountDetails,
    address: &str,
    verified: bool,
) -> Result<Result<(), InvalidDetail>, StoreError> {
    if details.mails.len() >= MAX_LIST || !is_new(account, details, address) {
        return Ok(Err(InvalidDetail::AdditionalMail));
    }
    let last: Option<i64> = account_mails::table
        .filter(account_mails::account_id.eq(account.id.to_string()))
        .select(diesel::dsl::max(account_mails::position))
        .first(conn)?;
    let row = (
        account_mails::account_id.eq(account.id.to_string()),
        account_mails::address.eq(address),
        account_mails::position.eq(last.unwrap_or(0) + 1),
        account_mails::scope.eq(SCOPE.as_str()),
        account_mails::verified.eq(verified),
    );
    diesel::insert_into(account_mails::table).values(row).execute(conn)?;
    Ok(Ok(()))
}

/// Puts another in the place of one, or nothing.
pub(super) fn replace(
    conn: &mut DbConn,
    account: &Account,
    details: &AccountDetails,
    address: &str,
    by: Option<(&str, bool)>,
) -> Result<Result<(), InvalidDetail>, StoreError> {
    if !has(details, address) {
        return Ok(Err(InvalidDetail::UnknownMail));
    }
    let row = account_mails::table.find((account.id.to_string(), address));
    match by {
        None => diesel::delete(row).execute(conn)?,
        Some((new, _)) if new == address => 1,
        Some((new, _)) if !is_new(account, details, new) => return Ok(Err(InvalidDetail::AdditionalMail)),
        Some((new, verified)) => diesel::update(row)
            .set((account_mails::address.eq(new), account_mails::verified.eq(verified)))
            .execute(conn)?,
    };
    Ok(Ok(()))
}

/// Says who sees one.
pub(super) fn set_scope(
    conn: &mut DbConn,
    id: AccountId,
    details: &AccountDetails,
    address: &str,
    scope: Scope,
) -> Result<Result<(), InvalidDetail>, StoreError> {
    if !has(details, address) {
        return Ok(Err(InvalidDetail::UnknownMail));
    }
    diesel::update(account_mails::table.find((id.to_string(), address)))
        .set(account_mails::scope.eq(scope.as_str()))
        .execute(conn)?;
    Ok(Ok(()))
}

fn has(details: &AccountDetails, address: &str) -> bool {
    details.mails.iter().any(|mail| mail.address == address)
}

fn is_new(account: &Account, details: &AccountDetails, address: &str) -> bool {
    !is_main(account, address) && !has(details, address)
}
