//! One application as a file has it, and what becomes of the one that is there.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::Value;

use crate::domain::application::{Application, Checked, Kind};
use crate::domain::config::{Config, MissingEntry};
use crate::domain::expiry::Expiry;
use crate::domain::id::{ApplicationId, OrganizationId};

/// An application without faults. What is absent stays as it is.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Where it stands in the file.
    pub(super) path: String,
    pub(super) id: ApplicationId,
    pub(super) organization_id: OrganizationId,
    pub(super) kind: Kind,
    pub(super) config: Option<Config>,
    pub(super) disabled: Option<bool>,
    pub(super) visible: Option<bool>,
    pub(super) expires_at: Option<Expiry>,
    pub(super) anonymous_registration_enabled: Option<bool>,
}

impl Declared {
    /// What is declared put over what is there, and the fields that differ. What a PUT could have changed counts up the
    /// version like a PUT, so that no caller who read the application before writes over it unawares.
    pub(super) fn over(
        &self,
        current: Option<&Application>,
        now: DateTime<Utc>,
    ) -> Result<(Checked, Vec<&'static str>), MissingEntry> {
        let mut fields = Vec::new();
        let mut application = current.cloned().unwrap_or_else(|| self.bare(now));
        if current.is_none() {
            fields.extend(["organization_id", "type"]);
        }
        overlay(
            &mut fields,
            "organization_id",
            &mut application.organization_id,
            Some(&self.organization_id),
        );
        overlay(&mut fields, "type", &mut application.kind, Some(&self.kind));
        let config = self.config.as_ref().filter(|declared| !same(declared, &application.config));
        overlay(&mut fields, "config", &mut application.config, config);
        overlay(&mut fields, "disabled", &mut application.disabled, self.disabled.as_ref());
        if current.is_some() && !fields.is_empty() {
            application.version = application.version.saturating_add(1);
            application.modified_at = now;
        }
        overlay(&mut fields, "visible", &mut application.visible, self.visible.as_ref());
        overlay(
            &mut fields,
            "expires_at",
            &mut application.expires_at,
            self.expires_at.as_ref().map(|expiry| &expiry.0),
        );
        let anonymous = &mut application.anonymous_registration_enabled;
        let declared = self.anonymous_registration_enabled.as_ref();
        overlay(&mut fields, "anonymous_registration_enabled", anonymous, declared);
        Ok((Checked::check(application)?, fields))
    }

    /// contracts/auvious-applications.md §7.5 rule 1
    fn bare(&self, now: DateTime<Utc>) -> Application {
        let now = now.trunc_subsecs(6);
        Application {
            id: self.id.clone(),
            organization_id: self.organization_id.clone(),
            kind: self.kind,
            config: Config::default(),
            version: 0,
            created_at: now,
            modified_at: now,
            visible: true,
            disabled: false,
            expires_at: None,
            anonymous_registration_enabled: false,
        }
    }
}

/// Puts `declared` in the place of `current` if there is one, and notes the field if they differ.
fn overlay<T: Clone + PartialEq>(
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

/// Whether two configurations say the same, however they are written.
fn same(one: &Config, other: &Config) -> bool {
    let value = |config: &Config| serde_json::from_str::<Value>(&config.to_string()).ok();
    one == other || value(one).is_some_and(|one| Some(one) == value(other))
}
