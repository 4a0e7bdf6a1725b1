//! Config keys of apps: texts that administrators keep here for clients (`contracts/ocs-provisioning.md`, §5.13–§5.16,
//! §7.14). A key has the type of the value that it was declared with, and is read as a text whatever its type.

mod kind;

use std::collections::BTreeSet;

use diesel::prelude::*;
use store::{DbConn, StoreCause, StoreError, on_backend};

pub use kind::Kind;

use super::{App, CORE, MAX_APP_ID, is_legal_id};
use crate::{act::Act, errors::IdentityError, text};

mod schema {
    diesel::table! {
        app_config (app, key) {
            app -> Text,
            key -> Text,
            kind -> Text,
            value -> Text,
        }
    }
}

use schema::app_config;

/// The longest key, in characters.
pub const MAX_KEY: usize = 64;
/// The most bytes of a value.
pub const MAX_VALUE: usize = 65_536;
/// The most keys of one app.
const MOST_KEYS: i64 = 1000;

/// Keys that every app has, and that say what it is: nobody writes them.
const OWN: [&str; 3] = ["enabled", "installed_version", "types"];

/// Why a key is not read, written or removed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigRefusal {
    /// No app can have this id.
    #[error("this is not the id of an app")]
    IllegalApp,
    /// Nobody may write this key, or not this value.
    #[error("the given key can not be set")]
    Protected,
    /// The default quota is to be none, and quotas have to be limited.
    #[error("the given key can not be set, unlimited quota is forbidden on this instance")]
    UnlimitedForbidden,
    /// Id, key or value is too long, has control characters in it or is not of the key's type, or there are too many keys.
    #[error("this value cannot be stored")]
    Invalid,
    /// The directory failed.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<StoreError> for ConfigRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<diesel::result::Error> for ConfigRefusal {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl StoreCause for ConfigRefusal {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Failed(error) => error.store_error(),
            _ => None,
        }
    }
}

/// Whether a key may have this value; nothing for one that is removed, which counts as writing an empty text (§5.16).
///
/// # Errors
/// [`ConfigRefusal::IllegalApp`], [`ConfigRefusal::Protected`].
pub fn check(app: &str, key: &str, value: Option<&str>) -> Result<(), ConfigRefusal> {
    if !is_legal_id(app) {
        return Err(ConfigRefusal::IllegalApp);
    }
    let of_core = key.starts_with("public_")
        || key.starts_with("remote_")
        || (key == "encryption_enabled" && value != Some("yes"));
    if OWN.contains(&key) || (app == CORE && of_core) {
        return Err(ConfigRefusal::Protected);
    }
    Ok(())
}

/// Ids of everything that has a key, ascending: every app, [`CORE`], and what keys were written for besides.
///
/// # Errors
/// Those of the database.
pub fn apps(conn: &mut DbConn) -> Result<Vec<String>, StoreError> {
    let written: Vec<String> =
        app_config::table.select(app_config::app).distinct().order(app_config::app).load(conn)?;
    let mut ids: BTreeSet<String> = written.into_iter().collect();
    ids.extend(super::list(conn)?.into_iter().map(|app| app.id));
    ids.insert(CORE.to_owned());
    Ok(ids.into_iter().collect())
}

/// The keys of an app, ascending; none of one that there is not.
///
/// # Errors
/// [`ConfigRefusal::IllegalApp`].
pub fn keys(conn: &mut DbConn, app: &str) -> Result<Vec<String>, ConfigRefusal> {
    if !is_legal_id(app) {
        return Err(ConfigRefusal::IllegalApp);
    }
    let written: Vec<String> = app_config::table
        .filter(app_config::app.eq(app))
        .order(app_config::key)
        .select(app_config::key)
        .load(conn)?;
    let mut keys: BTreeSet<String> = written.into_iter().collect();
    for key in OWN {
        if own(conn, app, key)?.is_some() {
            keys.insert(key.to_owned());
        }
    }
    Ok(keys.into_iter().collect())
}

/// The value of a key, as a text.
///
/// # Errors
/// [`ConfigRefusal::IllegalApp`].
pub fn value(conn: &mut DbConn, app: &str, key: &str) -> Result<Option<String>, ConfigRefusal> {
    if !is_legal_id(app) {
        return Err(ConfigRefusal::IllegalApp);
    }
    if let Some(own) = own(conn, app, key)? {
        return Ok(Some(own));
    }
    Ok(stored(conn, app, key)?.map(|(_, value)| value))
}

