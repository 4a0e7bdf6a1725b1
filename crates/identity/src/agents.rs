//! Agents: accounts as the RDV API shows them, and who of them sees whom. `contracts/rdv-sign-in.md`, §11.
//!
//! | membership's role | [`Level`] there |
//! | --- | --- |
//! | `ADMIN`, `GLOBAL_ADMIN` | admin: sees everybody in the organisation |
//! | `SUPERVISOR`, `AGENT` | basic: sees those of its own services; all, if one of these is the secretariat |
//! | `INTERVENANT` | intervenant: is seen; sees nobody unless it is of the secretariat |
//! | any other | none: the membership counts on neither side |
//!
//! An administrator of a territory sees everybody in its organisations besides. Disabled accounts are no agents: they
//! see nobody, nobody sees them, and no look-up here finds them.

mod lookups;
mod visibility;

use auth_claims::roles::Role;
use diesel::prelude::*;
use store::{DbConn, StoreError};

pub use lookups::{find, find_by_number, find_by_uid, is_admin_anywhere, level_in, organizations};

pub(crate) use lookups::{AgentRow, is_agents};
pub(crate) use visibility::{Listing, Sight};

use self::visibility::{Sees, ShownAgents};
use crate::{
    accounts::AccountId,
    pages::{Counted, Slice},
};

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The account.
    pub id: AccountId,
    /// The account's number, which is the agent's id in RDV.
    pub number: i64,
    /// The e-mail address in lower case, which is the agent's `uid` in RDV.
    pub email: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
}

/// What an agent may do in one organisation (§11.1, "Role").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Ordinary: the agents of its own services.
    Basic,
    /// Everything there.
    Admin,
    /// Is seen.
    Intervenant,
}

impl Level {
    /// The level that a membership with this role gives, if it makes an agent at all.
    #[must_use]
    pub const fn of(role: Role) -> Option<Self> {
        match role {
            Role::GlobalAdmin | Role::Admin => Some(Self::Admin),
            Role::Supervisor | Role::Agent => Some(Self::Basic),
            Role::Intervenant => Some(Self::Intervenant),
            Role::Customer | Role::Service | Role::ClientService => None,
        }
    }
}

/// The agents that `viewer` sees, by age. `organization` is an organisation's number: those with a role there, if the
/// viewer has one there too; else it is as if it were not given (§12.3).
///
/// One statement: the page and the total are of the same instant.
///
/// # Errors
/// Those of the database.
pub fn list_visible(
    conn: &mut DbConn,
    viewer: AccountId,
    organization: Option<i64>,
    slice: Slice,
) -> Result<Counted<Agent>, StoreError> {
    let query = ShownAgents(Sight { viewer: viewer.to_string(), organization, slice: slice.checked() });
    let rows: Vec<(i64, Option<AgentRow>)> = query.load(conn)?;
    let total = rows.first().map_or(0, |(total, _)| *total);
    let items = rows.into_iter().filter_map(|(_, row)| row).map(Agent::try_from).collect::<Result<_, _>>()?;
    Ok(Counted { items, total })
}

/// Whether `viewer` sees `target`, and so may read and write its absences (§11.2, §11.3).
///
/// # Errors
/// Those of the database.
pub fn sees(conn: &mut DbConn, viewer: AccountId, target: AccountId) -> Result<bool, StoreError> {
    Ok(Sees { viewer: viewer.to_string(), target: target.to_string() }.get_result(conn)?)
}
