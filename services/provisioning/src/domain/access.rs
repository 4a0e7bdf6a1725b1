//! Who may do what to whom. `contracts/ocs-provisioning.md` §3.3.
//!
//! | caller | accounts | groups |
//! | --- | --- | --- |
//! | administrator: of the group `admin`, or by the platform's role | all | all |
//! | sub-administrator of some groups | their members, unless those are administrators; and itself | those |
//! | anybody else | itself | none |

use auth_claims::roles::Role;
use identity::accounts::Account;
use identity::groups;

/// A caller, with what decides on what it may do.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its account.
    pub account: Account,
    /// The groups that it is sub-administrator of.
    pub sub_admin_of: Vec<String>,
}

impl Standing {
    /// Whether it may do everything.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.account.is_administrator()
    }

    /// Whether it may do what a sub-administrator of some group may: administrators may.
    #[must_use]
    pub fn is_sub_admin(&self) -> bool {
        self.is_admin() || !self.sub_admin_of.is_empty()
    }

    /// Whether this is its own account.
    #[must_use]
    pub fn is(&self, other: &Account) -> bool {
        self.account.id == other.id
    }

    /// Whether it administers this group.
    #[must_use]
    pub fn administers(&self, group: &str) -> bool {
        self.is_admin() || (group != groups::ADMIN && self.is_sub_admin_of(group))
    }

    /// Whether it is sub-administrator of this group.
    #[must_use]
    pub fn is_sub_admin_of(&self, group: &str) -> bool {
        self.sub_admin_of.iter().any(|own| own == group)
    }

    /// Whether the account is one of those that it has power over, or its own.
    #[must_use]
    pub fn reaches(&self, other: &Account) -> bool {
        self.is(other) || self.has_power_over(other)
    }

    /// Whether the account is one of those that it has power over. An administrator is in nobody's power but another
    /// administrator's, whatever groups they share.
    #[must_use]
    pub fn has_power_over(&self, other: &Account) -> bool {
        self.is_admin()
            || (!other.is_administrator() && other.groups.iter().any(|group| self.is_sub_admin_of(group)))
    }
}

impl Standing {
    /// Whether it may hold the keys to the account: set its password, or the address under which it signs in. Whoever does
    /// could act as that account, so what that account administers has to be in the caller's hands already.
    #[must_use]
    pub fn may_act_as(&self, other: &Account, administered: &[String]) -> bool {
        self.is_admin()
            || self.is(other)
            || (self.has_power_over(other)
                && administered.iter().all(|group| self.is_sub_admin_of(group))
                && self.holds_what(other))
    }

    /// Whether it holds what the account may do to others in the other dialects: its roles on the platform and in
    /// organisations, and its territories.
    fn holds_what(&self, other: &Account) -> bool {
        let own = &self.account;
        let role = |role: &Role| own.roles.contains(role) && own.organization_id == other.organization_id;
        other.roles.iter().filter(|role| is_over_others(**role)).all(role)
            && other
                .organizations
                .iter()
                .filter(|held| is_over_others(held.role))
                .all(|held| own.organizations.contains(held))
            && other.territories.iter().all(|territory| own.territories.contains(territory))
    }
}

/// Whether a role gives power over what is others'.
const fn is_over_others(role: Role) -> bool {
    match role {
        Role::GlobalAdmin | Role::Admin | Role::Supervisor | Role::Service | Role::ClientService => true,
        Role::Agent | Role::Intervenant | Role::Customer => false,
    }
}

#[cfg(test)]
mod tests {
    use auth_claims::claims::OrganizationMembership;
    use auth_claims::roles::Role;
    use chrono::DateTime;
    use identity::accounts::{Account, AccountId};
    use proptest::prelude::*;

    use super::Standing;

