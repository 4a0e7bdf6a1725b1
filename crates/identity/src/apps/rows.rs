//! The table of apps: those of bootstrap files, and those services whose state somebody has changed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{DbConn, StoreError, on_backend};

use super::{App, catalogue};
use crate::{
    act::Act,
    text::{from_json, to_json},
};

pub(super) mod schema {
    diesel::table! {
        apps (id) {
            id -> Text,
            enabled -> Bool,
            manifest -> Nullable<Text>,
            created_at -> Timestamp,
            updated_at -> Timestamp,
        }
    }
}

use schema::apps;

/// What a bootstrap file says of an app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Declared {
    /// Laid over what there is to say about any app.
    #[serde(default)]
    pub(crate) manifest: Map<String, Value>,
    /// Keys of preferences that it vouches for.
    #[serde(default)]
    pub(crate) preferences: Vec<String>,
}

/// Id, whether it is enabled, what was declared.
pub(super) type Row = (String, bool, Option<String>);

pub(super) fn list(conn: &mut DbConn) -> Result<Vec<Row>, StoreError> {
    Ok(apps::table.order(apps::id).select((apps::id, apps::enabled, apps::manifest)).load(conn)?)
}

pub(super) fn find(conn: &mut DbConn, id: &str) -> Result<Option<Row>, StoreError> {
    let row = apps::table.find(id).select((apps::id, apps::enabled, apps::manifest));
    Ok(row.first(conn).optional()?)
}

pub(super) fn disabled(conn: &mut DbConn) -> Result<Vec<String>, StoreError> {
    Ok(apps::table.filter(apps::enabled.eq(false)).order(apps::id).select(apps::id).load(conn)?)
}

/// Lays a row over what the program knows. A row without a manifest, of a service that is no more, says nothing.
pub(super) fn put(apps: &mut BTreeMap<String, App>, (id, enabled, declared): Row) -> Result<(), StoreError> {
    let declared: Option<Declared> =
        declared.as_deref().map(|text| from_json("apps.manifest", text)).transpose()?;
    if let Some(app) = apps.get_mut(&id) {
        app.enabled = enabled || app.always_on;
        app.preferences = declared.map(|declared| declared.preferences).unwrap_or_default();
        return Ok(());
    }
    let Some(declared) = declared else { return Ok(()) };
    let mut manifest = catalogue::manifest(&id);
    manifest.extend(declared.manifest);
    let app = App { id: id.clone(), enabled, always_on: false, manifest, preferences: declared.preferences };
    apps.insert(id, app);
    Ok(())
}

/// Whether it changed anything.
pub(super) fn set_enabled(conn: &mut DbConn, act: &Act, id: &str, enabled: bool) -> Result<bool, StoreError> {
    let row = (
        apps::id.eq(id),
        // As a service is while there is no row of it.
        apps::enabled.eq(true),
        apps::created_at.eq(act.stamp()),
        apps::updated_at.eq(act.stamp()),
    );
    on_backend!(conn, |c| diesel::insert_into(apps::table).values(row).on_conflict_do_nothing().execute(c))?;
    let other = apps::table.find(id).filter(apps::enabled.ne(enabled));
    let change = (apps::enabled.eq(enabled), apps::updated_at.eq(act.stamp()));
    Ok(diesel::update(other).set(change).execute(conn)? == 1)
}

/// Writes what a file declares, and makes the app if there is none.
pub(crate) fn declare(conn: &mut DbConn, act: &Act, id: &str, declared: &Declared) -> Result<(), StoreError> {
    let (manifest, updated_at) = (apps::manifest.eq(to_json(declared)?), apps::updated_at.eq(act.stamp()));
    let row = (
        apps::id.eq(id),
        apps::enabled.eq(true),
        manifest.clone(),
        apps::created_at.eq(act.stamp()),
        updated_at,
    );
    on_backend!(conn, |c| diesel::insert_into(apps::table)
        .values(row)
        .on_conflict(apps::id)
        .do_update()
        .set((manifest, updated_at))
        .execute(c))?;
    Ok(())
}

/// What a file has declared of an app.
pub(crate) fn declared(conn: &mut DbConn, id: &str) -> Result<Option<Declared>, StoreError> {
    let text = find(conn, id)?.and_then(|(_, _, declared)| declared);
    text.as_deref().map(|text| from_json("apps.manifest", text)).transpose()
}

/// When the row was made.
pub(crate) fn created_at(conn: &mut DbConn, id: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
    let at: Option<NaiveDateTime> = apps::table.find(id).select(apps::created_at).first(conn).optional()?;
    Ok(at.map(|at| at.and_utc()))
}

/// Removes what is known of an app. Whether there was something.
pub(crate) fn forget(conn: &mut DbConn, id: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(apps::table.find(id)).execute(conn)? == 1)
}
