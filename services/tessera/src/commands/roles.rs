//! `tessera role`

use auth_claims::claims::OrganizationMembership;
use auth_claims::roles::Role;
use identity::accounts::{self, Account, AccountFilter, AccountId, AccountProfile};
use identity::act::Act;
use identity::agents::Level;
use identity::errors::IdentityError;
use identity::faults::Faults;
use identity::pages::MAX_PAGE;
use identity::{Identity, organizations, territories};
use store::{DbConn, StoreError};

use super::arguments::parsed;
use super::users;
use crate::cli::{Place, RoleCommand};
use crate::directory::{self, find_account};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// What becomes of an account's places.
enum Change {
    Join(OrganizationMembership),
    Leave { organization: String },
    Administer { territory: String },
    Withdraw { territory: String },
}

pub(super) async fn run(settings: &Settings, command: RoleCommand, output: Output) -> Result<(), Failure> {
    let identity = directory::open(settings).await?;
    let (account, change) = match command {
        RoleCommand::Grant { account, role, place } => (account, granted(role.as_deref(), place)?),
        RoleCommand::Revoke { account, place } => (account, revoked(place)),
    };
    let account = find_account(&identity, &account).await?;
    users::show(&carry_out(&identity, account.id, change).await?, output)
}

fn granted(role: Option<&str>, Place { organization, territory }: Place) -> Result<Change, Failure> {
    Ok(match (organization, territory) {
        (Some(id), _) => Change::Join(OrganizationMembership { id, role: level(role.unwrap_or("basic"))? }),
        (None, territory) => Change::Administer { territory: territory.unwrap_or_default() },
    })
}

fn revoked(Place { organization, territory }: Place) -> Change {
    match organization {
        Some(organization) => Change::Leave { organization },
        None => Change::Withdraw { territory: territory.unwrap_or_default() },
    }
}

/// A level of the RDV dialect, or the platform's own name of a role.
fn level(name: &str) -> Result<Role, Failure> {
    match name {
        "basic" => Ok(Role::Agent),
        "admin" => Ok(Role::Admin),
        "intervenant" => Ok(Role::Intervenant),
        other => parsed("--role")(other),
    }
}

/// Reads and writes in one transaction, under the account's lock: of two changes at the same time, none is lost.
async fn carry_out(identity: &Identity, id: AccountId, change: Change) -> Result<Account, Failure> {
    let act = Act::new(identity.clock(), &directory::operator());
    let done = identity.db().write(move |conn| {
        let account = accounts::find_for_change(conn, id)?.ok_or(IdentityError::Unknown("account"))?;
        match &change {
            Change::Join(OrganizationMembership { id, .. }) if organizations::find(conn, id)?.is_none() => {
                return Err(IdentityError::Unknown("organization"));
            }
            Change::Administer { territory } if territories::find(conn, territory)?.is_none() => {
                return Err(IdentityError::Unknown("territory"));
            }
            _ => {}
        }
        let Some(profile) = changed(AccountProfile::from(&account), &change) else {
            return Err(IdentityError::Unknown("role of this account"));
        };
        let checked = profile.check()?;
        let after = accounts::update(conn, &act, id, &checked)?;
        keep_an_administrator(conn, &account, &after)?;
        Ok(after)
    });
    Ok(done.await?)
}

/// contracts/rdv-sign-in.md §11.1: an organisation that has administrators keeps one.
fn keep_an_administrator(conn: &mut DbConn, before: &Account, after: &Account) -> Result<(), IdentityError> {
    for OrganizationMembership { id, .. } in &before.organizations {
        if !administers(before, id) || administers(after, id) {
            continue;
        }
        // Of the last two, who leave at the same time, the second sees that the first has gone.
        organizations::find_for_change(conn, id)?;
        if !has_administrator(conn, id)? {
            let mut faults = Faults::default();
            faults.push("role", format!("{id} would be left without an administrator"));
            return Err(faults.into());
        }
    }
    Ok(())
}

fn has_administrator(conn: &mut DbConn, organization: &str) -> Result<bool, StoreError> {
    let filter = AccountFilter { organization: Some(organization.to_owned()), ..AccountFilter::default() };
    let mut after = None;
    loop {
        let members = accounts::list(conn, &filter, after, MAX_PAGE)?;
        if members.items.iter().any(|member| administers(member, organization)) {
            return Ok(true);
        }
        after = members.next;
        if after.is_none() {
            return Ok(false);
        }
    }
}

fn administers(account: &Account, organization: &str) -> bool {
    let held = account.organizations.iter().find(|held| held.id == organization);
    held.is_some_and(|held| Level::of(held.role) == Some(Level::Admin))
}

/// The profile with its places changed; nothing when there is nothing to take away.
fn changed(mut profile: AccountProfile, change: &Change) -> Option<AccountProfile> {
    let places = (profile.organizations.len(), profile.territories.len());
    match change {
        Change::Join(membership) => {
            profile.organizations.retain(|held| held.id != membership.id);
            profile.organizations.push(membership.clone());
        }
        Change::Leave { organization } => {
            profile.organizations.retain(|held| held.id != *organization);
            profile.organization_id = profile.organization_id.filter(|primary| primary != organization);
        }
        Change::Administer { territory } => {
            profile.territories.retain(|held| held != territory);
            profile.territories.push(territory.clone());
        }
        Change::Withdraw { territory } => profile.territories.retain(|held| held != territory),
    }
    let takes_away = matches!(change, Change::Leave { .. } | Change::Withdraw { .. });
    let same = places == (profile.organizations.len(), profile.territories.len());
    (!(takes_away && same)).then_some(profile)
}