    fn account(number: i64, groups: &[&str], roles: &[Role]) -> Account {
        let at = DateTime::from_timestamp(number, 0).unwrap();
        Account {
            id: AccountId::new(at),
            number,
            login: format!("a{number}"),
            email: None,
            email_vouched: true,
            given_name: None,
            family_name: None,
            display_name: None,
            organization_id: None,
            organizations: vec![],
            service_id: None,
            services: vec![],
            territories: vec![],
            roles: roles.to_vec(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            provisional: false,
            enabled: true,
            created_at: at,
            updated_at: at,
        }
    }

    fn standing(groups: &[&str], roles: &[Role], sub_admin_of: &[&str]) -> Standing {
        let sub_admin_of = sub_admin_of.iter().map(|group| (*group).to_owned()).collect();
        Standing { account: account(1, groups, roles), sub_admin_of }
    }

    #[test]
    fn administrators_are_so_by_group_or_role() {
        for caller in [standing(&["admin"], &[], &[]), standing(&[], &[Role::GlobalAdmin], &[])] {
            assert!(caller.is_admin() && caller.is_sub_admin() && caller.administers("admin"));
            assert!(caller.has_power_over(&account(2, &["admin"], &[Role::GlobalAdmin])));
        }
        let caller = standing(&["staff"], &[Role::Admin], &[]);
        assert!(!caller.is_admin() && !caller.is_sub_admin() && !caller.administers("staff"));
    }

    #[test]
    fn a_sub_administrator_reaches_the_members_of_its_groups() {
        let caller = standing(&[], &[], &["a", "b"]);
        assert!(caller.is_sub_admin() && !caller.is_admin());
        assert!(caller.administers("a") && !caller.administers("c") && !caller.administers("admin"));
        assert!(caller.reaches(&account(2, &["b", "c"], &[])));
        assert!(!caller.reaches(&account(2, &["c"], &[])));
        assert!(!caller.reaches(&account(2, &[], &[])));
        assert!(!caller.reaches(&account(2, &["a", "admin"], &[])));
        assert!(!caller.reaches(&account(2, &["a"], &[Role::GlobalAdmin])));
        let own = caller.account.clone();
        assert!(caller.reaches(&own) && !caller.has_power_over(&own));
    }

    #[test]
    fn the_keys_to_an_account_are_held_by_who_has_its_power_already() {
        let caller = standing(&[], &[], &["a", "b"]);
        let member = account(2, &["a"], &[]);
        let of = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
        assert!(caller.may_act_as(&member, &[]) && caller.may_act_as(&member, &of(&["b", "a"])));
        assert!(!caller.may_act_as(&member, &of(&["a", "c"])));
        assert!(!caller.may_act_as(&account(2, &["c"], &[]), &[]));
        assert!(caller.may_act_as(&caller.account, &of(&["c"])));
        assert!(standing(&["admin"], &[], &[]).may_act_as(&member, &of(&["c"])));
    }

    #[test]
    fn the_keys_to_who_holds_more_elsewhere_are_out_of_reach() {
        let mut caller = standing(&[], &[Role::Agent], &["a"]);
        for role in [Role::Admin, Role::Supervisor, Role::Service, Role::ClientService] {
            let member = account(2, &["a"], &[role]);
            assert!(caller.has_power_over(&member) && !caller.may_act_as(&member, &[]), "{role}");
            assert!(standing(&[], &[role], &["a"]).may_act_as(&member, &[]), "{role}");
            let elsewhere = Account { organization_id: Some("o".to_owned()), ..member };
            assert!(!standing(&[], &[role], &["a"]).may_act_as(&elsewhere, &[]), "{role}");
        }
        for role in [Role::Agent, Role::Customer] {
            assert!(caller.may_act_as(&account(2, &["a"], &[role]), &[]), "{role}");
        }
        let held = |role| OrganizationMembership { id: "o".to_owned(), role };
        let of = |role| Account { organizations: vec![held(role)], ..account(2, &["a"], &[]) };
        assert!(caller.may_act_as(&of(Role::Agent), &[]) && !caller.may_act_as(&of(Role::Admin), &[]));
        let over = Account { territories: vec!["t".to_owned()], ..account(2, &["a"], &[]) };
        assert!(!caller.may_act_as(&over, &[]));
        caller.account.organizations = vec![held(Role::Admin)];
        caller.account.territories = vec!["t".to_owned()];
        assert!(caller.may_act_as(&of(Role::Admin), &[]) && caller.may_act_as(&over, &[]));
    }

    proptest! {
        /// Nobody but an administrator has power over one, whatever the groups.
        #[test]
        fn administrators_are_in_nobodys_power(
            held in prop::collection::vec("[a-c]|admin", 0..4),
            of_other in prop::collection::vec("[a-c]|admin", 0..4),
            by_role in any::<bool>(),
        ) {
            let held: Vec<&str> = held.iter().map(String::as_str).collect();
            let of_other: Vec<&str> = of_other.iter().map(String::as_str).collect();
            let caller = standing(&[], &[Role::Admin], &held);
            let roles: &[Role] = if by_role { &[Role::GlobalAdmin] } else { &[] };
            let other = account(2, &of_other, roles);
            let expected = !other.is_administrator() && of_other.iter().any(|group| held.contains(group));
            prop_assert_eq!(caller.has_power_over(&other), expected);
            prop_assert!(!caller.administers("admin"));
        }
    }
}
