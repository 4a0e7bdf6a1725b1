//! The worked example of §11.4: two territories, three organisations, three services, nine agents.

use std::collections::HashMap;

use auth_claims::claims::OrganizationMembership;
use auth_claims::roles::Role;
use identity::Identity;
use identity::accounts::{Account, AccountProfile, NewAccount, NewPassword};
use identity::audit::Origin;
use identity::organizations::{Organization, OrganizationChange};
use identity::services::{SECRETARIAT, ServiceChange};

/// The agents.
pub(crate) const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

/// Name, services, roles, territories.
type Row = (&'static str, &'static str, &'static [(&'static str, Role)], &'static [&'static str]);

const ROWS: [Row; 9] = [
    ("a", "soc", &[("o1", Role::Agent)], &[]),
    ("b", "soc", &[("o1", Role::Agent), ("o2", Role::Supervisor)], &[]),
    ("c", "pmi", &[("o1", Role::Agent)], &[]),
    ("d", "pmi", &[("o1", Role::Admin), ("o2", Role::Agent)], &[]),
    ("e", "secretariat", &[("o1", Role::Agent)], &[]),
    ("f", "pmi", &[("o2", Role::Agent)], &[]),
    ("g", "soc", &[("o3", Role::Agent)], &[]),
    ("h", "soc", &[("o3", Role::Agent)], &["t1"]),
    ("i", "soc", &[], &[]),
];

/// Everybody and every organisation.
#[derive(Clone)]
pub(crate) struct People {
    accounts: HashMap<String, Account>,
    organisations: HashMap<&'static str, Organization>,
}

impl People {
    /// Makes them.
    pub(crate) async fn of_the_example(identity: &Identity) -> Self {
        let origin = Origin::default();
        for id in ["t1", "t2"] {
            identity.create_territory(id, id, &origin).await.unwrap();
        }
        for (id, name) in [("soc", "Service social"), ("pmi", "PMI"), ("secretariat", SECRETARIAT)] {
            identity.create_service(id, ServiceChange::named(name), &origin).await.unwrap();
        }
        let mut organisations = HashMap::new();
        for (id, name, territory) in
            [("o1", "MDS Die", "t1"), ("o2", "MDS Crest", "t1"), ("o3", "MDS Gap", "t2")]
        {
            let values = OrganizationChange {
                territory_id: Some(Some(territory.to_owned())),
                ..OrganizationChange::named(name)
            };
            organisations.insert(id, identity.create_organization_with(id, values, &origin).await.unwrap());
        }
        let mut people = Self { accounts: HashMap::new(), organisations };
        for (name, service, roles, territories) in ROWS {
            people.add(identity, name, &[service], roles, territories).await;
        }
        people
    }

    /// Adds somebody.
    pub(crate) async fn add(
        &mut self,
        identity: &Identity,
        name: &str,
        services: &[&str],
        roles: &[(&str, Role)],
        territories: &[&str],
    ) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let membership =
            |(id, role): &(&str, Role)| OrganizationMembership { id: (*id).to_owned(), role: *role };
        let profile = AccountProfile {
            email: Some(format!("{}@CD26.example", name.to_uppercase())),
            given_name: Some(format!("Zoé {name}")),
            family_name: Some(format!("{} & Fils", name.to_uppercase())),
            organizations: roles.iter().map(membership).collect(),
            services: owned(services),
            territories: owned(territories),
            ..AccountProfile::new(name)
        };
        let new = NewAccount { profile, password: NewPassword::None };
        let account = identity.create_account(new, &Origin::default()).await.unwrap();
        self.accounts.insert(name.to_owned(), account);
    }

    /// Somebody's account.
    pub(crate) fn account(&self, name: &str) -> &Account {
        &self.accounts[name]
    }

    /// Somebody's id in this API.
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.account(name).number
    }

    /// Somebody's e-mail address, as the directory knows it.
    pub(crate) fn email(name: &str) -> String {
        format!("{name}@cd26.example")
    }

    /// An organisation's id in this API.
    pub(crate) fn organisation(&self, id: &str) -> i64 {
        self.organisations[id].number
    }
}
