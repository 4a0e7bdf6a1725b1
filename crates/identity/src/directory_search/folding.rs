//! Folding display names that databases cannot fold. Triggers write `account_search`, and fold ASCII; what has other letters
//! in it is done here: at once by whoever changes an account, and at the next start or pruning for what a replica of the
//! version before has written.

use diesel::prelude::*;
use store::{Db, DbConn, StoreError};

use super::schema::account_search;
use crate::{
    accounts::{AccountId, schema::accounts},
    text::fold,
};

/// Rows of one transaction.
const BATCH: u32 = 500;

diesel::allow_tables_to_appear_in_same_query!(account_search, accounts);

/// Login key, display name, key of the e-mail address.
type Names = (String, Option<String>, Option<String>);

/// Folds the name of one account, which was changed just now, in the transaction of the change.
pub(crate) fn fold_name(
    conn: &mut DbConn,
    id: AccountId,
    display_name: Option<&String>,
) -> Result<(), StoreError> {
    if display_name.is_none_or(|name| name.is_ascii()) {
        return Ok(());
    }
    let names: Option<Names> = accounts::table
        .find(id.to_string())
        .select((accounts::login_key, accounts::display_name, accounts::email_key))
        .first(conn)
        .optional()?;
    match names {
        Some(names) => write(conn, &id.to_string(), &names),
        None => Ok(()),
    }
}

/// Folds at most `limit` names that are not, and returns how many.
pub(crate) fn fold_names(conn: &mut DbConn, limit: u32) -> Result<usize, StoreError> {
    let rows: Vec<(String, Names)> = account_search::table
        .inner_join(accounts::table.on(accounts::id.eq(account_search::account_id)))
        .filter(diesel::dsl::not(account_search::folded))
        .order(account_search::account_id)
        .select((accounts::id, (accounts::login_key, accounts::display_name, accounts::email_key)))
        .limit(limit.into())
        .load(conn)?;
    for (id, names) in &rows {
        write(conn, id, names)?;
    }
    Ok(rows.len())
}

/// Folds every name that is not.
pub(crate) async fn complete_keys(db: &Db) -> Result<(), StoreError> {
    while db.read(has_unfolded).await? {
        db.write(|conn| fold_names(conn, BATCH)).await?;
    }
    Ok(())
}

fn has_unfolded(conn: &mut DbConn) -> Result<bool, StoreError> {
    let row = account_search::table
        .filter(diesel::dsl::not(account_search::folded))
        .order(account_search::account_id)
        .select(account_search::folded);
    Ok(row.first::<bool>(conn).optional()?.is_some())
}

fn write(conn: &mut DbConn, id: &str, (login, name, email): &Names) -> Result<(), StoreError> {
    let name = name.as_deref().map(fold);
    let text = format!(
        "{login}\u{1}{}\u{1}{}",
        name.as_deref().unwrap_or_default(),
        email.as_deref().unwrap_or_default()
    );
    diesel::update(account_search::table.find(id))
        .set((
            account_search::sort_key.eq(name.as_ref().unwrap_or(login)),
            account_search::text.eq(text),
            account_search::folded.eq(true),
        ))
        .execute(conn)?;
    Ok(())
}
