//! Who may do what with a base: the table of `contracts/seatable-tokens.md` §9, and nothing else decides.
//!
//! [`Facts`] are what this service knows of a base, [`Memberships`] what the directory knows of the caller. Together they
//! give a [`Standing`], and each [`Operation`] says which standings it takes. Only a decision makes a [`Granted`], so
//! that nothing is done on a base that was not asked about. A system administrator has no part in this: whoever runs the
//! platform does not read what people keep in it.

use std::collections::BTreeMap;

use super::id::AccountId;
use super::permission::Permission;
use super::refusal::Refusal;
use super::workspace::Owner;

/// What somebody is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupRole {
    /// One of its members.
    Member,
    /// One of its administrators.
    Admin,
    /// Its owner.
    Owner,
}

/// The groups of somebody, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memberships(BTreeMap<i64, GroupRole>);

impl Memberships {
    /// What they are in this group.
    #[must_use]
    pub fn role_in(&self, group: i64) -> Option<GroupRole> {
        self.0.get(&group).copied()
    }

    /// The numbers of the groups, ascending.
    pub fn groups(&self) -> impl Iterator<Item = i64> {
        self.0.keys().copied()
    }
}

impl FromIterator<(i64, GroupRole)> for Memberships {
    /// Of two roles in one group the greater counts.
    fn from_iter<I: IntoIterator<Item = (i64, GroupRole)>>(all: I) -> Self {
        let mut groups = BTreeMap::new();
        for (group, role) in all {
            let known = groups.entry(group).or_insert(role);
            *known = role.max(*known);
        }
        Self(groups)
    }
}

/// What is to be done. To add one, give it a row in `takes` and in the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// List, make, change and delete API-Tokens. §6.
    ManageApiTokens,
    /// Get a temporary API-Token. §7.
    IssueTemporaryToken,
    /// Get a Base-Token for oneself, or copy the base. §8.2.
    ReadBase,
    /// List, make and delete external links. §10.
    ManageLinks,
    /// Create, rename and delete bases. §11.
    ChangeBases,
    /// See, make, change and end shares. §11.3.
    Share,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ManageApiTokens,
        Self::IssueTemporaryToken,
        Self::ReadBase,
        Self::ManageLinks,
        Self::ChangeBases,
        Self::Share,
    ];

    /// Who may.
    const fn takes(self) -> Taken {
        match self {
            Self::ManageApiTokens | Self::ManageLinks | Self::Share => Taken::Admin,
            Self::ChangeBases => Taken::Member,
            Self::IssueTemporaryToken => Taken::Permission(Permission::Write),
            Self::ReadBase => Taken::Permission(Permission::Read),
        }
    }
}

/// What an operation asks for.
#[derive(Debug, Clone, Copy)]
enum Taken {
    /// A base administrator.
    Admin,
    /// Somebody whose workspace it is, too.
    Member,
    /// Whoever has at least this permission, however they came by it.
    Permission(Permission),
}

/// What somebody is to a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Base administrator: owner of the personal workspace; owner or administrator of the group whose workspace it is.
    Admin,
    /// A member of that group.
    Member,
    /// Somebody the base is shared with.
    Shared(Permission),
    /// Nobody.
    Stranger,
}

impl Standing {
    /// The effective permission. §9.
    #[must_use]
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::Admin | Self::Member => Some(Permission::Write),
            Self::Shared(permission) => Some(permission),
            Self::Stranger => None,
        }
    }
}

/// A decision in somebody's favour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted(Permission);

impl Granted {
    /// The effective permission of whoever asked.
    #[must_use]
    pub const fn permission(self) -> Permission {
        self.0
    }
}

/// What this service knows of a base, or of a workspace without one, and of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Whose workspace it is.
    pub owner: Owner,
    /// The direct share with the caller.
    pub user_share: Option<Permission>,
    /// Every share with a group, by its number.
    pub group_shares: Vec<(i64, Permission)>,
}

impl Facts {
    /// Of a workspace: what lies in it is shared, itself it is not.
    #[must_use]
    pub fn of_workspace(owner: Owner) -> Self {
        Self { owner, user_share: None, group_shares: Vec::new() }
    }

    /// What the caller is to the base. The order is that of §9: whose workspace it is, then shares, the highest of them.
    #[must_use]
    pub fn standing(&self, caller: &AccountId, memberships: &Memberships) -> Standing {
        let at_home = match &self.owner {
            Owner::Account(owner) => (owner == caller).then_some(Standing::Admin),
            Owner::Group(group) => memberships.role_in(*group).map(|role| match role {
                GroupRole::Owner | GroupRole::Admin => Standing::Admin,
                GroupRole::Member => Standing::Member,
            }),
        };
        at_home.unwrap_or_else(|| {
            let of_groups =
                self.group_shares.iter().filter(|(group, _)| memberships.role_in(*group).is_some());
            let shares = of_groups.map(|(_, permission)| *permission).chain(self.user_share);
            shares.max().map_or(Standing::Stranger, Standing::Shared)
        })
    }

    /// Decides.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn decide(
        &self,
        caller: &AccountId,
        memberships: &Memberships,
        operation: Operation,
    ) -> Result<Granted, Refusal> {
        let standing = self.standing(caller, memberships);
        let permission = standing.permission().ok_or(Refusal::Forbidden)?;
        let may = match operation.takes() {
            Taken::Admin => standing == Standing::Admin,
            Taken::Member => matches!(standing, Standing::Admin | Standing::Member),
            Taken::Permission(least) => permission >= least,
        };
        if may { Ok(Granted(permission)) } else { Err(Refusal::Forbidden) }
    }

    /// Whether the decision depends on the caller's groups. If not, nobody has to be asked for them.
    #[must_use]
    pub fn needs_groups(&self, caller: &AccountId, operation: Operation) -> bool {
        match (&self.owner, operation.takes()) {
            (Owner::Account(owner), _) if owner == caller => false,
            // A share makes nobody an administrator, nor gives it a place in the workspace.
            (Owner::Account(_), Taken::Admin | Taken::Member) => false,
            (Owner::Group(_), Taken::Admin | Taken::Member) => true,
            (Owner::Group(_), Taken::Permission(_)) => self.user_share != Some(Permission::Write),
            (Owner::Account(_), Taken::Permission(_)) => {
                self.group_shares.iter().any(|(_, permission)| Some(*permission) > self.user_share)
            }
        }
    }
}

#[cfg(test)]
mod tests;