/// What the platform itself knows of an app.
fn own(conn: &mut DbConn, app: &str, key: &str) -> Result<Option<String>, StoreError> {
    if !OWN.contains(&key) {
        return Ok(None);
    }
    if app == CORE {
        return Ok((key == "installed_version").then(|| env!("CARGO_PKG_VERSION").to_owned()));
    }
    let told = |app: App| match key {
        "enabled" => if app.enabled { "yes" } else { "no" }.to_owned(),
        "types" => app.types(),
        _ => app.version().to_owned(),
    };
    Ok(super::find(conn, app)?.map(told))
}

fn stored(conn: &mut DbConn, app: &str, key: &str) -> Result<Option<(Kind, String)>, StoreError> {
    let row: Option<(String, String)> = app_config::table
        .find((text::storable(app), text::storable(key)))
        .select((app_config::kind, app_config::value))
        .first(conn)
        .optional()?;
    row.map(|(kind, value)| Ok((kind.parse()?, value))).transpose()
}

/// Writes a key; `unlimited` says whether quotas may be without limit. A key keeps its type.
///
/// # Errors
/// [`ConfigRefusal`].
pub fn set(
    conn: &mut DbConn,
    act: &Act,
    (app, key): (&str, &str),
    value: &str,
    unlimited: bool,
) -> Result<(), ConfigRefusal> {
    check(app, key, Some(value))?;
    if !unlimited && (app, key, value) == ("files", "default_quota", "none") {
        return Err(ConfigRefusal::UnlimitedForbidden);
    }
    let kind = stored(conn, app, key)?.map_or(Kind::Text, |(kind, _)| kind);
    let value = kind.cast(value).ok_or(ConfigRefusal::Invalid)?;
    put(conn, act, (app, key), kind, &value).map(|_| ())
}

/// Writes a key and its type. Whether that changed anything.
///
/// # Errors
/// [`ConfigRefusal::Invalid`].
pub(crate) fn put(
    conn: &mut DbConn,
    act: &Act,
    (app, key): (&str, &str),
    kind: Kind,
    value: &str,
) -> Result<bool, ConfigRefusal> {
    let fits = text::check(app, MAX_APP_ID).is_ok() && text::check(key, MAX_KEY).is_ok();
    if !fits || value.len() > MAX_VALUE || value.contains('\0') {
        return Err(ConfigRefusal::Invalid);
    }
    let before = stored(conn, app, key)?;
    if before.as_ref().is_some_and(|(known, text)| *known == kind && text == value) {
        return Ok(false);
    }
    let count: i64 = app_config::table.filter(app_config::app.eq(app)).count().get_result(conn)?;
    if before.is_none() && count >= MOST_KEYS {
        return Err(ConfigRefusal::Invalid);
    }
    let change = (app_config::kind.eq(kind.as_str()), app_config::value.eq(value));
    let row = (app_config::app.eq(app), app_config::key.eq(key), change);
    on_backend!(conn, |c| diesel::insert_into(app_config::table)
        .values(row)
        .on_conflict((app_config::app, app_config::key))
        .do_update()
        .set(change)
        .execute(c))?;
    act.record(conn, "app.set_config", app, Some(serde_json::json!({ "key": key })))?;
    Ok(true)
}

/// Removes a key; `false` when there was none.
///
/// # Errors
/// [`ConfigRefusal`].
pub fn delete(conn: &mut DbConn, act: &Act, app: &str, key: &str) -> Result<bool, ConfigRefusal> {
    check(app, key, None)?;
    let row = app_config::table.find((text::storable(app), text::storable(key)));
    if diesel::delete(row).execute(conn)? == 0 {
        return Ok(false);
    }
    act.record(conn, "app.delete_config", app, Some(serde_json::json!({ "key": key })))?;
    Ok(true)
}

/// Removes all keys of an app that is no more.
pub(crate) fn forget(conn: &mut DbConn, app: &str) -> Result<(), StoreError> {
    diesel::delete(app_config::table.filter(app_config::app.eq(app))).execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_keys_are_those_of_the_contract() {
        let refused = |app, key, value| matches!(check(app, key, value), Err(ConfigRefusal::Protected));
        for key in ["installed_version", "enabled", "types"] {
            assert!(refused("files", key, Some("x")) && refused("core", key, None), "{key}");
        }
        for key in ["public_files", "remote_files", "public_", "remote_"] {
            assert!(refused("core", key, Some("x")) && refused("core", key, None), "{key}");
            assert!(!refused("dav", key, Some("x")), "{key}");
        }
        assert!(
            refused("core", "encryption_enabled", None) && refused("core", "encryption_enabled", Some("no"))
        );
        assert!(!refused("core", "encryption_enabled", Some("yes")));
        assert!(!refused("files", "encryption_enabled", None));
        assert!(!refused("core", "shareapi_enabled", Some("no")) && !refused("core", "", None));
        assert!(matches!(check("a/b", "enabled", None), Err(ConfigRefusal::IllegalApp)));
    }
}
