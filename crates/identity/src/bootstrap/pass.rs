//! One pass over the directory: what every section needs, and what it leaves.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use store::{DbConn, StoreError};

use super::{
    Action, Change,
    declarations::{self, Declaration},
};
use crate::{
    act::Act,
    errors::IdentityError,
    faults::Faults,
    master::{Purpose, Secrets},
    passwords::{EncodedHash, PasswordHasher},
};

/// The state of a pass.
pub(super) struct Pass<'a> {
    pub(super) act: &'a Act,
    pub(super) secrets: &'a Secrets,
    pub(super) hasher: &'a PasswordHasher,
    /// Hashes made before the transaction, by login key; a plan has none and needs none.
    pub(super) ready: &'a HashMap<String, EncodedHash>,
    /// A plan is rolled back, so it sets any hash in place of the right one.
    pub(super) planning: bool,
    pub(super) changes: Vec<Change>,
    pub(super) faults: Faults,
    /// Kind and id of every row the file declares.
    declared: BTreeSet<(&'static str, String)>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        act: &'a Act,
        secrets: &'a Secrets,
        hasher: &'a PasswordHasher,
        ready: &'a HashMap<String, EncodedHash>,
        planning: bool,
    ) -> Self {
        let (changes, faults, declared) = (Vec::new(), Faults::default(), BTreeSet::new());
        Self { act, secrets, hasher, ready, planning, changes, faults, declared }
    }

    /// Notes a change.
    pub(super) fn change(&mut self, action: Action, kind: &'static str, id: &str, fields: Vec<&'static str>) {
        self.changes.push(Change { action, kind, id: id.to_owned(), fields });
    }

    /// Notes a refusal as a fault of the entry at `path`, so that the others are looked at too.
    pub(super) fn absorb<T>(
        &mut self,
        path: &str,
        outcome: Result<T, IdentityError>,
    ) -> Result<Option<T>, IdentityError> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(IdentityError::Invalid(faults)) => {
                self.faults.extend_within(path, faults);
                Ok(None)
            }
            Err(
                refusal @ (IdentityError::Taken(_) | IdentityError::InUse(_) | IdentityError::Password(_)),
            ) => {
                self.faults.push(path, refusal.to_string());
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Notes that the file declares a row, and what it left there.
    pub(super) fn declare(
        &mut self,
        conn: &mut DbConn,
        kind: &'static str,
        row: Declared,
    ) -> Result<(), StoreError> {
        let known = declarations::find(conn, kind, &row.id, row.created_at)?;
        let declaration = Declaration {
            made: row.made || known.as_ref().is_some_and(|known| known.made),
            fingerprint: row
                .fingerprint
                .or_else(|| known.as_ref().and_then(|known| known.fingerprint.clone())),
            id: row.id.clone(),
            created_at: row.created_at,
        };
        self.declared.insert((kind, row.id));
        if known.as_ref() == Some(&declaration) {
            Ok(())
        } else {
            declarations::put(conn, kind, &declaration)
        }
    }

    pub(super) fn declares(&self, kind: &'static str, id: &str) -> bool {
        self.declared.contains(&(kind, id.to_owned()))
    }

    /// The fingerprint of a declared secret. `form` tells a secret from a hash of the same text.
    pub(super) fn fingerprint(&self, kind: &str, name: &str, form: &str, declared: &str) -> String {
        fingerprint(self.secrets, kind, name, form, declared)
    }
}

/// What a file leaves in a row.
pub(super) struct Declared {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    /// Whether this file made it just now.
    pub(super) made: bool,
    /// The fingerprint of the secret it has set, if any.
    pub(super) fingerprint: Option<String>,
}

/// The parts are separated by a NUL, which none of them but the last can have.
pub(super) fn fingerprint(secrets: &Secrets, kind: &str, name: &str, form: &str, declared: &str) -> String {
    let message = zeroize::Zeroizing::new(format!("{kind}\0{name}\0{form}\0{declared}"));
    hex::encode(secrets.mac(Purpose::BootstrapFingerprint, message.as_bytes()))
}

/// [`overlay`] for a field that a record may be without.
pub(super) fn overlay_optional<T: Clone + PartialEq>(
    fields: &mut Vec<&'static str>,
    name: &'static str,
    current: &mut Option<T>,
    declared: Option<&T>,
) {
    let declared = declared.map(|declared| Some(declared.clone()));
    overlay(fields, name, current, declared.as_ref());
}

/// Puts `declared` in the place of `current` if there is one, and notes the field if they differ.
pub(super) fn overlay<T: Clone + PartialEq>(
    fields: &mut Vec<&'static str>,
    name: &'static str,
    current: &mut T,
    declared: Option<&T>,
) {
    if let Some(declared) = declared
        && declared != current
    {
        current.clone_from(declared);
        fields.push(name);
    }
}
