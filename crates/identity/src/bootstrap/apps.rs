//! The section `apps`: apps that clients of the provisioning API are to see, and state and config keys of any.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::{DbConn, StoreError};

use super::named::Entry;
use crate::{
    act::Act,
    apps::{
        self, AppRefusal, Declared, MAX_APP_ID,
        config::{self, ConfigRefusal, Kind, MAX_KEY, MAX_VALUE},
    },
    errors::IdentityError,
    faults::Faults,
    text::{self, MAX_NAME},
};

/// The most bytes of a description.
const MAX_DESCRIPTION: usize = 4096;

/// An app as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppEntry {
    id: String,
    /// Default: the id.
    name: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    version: Option<String>,
    licence: Option<String>,
    author: Option<String>,
    category: Option<String>,
    types: Option<Vec<String>>,
    /// Default: as it is; a new one is.
    enabled: Option<bool>,
    /// Config keys and their values, whose types they keep.
    #[serde(default)]
    config: BTreeMap<String, Value>,
    /// Keys of preferences that it vouches for.
    preferences: Option<Vec<String>>,
}

impl AppEntry {
    fn texts(&self) -> [(&'static str, Option<&String>); 7] {
        [
            ("name", self.name.as_ref()),
            ("summary", self.summary.as_ref()),
            ("description", self.description.as_ref()),
            ("version", self.version.as_ref()),
            ("licence", self.licence.as_ref()),
            ("author", self.author.as_ref()),
            ("category", self.category.as_ref()),
        ]
    }

    /// What the file says of the manifest.
    fn manifest(&self) -> Map<String, Value> {
        let texts = self.texts().into_iter().filter_map(|(key, text)| Some((key, text?.as_str().into())));
        let types = self.types.iter().map(|types| ("types", types.as_slice().into()));
        texts.chain(types).map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn check_config(&self, faults: &mut Faults) {
        for (key, value) in &self.config {
            let path = format!("config.{key}");
            let (_, value) = Kind::of(value);
            text::note(faults, &path, key, MAX_KEY);
            if value.len() > MAX_VALUE || value.contains('\0') {
                faults.push(&path, format!("may have at most {MAX_VALUE} bytes, and no NUL"));
            }
            if let Err(refusal) = config::check(&self.id, key, Some(&value)) {
                faults.push(&path, refusal.to_string());
            }
        }
    }

    fn put_config(&self, conn: &mut DbConn, act: &Act) -> Result<bool, IdentityError> {
        let mut changed = false;
        for (key, value) in &self.config {
            let (kind, value) = Kind::of(value);
            changed |= match config::put(conn, act, (&self.id, key), kind, &value) {
                Ok(changed) => changed,
                Err(ConfigRefusal::Failed(error)) => return Err(error),
                Err(refusal) => return Err(fault(format!("config.{key}"), &refusal)),
            };
        }
        Ok(changed)
    }

    fn set_enabled(&self, conn: &mut DbConn, act: &Act) -> Result<bool, IdentityError> {
        let Some(enabled) = self.enabled else { return Ok(false) };
        apps::set_enabled(conn, act, &self.id, enabled).map_err(|refusal| match refusal {
            AppRefusal::Failed(error) => error,
            refusal => fault("enabled".to_owned(), &refusal),
        })
    }

    fn write(
        &self,
        conn: &mut DbConn,
        act: &Act,
        known: &Declared,
    ) -> Result<Vec<&'static str>, IdentityError> {
        let mut desired = known.clone();
        desired.manifest.extend(self.manifest());
        if let Some(preferences) = &self.preferences {
            desired.preferences.clone_from(preferences);
        }
        let mut fields = Vec::new();
        if desired.manifest != known.manifest {
            fields.push("manifest");
        }
        if desired.preferences != known.preferences {
            fields.push("preferences");
        }
        if !fields.is_empty() || apps::created_at(conn, &self.id)?.is_none() {
            apps::declare(conn, act, &self.id, &desired)?;
            act.record(conn, "app.declare", &self.id, None)?;
        }
        if self.set_enabled(conn, act)? {
            fields.push("enabled");
        }
        if self.put_config(conn, act)? {
            fields.push("config");
        }
        Ok(fields)
    }
}

fn fault(path: String, refusal: &impl ToString) -> IdentityError {
    let mut faults = Faults::default();
    faults.push(path, refusal.to_string());
    faults.into()
}

impl Entry for AppEntry {
    const SECTION: &'static str = "apps";
    const KIND: &'static str = "app";
    type Row = DateTime<Utc>;

    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        text::note(&mut faults, "id", &self.id, MAX_APP_ID);
        if !apps::is_legal_id(&self.id) {
            faults.push("id", "may not have any of < > \" ' \\ / or .. in it");
        }
        for (path, value) in self.texts() {
            let longest = if path == "description" { MAX_DESCRIPTION } else { MAX_NAME };
            text::note_optional(&mut faults, path, value, longest);
        }
        if apps::is_service(&self.id) && !self.manifest().is_empty() {
            faults.push(
                "id",
                "is one of the platform's own: only enabled, config and preferences can be declared",
            );
        }
        for (path, list) in [("types", &self.types), ("preferences", &self.preferences)] {
            let list = list.as_deref().unwrap_or_default();
            text::note_list(&mut faults, path, list);
            for (index, element) in list.iter().enumerate() {
                text::note(&mut faults, &format!("{path}[{index}]"), element, MAX_KEY);
            }
        }
        self.check_config(&mut faults);
        faults.into_result(())
    }

    fn find(conn: &mut DbConn, id: &str) -> Result<Option<Self::Row>, StoreError> {
        apps::created_at(conn, id)
    }

    fn created_at(row: &Self::Row) -> DateTime<Utc> {
        *row
    }

    fn create(&self, conn: &mut DbConn, act: &Act) -> Result<Vec<&'static str>, IdentityError> {
        let fields = self.write(conn, act, &Declared::default())?;
        // A service whose file says nothing that was not so already is none the less declared.
        Ok(if fields.is_empty() { vec!["id"] } else { fields })
    }

    fn update(
        &self,
        conn: &mut DbConn,
        act: &Act,
        _current: &Self::Row,
    ) -> Result<Vec<&'static str>, IdentityError> {
        let known = apps::declared(conn, &self.id)?.unwrap_or_default();
        self.write(conn, act, &known)
    }

    fn delete(conn: &mut DbConn, act: &Act, id: &str) -> Result<(), IdentityError> {
        if !apps::forget(conn, id)? {
            return Err(IdentityError::Unknown("app"));
        }
        if apps::is_service(id) {
            // Without a row it is as the program knows it.
            apps::tell(conn, act, id, true)?;
        } else {
            config::forget(conn, id)?;
        }
        Ok(act.record(conn, "app.delete", id, None)?)
    }
}
