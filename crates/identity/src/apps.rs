//! Apps: what clients of the provisioning API see of the platform's services, and of whatever else a bootstrap file declares
//! (`contracts/ocs-provisioning.md`, §5.1–§5.4, §5.13–§5.16).
//!
//! | app | known by | manifest | can be disabled |
//! | --- | --- | --- | --- |
//! | a service of the platform | the program, `catalogue` | the program's | yes, but for the provisioning API itself |
//! | any other | a bootstrap file | the file's | yes |
//! | [`CORE`] | the program | none: it is no app, and has config keys only | |
//!
//! A disabled service refuses everybody but the platform's administrators. It learns of it from the revocation feed, where a
//! state is under its id, as its `ServiceProfile` names it. To add a service: a line in `catalogue`.

mod catalogue;
pub mod config;
pub mod preferences;
mod rows;

use auth_claims::revocations::RevocationKind;
use serde_json::{Map, Value, json};
use store::{DbConn, StoreError};

pub use catalogue::{CORE, PROVISIONING};

pub(crate) use rows::{Declared, created_at, declare, declared, forget};

use crate::{
    act::Act,
    errors::IdentityError,
    revocations::{self, Revocation},
};

/// The longest id of an app.
pub const MAX_APP_ID: usize = 64;

/// An app.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Whether it is there for everybody.
    pub enabled: bool,
    /// Whether it cannot be disabled; then it is not listed among the others (§5.1).
    pub always_on: bool,
    /// What there is to say about it: `id`, `name`, `version` and the usual keys of §5.2.
    pub manifest: Map<String, Value>,
    /// Keys of [`preferences`] that it vouches for.
    pub preferences: Vec<String>,
}

impl App {
    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        self.manifest.get("version").and_then(Value::as_str).unwrap_or("0")
    }

    /// Its types, for the config key of that name: joined by commas.
    #[must_use]
    pub fn types(&self) -> String {
        let types = self.manifest.get("types").and_then(Value::as_array);
        let types: Vec<&str> = types.into_iter().flatten().filter_map(Value::as_str).collect();
        types.join(",")
    }
}

/// Why an app is not enabled or disabled.
#[derive(Debug, thiserror::Error)]
pub enum AppRefusal {
    /// There is none of this id.
    #[error("there is no such app")]
    Unknown,
    /// The platform does not work without it.
    #[error("this app cannot be disabled")]
    AlwaysOn,
    /// The directory failed.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<StoreError> for AppRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl store::StoreCause for AppRefusal {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Failed(error) => error.store_error(),
            Self::Unknown | Self::AlwaysOn => None,
        }
    }
}

/// Whether this is the id of a service of the platform, or of the platform itself.
#[must_use]
pub(crate) fn is_service(id: &str) -> bool {
    id == CORE || catalogue::apps().iter().any(|app| app.id == id)
}

/// Whether a text may be an app's id (§5.14): nothing that could be a path or a piece of markup.
#[must_use]
pub fn is_legal_id(id: &str) -> bool {
    !id.contains(['<', '>', '"', '\'', '\\', '/', '\0']) && !id.contains("..")
}

/// All apps, ascending by id.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut DbConn) -> Result<Vec<App>, StoreError> {
    let mut apps: std::collections::BTreeMap<String, App> =
        catalogue::apps().into_iter().map(|app| (app.id.clone(), app)).collect();
    for row in rows::list(conn)? {
        rows::put(&mut apps, row)?;
    }
    Ok(apps.into_values().collect())
}

/// The app with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: &str) -> Result<Option<App>, StoreError> {
    if crate::text::check(id, MAX_APP_ID).is_err() {
        return Ok(None);
    }
    let mut apps: std::collections::BTreeMap<String, App> =
        catalogue::apps().into_iter().filter(|app| app.id == id).map(|app| (app.id.clone(), app)).collect();
    if let Some(row) = rows::find(conn, id)? {
        rows::put(&mut apps, row)?;
    }
    Ok(apps.remove(id))
}

/// Ids of the apps that are not there for everybody, ascending: one query.
///
/// # Errors
/// Those of the database.
pub fn disabled(conn: &mut DbConn) -> Result<Vec<String>, StoreError> {
    let always_on = |id: &String| catalogue::apps().iter().any(|app| app.id == *id && app.always_on);
    Ok(rows::disabled(conn)?.into_iter().filter(|id| !always_on(id)).collect())
}

/// Enables or disables an app; `false` when it was so already. Disabling one that there is not changes nothing (§5.4). The
/// services hear of it when the transaction is committed.
///
/// # Errors
/// [`AppRefusal`].
pub fn set_enabled(conn: &mut DbConn, act: &Act, id: &str, enabled: bool) -> Result<bool, AppRefusal> {
    let Some(app) = find(conn, id)? else {
        return if enabled { Err(AppRefusal::Unknown) } else { Ok(false) };
    };
    if app.always_on {
        return if enabled { Ok(false) } else { Err(AppRefusal::AlwaysOn) };
    }
    if !rows::set_enabled(conn, act, id, enabled)? {
        return Ok(false);
    }
    tell(conn, act, id, enabled)?;
    let action = if enabled { "app.enable" } else { "app.disable" };
    act.record(conn, action, id, Some(json!({ "name": app.manifest.get("name") })))?;
    Ok(true)
}

/// Tells the services. Apps of bootstrap files are somebody else's programs, which do not read the feed.
pub(crate) fn tell(conn: &mut DbConn, act: &Act, id: &str, enabled: bool) -> Result<(), StoreError> {
    if !is_service(id) {
        return Ok(());
    }
    if enabled {
        revocations::lift(conn, RevocationKind::Service, id, act.now())?;
    } else {
        revocations::revoke(conn, &Revocation::of_service(id, act.now()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_lead_elsewhere_is_no_id() {
        for id in ["files", "provisioning_api", "España", "a b", "a.b", ".", ""] {
            assert!(is_legal_id(id), "{id:?}");
        }
        for id in ["a<b", "a>b", "a\"b", "a'b", "a\\b", "a/b", "a\0b", "a\\0b", "..", "a..b", "../etc"] {
            assert!(!is_legal_id(id), "{id:?}");
        }
    }
}
