//! Platform roles, as the `roles` claim spells them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody may be on the platform or in an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Administers every organisation.
    GlobalAdmin,
    /// Administers one organisation.
    Admin,
    /// Sees and steers the agents of a service.
    Supervisor,
    /// Works in a service.
    Agent,
    /// Comes in from outside to give appointments in an organisation, and does not sign in
    /// (contracts/rdv-sign-in.md §11.1). Held in a membership only.
    Intervenant,
    /// Is served.
    Customer,
    /// A service of the platform itself.
    Service,
    /// An integrator's back end.
    ClientService,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::GlobalAdmin,
        Self::Admin,
        Self::Supervisor,
        Self::Agent,
        Self::Intervenant,
        Self::Customer,
        Self::Service,
        Self::ClientService,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GlobalAdmin => "GLOBAL_ADMIN",
            Self::Admin => "ADMIN",
            Self::Supervisor => "SUPERVISOR",
            Self::Agent => "AGENT",
            Self::Intervenant => "INTERVENANT",
            Self::Customer => "CUSTOMER",
            Self::Service => "SERVICE",
            Self::ClientService => "CLIENT_SERVICE",
        }
    }

    /// Whether it can be held on the whole platform, and not in an organisation only.
    #[must_use]
    pub const fn is_platform_wide(self) -> bool {
        !matches!(self, Self::Intervenant)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is no role's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such role")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_display_and_parsing_agree() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(serde_json::from_value::<Role>(role.as_str().into()).unwrap(), role);
        }
        assert_eq!("admin".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn every_role_but_one_is_held_on_the_whole_platform() {
        let elsewhere: Vec<Role> = Role::ALL.into_iter().filter(|role| !role.is_platform_wide()).collect();
        assert_eq!(elsewhere, [Role::Intervenant]);
    }
}
