//! What becomes of a command. Pure: who calls, what is stored and the time go in, what is to be stored or the refusal
//! comes out. `contracts/auvious-applications.md` §7.2, §7.3, §7.5.

use chrono::{DateTime, Utc};

use super::access::Requester;
use super::application::{Application, Checked};
use super::command::{CreateCommand, UpdateCommand};
use super::id::ApplicationId;
use super::refusal::Refusal;

/// A new application. Whether its id is taken is left to the store.
///
/// # Errors
/// In this order: the caller may not; a given id, the organisation or the configuration is wrong.
pub fn create(requester: &Requester, command: CreateCommand, now: DateTime<Utc>) -> Result<Checked, Refusal> {
    requester.may_create(command.kind)?;
    // §4.3: from others, id and organisation are ignored rather than refused.
    let (id, organization) = if requester.is_internal() {
        (command.id.filter(|id| !id.trim().is_empty()), command.organization_id)
    } else {
        (None, None)
    };
    let id = id.map_or_else(|| Ok(ApplicationId::generate()), |id| id.parse())?;
    let organization = organization.map(|organization| organization.parse()).transpose()?;
    Ok(Checked::check(Application {
        id,
        organization_id: requester.organization_of_new(organization)?,
        kind: command.kind,
        config: command.config,
        version: 0,
        created_at: now,
        modified_at: now,
        visible: true,
        disabled: command.disabled,
        expires_at: None,
        anonymous_registration_enabled: false,
    })?)
}

/// The changed application.
///
/// # Errors
/// In this order: out of reach; the caller may not; the organisation or the configuration is wrong; the version is
/// not the stored one.
pub fn change(
    requester: &Requester,
    command: &UpdateCommand,
    stored: &Application,
    now: DateTime<Utc>,
) -> Result<Checked, Refusal> {
    let reached = requester.reach(stored)?;
    reached.may_change_to(command.kind)?;
    // §7.2 rule 7.
    let asked = command.organization_id.as_ref().filter(|_| requester.is_internal());
    let organization = asked.map(|organization| organization.parse()).transpose()?;
    let mut changed = Application {
        organization_id: organization.unwrap_or_else(|| stored.organization_id.clone()),
        kind: command.kind,
        config: command.config.clone(),
        version: stored.version.saturating_add(1),
        modified_at: now,
        disabled: command.disabled.unwrap_or(stored.disabled),
        ..stored.clone()
    };
    let after = requester.reach(&changed)?.sections();
    changed.config = changed.config.replacing(&stored.config, reached.sections(), after);
    let changed = Checked::check(changed)?;
    match command.version {
        Some(version) if version != stored.version => Err(Refusal::VersionMismatch),
        _ => Ok(changed),
    }
}

/// Whether an application may be deleted.
///
/// # Errors
/// In this order: out of reach; the caller may not.
pub fn delete(requester: &Requester, stored: &Application) -> Result<(), Refusal> {
    requester.reach(stored)?.may_delete()
}

#[cfg(test)]
mod tests;
