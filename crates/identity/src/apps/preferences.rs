//! Preferences: what apps keep for one account. Only keys that an app vouches for can be written; they go with the account.

use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{
    config::{MAX_KEY, MAX_VALUE},
    find,
};
use crate::{accounts::AccountId, act::Act, errors::IdentityError, faults::Faults, text};

mod schema {
    diesel::table! {
        user_preferences (account_id, app, key) {
            account_id -> Text,
            app -> Text,
            key -> Text,
            value -> Text,
        }
    }
}

use schema::user_preferences;

/// Writes a preference; `false` when no app vouches for the key.
///
/// # Errors
/// [`IdentityError::Invalid`] for a value that is too long, [`IdentityError::Unknown`] for an account that is gone.
pub fn set(
    conn: &mut DbConn,
    act: &Act,
    account: AccountId,
    (app, key): (&str, &str),
    value: &str,
) -> Result<bool, IdentityError> {
    if !is_vouched_for(conn, app, key)? {
        return Ok(false);
    }
    if value.len() > MAX_VALUE || value.contains('\0') {
        let mut faults = Faults::default();
        faults.push("value", format!("may have at most {MAX_VALUE} bytes, and no NUL"));
        return Err(faults.into());
    }
    crate::accounts::find_for_change(conn, account)?.ok_or(IdentityError::Unknown("account"))?;
    let value = user_preferences::value.eq(value);
    let row = (
        user_preferences::account_id.eq(account.to_string()),
        user_preferences::app.eq(app),
        user_preferences::key.eq(key),
        value,
    );
    on_backend!(conn, |c| diesel::insert_into(user_preferences::table)
        .values(row)
        .on_conflict((user_preferences::account_id, user_preferences::app, user_preferences::key))
        .do_update()
        .set(value)
        .execute(c))?;
    record(conn, act, "account.set_preference", account, app, key)?;
    Ok(true)
}

/// Removes a preference; `false` when no app vouches for the key. One that was not set is removed already.
///
/// # Errors
/// Those of the database.
pub fn delete(
    conn: &mut DbConn,
    act: &Act,
    account: AccountId,
    (app, key): (&str, &str),
) -> Result<bool, IdentityError> {
    if !is_vouched_for(conn, app, key)? {
        return Ok(false);
    }
    let row = user_preferences::table.find((account.to_string(), app, key));
    if diesel::delete(row).execute(conn)? > 0 {
        record(conn, act, "account.delete_preference", account, app, key)?;
    }
    Ok(true)
}

/// The value of a preference.
///
/// # Errors
/// Those of the database.
pub fn value(
    conn: &mut DbConn,
    account: AccountId,
    app: &str,
    key: &str,
) -> Result<Option<String>, StoreError> {
    let row = user_preferences::table.find((account.to_string(), text::storable(app), text::storable(key)));
    Ok(row.select(user_preferences::value).first(conn).optional()?)
}

fn is_vouched_for(conn: &mut DbConn, app: &str, key: &str) -> Result<bool, StoreError> {
    let vouched = |keys: Vec<String>| keys.iter().any(|known| known == key);
    Ok(text::check(key, MAX_KEY).is_ok() && find(conn, app)?.is_some_and(|app| vouched(app.preferences)))
}

fn record(
    conn: &mut DbConn,
    act: &Act,
    action: &'static str,
    account: AccountId,
    app: &str,
    key: &str,
) -> Result<(), StoreError> {
    act.record(conn, action, &account.to_string(), Some(serde_json::json!({ "app": app, "key": key })))
}
