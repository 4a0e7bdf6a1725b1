//! The section `accounts`: what the file has, and what is wrong with it.

mod reconcile;

use auth_claims::{claims::OrganizationMembership, roles::Role};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub(super) use self::reconcile::{reconcile, to_hash};
use super::{
    pass::{fingerprint, overlay, overlay_optional},
    secrets::{Checker, SecretKind},
};
use crate::{
    accounts::{AccountProfile, CheckedProfile},
    faults::Faults,
    master::Secrets,
    passwords::{EncodedHash, MAX_PASSWORD_BYTES},
    text::fold,
};

pub(super) const KIND: &str = "account";

/// An account as the file has it. What is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountEntry {
    login: String,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    display_name: Option<String>,
    organization_id: Option<String>,
    organizations: Option<Vec<MembershipEntry>>,
    service_id: Option<String>,
    services: Option<Vec<String>>,
    territories: Option<Vec<String>>,
    roles: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    enabled: Option<bool>,
    password: Option<SecretString>,
    password_hash: Option<SecretString>,
}

/// A place in an organisation as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MembershipEntry {
    id: String,
    role: String,
}

/// A declared password.
#[derive(Debug)]
pub(super) enum DeclaredPassword {
    Plain(SecretString),
    Imported(EncodedHash),
}

impl DeclaredPassword {
    fn fingerprint(&self, secrets: &Secrets, login_key: &str) -> String {
        match self {
            Self::Plain(password) => fingerprint(secrets, KIND, login_key, "plain", password.expose_secret()),
            Self::Imported(hash) => fingerprint(secrets, KIND, login_key, "hash", &hash.to_stored()),
        }
    }
}

/// An account without faults.
#[derive(Debug)]
pub(super) struct CheckedAccount {
    path: String,
    declared: Overlay,
    /// The declaration on its own, for an account that is not there yet.
    profile: Option<CheckedProfile>,
    password: Option<DeclaredPassword>,
}

/// The declared fields, parsed.
#[derive(Debug)]
struct Overlay {
    login: String,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    display_name: Option<String>,
    organization_id: Option<String>,
    organizations: Option<Vec<OrganizationMembership>>,
    service_id: Option<String>,
    services: Option<Vec<String>>,
    territories: Option<Vec<String>>,
    roles: Option<Vec<Role>>,
    groups: Option<Vec<String>>,
    enabled: Option<bool>,
}

impl Overlay {
    /// Puts what is declared over `profile`, and names the fields that differ.
    fn put_over(&self, profile: &mut AccountProfile) -> Vec<&'static str> {
        let mut fields = Vec::new();
        overlay(&mut fields, "login", &mut profile.login, Some(&self.login));
        overlay_optional(&mut fields, "email", &mut profile.email, self.email.as_ref());
        overlay_optional(&mut fields, "given_name", &mut profile.given_name, self.given_name.as_ref());
        overlay_optional(&mut fields, "family_name", &mut profile.family_name, self.family_name.as_ref());
        overlay_optional(&mut fields, "display_name", &mut profile.display_name, self.display_name.as_ref());
        overlay_optional(
            &mut fields,
            "organization_id",
            &mut profile.organization_id,
            self.organization_id.as_ref(),
        );
        overlay(&mut fields, "organizations", &mut profile.organizations, self.organizations.as_ref());
        if let Some(services) = &self.services
            && *services != profile.services
        {
            profile.set_services(services.clone());
            fields.push("services");
        }
        overlay_optional(&mut fields, "service_id", &mut profile.service_id, self.service_id.as_ref());
        overlay(&mut fields, "territories", &mut profile.territories, self.territories.as_ref());
        overlay(&mut fields, "roles", &mut profile.roles, self.roles.as_ref());
        overlay(&mut fields, "groups", &mut profile.groups, self.groups.as_ref());
        overlay(&mut fields, "enabled", &mut profile.enabled, self.enabled.as_ref());
        fields
    }
}

pub(super) fn check(entries: Vec<AccountEntry>, checker: &mut Checker<'_>) -> Vec<CheckedAccount> {
    checker.unique("accounts", "login", entries.iter().map(|entry| fold(&entry.login)));
    let paths = (0..).map(|index| format!("accounts[{index}]"));
    paths.zip(entries).map(|(path, entry)| check_one(path, entry, checker)).collect()
}

fn check_one(path: String, entry: AccountEntry, checker: &mut Checker<'_>) -> CheckedAccount {
    let password = check_password(&path, entry.password.as_ref(), entry.password_hash.as_ref(), checker);
    let mut faults = Faults::default();
    let mut declared = parse(entry, &mut faults);
    if let (Some(first), Some(services)) = (&declared.service_id, &declared.services)
        && services.first() != Some(first)
    {
        faults.push("service_id", "is not the first of the account's services");
    }
    let mut profile = AccountProfile::new(declared.login.clone());
    declared.put_over(&mut profile);
    let profile = match profile.check() {
        Ok(profile) => {
            // Compare and store the same form: sorted lists, trimmed addresses.
            declared.email.clone_from(&profile.profile().email);
            declared.organizations = declared.organizations.map(|_| profile.profile().organizations.clone());
            declared.territories = declared.territories.map(|_| profile.profile().territories.clone());
            declared.groups = declared.groups.map(|_| profile.profile().groups.clone());
            Some(profile)
        }
        Err(more) => {
            faults.extend(more);
            None
        }
    };
    checker.faults.extend_within(&path, faults);
    CheckedAccount { path, declared, profile, password }
}

fn parse(entry: AccountEntry, faults: &mut Faults) -> Overlay {
    let mut role =
        |path: String, text: &str| text.parse().map_err(|_| faults.push(path, "there is no such role")).ok();
    let roles = entry.roles.map(|roles| {
        let parsed =
            roles.iter().enumerate().filter_map(|(index, text)| role(format!("roles[{index}]"), text));
        parsed.collect()
    });
    let organizations = entry.organizations.map(|memberships| {
        let parsed =
            memberships.into_iter().enumerate().filter_map(|(index, MembershipEntry { id, role: text })| {
                let role = role(format!("organizations[{index}].role"), &text)?;
                Some(OrganizationMembership { id, role })
            });
        parsed.collect()
    });
    Overlay {
        login: entry.login,
        email: entry.email,
        given_name: entry.given_name,
        family_name: entry.family_name,
        display_name: entry.display_name,
        organization_id: entry.organization_id,
        organizations,
        service_id: entry.service_id,
        services: entry.services,
        territories: entry.territories,
        roles,
        groups: entry.groups,
        enabled: entry.enabled,
    }
}

fn check_password(
    path: &str,
    plain: Option<&SecretString>,
    imported: Option<&SecretString>,
    checker: &mut Checker<'_>,
) -> Option<DeclaredPassword> {
    match (plain, imported) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            checker
                .faults
                .push(format!("{path}.password_hash"), "stands beside a password: give one of them");
            None
        }
        (Some(declared), None) => {
            let path = format!("{path}.password");
            let password = checker.secret(&path, SecretKind::Password, declared)?;
            if password.expose_secret().len() > MAX_PASSWORD_BYTES {
                checker.faults.push(path, format!("may have at most {MAX_PASSWORD_BYTES} bytes"));
                return None;
            }
            Some(DeclaredPassword::Plain(password))
        }
        (None, Some(declared)) => {
            let hash = checker.hash(&format!("{path}.password_hash"), declared)?;
            Some(DeclaredPassword::Imported(hash))
        }
    }
}
