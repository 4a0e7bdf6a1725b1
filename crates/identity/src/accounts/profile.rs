//! What an account says of itself, and the one function that checks it: on creation, on update, from a bootstrap file.

use auth_claims::{claims::OrganizationMembership, roles::Role};

use super::{Account, EmailKey};
use crate::{
    faults::Faults,
    text::{self, MAX_ID, MAX_NAME, fold},
};

/// Everything about an account that its administrators set. A password is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountProfile {
    /// The name it signs in with: unique without regard to case.
    pub login: String,
    /// Its e-mail address: unique without regard to case.
    pub email: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
    /// The primary organisation, which must be one of `organizations`.
    pub organization_id: Option<String>,
    /// Every organisation, with the role held there.
    pub organizations: Vec<OrganizationMembership>,
    /// The service (department) it works in first of all. One that is set alone is put before `services`; to replace
    /// them all, [`set_services`](Self::set_services).
    pub service_id: Option<String>,
    /// Every service it works in, in order. None, and `service_id` is the only one.
    pub services: Vec<String>,
    /// Ids of the territories it administers.
    pub territories: Vec<String>,
    /// Platform roles.
    pub roles: Vec<Role>,
    /// Group ids.
    pub groups: Vec<String>,
    /// Whether it may sign in and its tokens count.
    pub enabled: bool,
}

impl AccountProfile {
    /// An enabled account with a login and nothing else.
    #[must_use]
    pub fn new(login: impl Into<String>) -> Self {
        Self {
            login: login.into(),
            email: None,
            given_name: None,
            family_name: None,
            display_name: None,
            organization_id: None,
            organizations: Vec::new(),
            service_id: None,
            services: Vec::new(),
            territories: Vec::new(),
            roles: Vec::new(),
            groups: Vec::new(),
            enabled: true,
        }
    }

    /// Replaces the services it works in; the first of them is `service_id`.
    pub fn set_services(&mut self, services: Vec<String>) {
        self.service_id = services.first().cloned();
        self.services = services;
    }

    /// Checks everything that can be said without looking into the database.
    ///
    /// # Errors
    /// Every fault, each with its field.
    pub fn check(mut self) -> Result<CheckedProfile, Faults> {
        let mut faults = Faults::default();
        text::note(&mut faults, "login", &self.login, MAX_NAME);
        let email_key = self.check_email(&mut faults);
        for (path, name) in [
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("display_name", &self.display_name),
        ] {
            text::note_optional(&mut faults, path, name.as_ref(), MAX_NAME);
        }
        self.check_services(&mut faults);
        self.check_organizations(&mut faults);
        text::note_list(&mut faults, "territories", &self.territories);
        self.check_roles(&mut faults);
        text::note_list(&mut faults, "groups", &self.groups);
        self.organizations.sort_by(|a, b| a.id.cmp(&b.id));
        self.territories.sort();
        self.groups.sort();
        let login_key = fold(&self.login);
        faults.into_result(CheckedProfile { login_key, email_key, profile: self })
    }

    fn check_email(&mut self, faults: &mut Faults) -> Option<EmailKey> {
        let email = self.email.as_mut()?;
        *email = email.trim().to_owned();
        email.parse().map_err(|error: super::InvalidEmail| faults.push("email", error.to_string())).ok()
    }

    fn check_services(&mut self, faults: &mut Faults) {
        text::note_optional(faults, "service_id", self.service_id.as_ref(), MAX_ID);
        match &self.service_id {
            None => self.service_id = self.services.first().cloned(),
            Some(first) if self.services.first() != Some(first) => {
                self.services.retain(|service| service != first);
                self.services.insert(0, first.clone());
            }
            Some(_) => {}
        }
        text::note_list(faults, "services", &self.services);
    }

    fn check_roles(&self, faults: &mut Faults) {
        text::note_list(faults, "roles", &self.roles);
        for (index, _) in self.roles.iter().enumerate().filter(|(_, role)| !role.is_platform_wide()) {
            faults.push(format!("roles[{index}]"), "is held in an organization only");
        }
    }

    fn check_organizations(&self, faults: &mut Faults) {
        let ids: Vec<&String> = self.organizations.iter().map(|membership| &membership.id).collect();
        text::note_list(faults, "organizations", &ids);
        if let Some(primary) = &self.organization_id
            && !ids.contains(&primary)
        {
            faults.push("organization_id", "is not one of the account's organizations");
        }
    }
}

impl From<&Account> for AccountProfile {
    fn from(account: &Account) -> Self {
        let account = account.clone();
        Self {
            login: account.login,
            email: account.email,
            given_name: account.given_name,
            family_name: account.family_name,
            display_name: account.display_name,
            organization_id: account.organization_id,
            organizations: account.organizations,
            service_id: account.service_id,
            services: account.services,
            territories: account.territories,
            roles: account.roles,
            groups: account.groups,
            enabled: account.enabled,
        }
    }
}

/// A profile that has passed [`AccountProfile::check`], with its lists in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedProfile {
    pub(crate) profile: AccountProfile,
    pub(crate) login_key: String,
    pub(crate) email_key: Option<EmailKey>,
}

impl CheckedProfile {
    /// The profile.
    #[must_use]
    pub fn profile(&self) -> &AccountProfile {
        &self.profile
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_fault_is_found_at_once() {
        let membership = |id: &str| OrganizationMembership { id: id.to_owned(), role: Role::Agent };
        let profile = AccountProfile {
            email: Some("nobody".to_owned()),
            family_name: Some("a\0b".to_owned()),
            organization_id: Some("c".to_owned()),
            organizations: vec![membership("a"), membership("b"), membership("a")],
            service_id: Some("x".repeat(MAX_ID + 1)),
            services: vec!["s".to_owned(), "s".to_owned()],
            territories: vec!["t".to_owned(), "t".to_owned()],
            roles: vec![Role::Agent, Role::Agent, Role::Intervenant],
            groups: vec!["g".to_owned(); 2],
            ..AccountProfile::new(" ")
        };
        let paths: Vec<String> =
            profile.check().unwrap_err().iter().map(|fault| fault.path.clone()).collect();
        assert_eq!(
            paths,
            [
                "login",
                "email",
                "family_name",
                "service_id",
                "services[2]",
                "organizations[2]",
                "organization_id",
                "territories[1]",
                "roles[1]",
                "roles[2]",
                "groups[1]"
            ]
        );
    }

    #[test]
    fn lists_come_out_in_order_and_keys_in_lower_case() {
        let profile = AccountProfile {
            email: Some(" Nadia@Example.org ".to_owned()),
            groups: vec!["b".to_owned(), "a".to_owned()],
            services: vec!["b".to_owned(), "a".to_owned()],
            territories: vec!["b".to_owned(), "a".to_owned()],
            ..AccountProfile::new("Nadia")
        };
        let checked = profile.check().unwrap();
        assert_eq!((checked.login_key.as_str(), checked.profile().login.as_str()), ("nadia", "Nadia"));
        assert_eq!(checked.profile().email.as_deref(), Some("Nadia@Example.org"));
        assert_eq!(checked.email_key.unwrap().as_str(), "nadia@example.org");
        assert_eq!(checked.profile.groups, ["a", "b"]);
        assert_eq!(checked.profile.territories, ["a", "b"]);
        assert_eq!(checked.profile.services, ["b", "a"], "the order of services has a meaning");
    }

    #[test]
    fn an_intervenant_is_one_in_an_organization_only() {
        let membership = OrganizationMembership { id: "a".to_owned(), role: Role::Intervenant };
        let profile = AccountProfile { organizations: vec![membership], ..AccountProfile::new("a") };
        assert!(profile.clone().check().is_ok());
        let faults = AccountProfile { roles: vec![Role::Intervenant], ..profile }.check().unwrap_err();
        assert_eq!(faults.to_string(), "roles[0]: is held in an organization only");
    }

    fn services(first: Option<&str>, services: &[String]) -> (Option<String>, Vec<String>) {
        let profile = AccountProfile {
            service_id: first.map(str::to_owned),
            services: services.to_vec(),
            ..AccountProfile::new("a")
        };
        let checked = profile.check().unwrap().profile;
        (checked.service_id, checked.services)
    }

    proptest! {
        /// The first service and the list say the same, and nothing is lost or doubled on the way.
        #[test]
        fn the_first_service_heads_the_list(
            first in prop::option::of("[a-e]"),
            list in prop::collection::hash_set("[a-e]", 0..5),
        ) {
            let list: Vec<String> = list.into_iter().collect();
            let (head, all) = services(first.as_deref(), &list);
            prop_assert_eq!(head.as_ref(), all.first());
            prop_assert_eq!(head.as_ref(), first.as_ref().or(list.first()));
            let rest = |services: &[String]| -> Vec<String> {
                services.iter().filter(|service| Some(*service) != head.as_ref()).cloned().collect()
            };
            prop_assert_eq!(rest(&all), rest(&list), "the others keep their order");
            prop_assert_eq!(services(head.as_deref(), &all), (head, all));
        }
    }
}
