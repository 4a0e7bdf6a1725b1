//! Agents one by one, and what one agent holds.

use auth_claims::roles::Role;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{Agent, Level};
use crate::{
    accounts::{
        AccountId,
        schema::{account_organizations, accounts},
    },
    organizations::{Organization, OrganizationRow, schema::organizations},
    pages::{Counted, Slice},
};

diesel::allow_tables_to_appear_in_same_query!(accounts, organizations);
diesel::allow_tables_to_appear_in_same_query!(account_organizations, organizations);

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(crate) struct AgentRow {
    id: String,
    number: i64,
    email_key: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
}

impl TryFrom<AgentRow> for Agent {
    type Error = StoreError;

    fn try_from(row: AgentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("accounts.id", error))?,
            number: row.number,
            email: row.email_key,
            first_name: row.given_name,
            last_name: row.family_name,
        })
    }
}

/// The agent with this account id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: AccountId) -> Result<Option<Agent>, StoreError> {
    let query = enabled().filter(accounts::id.eq(id.to_string())).select(AgentRow::as_select());
    query.first(conn).optional()?.map(Agent::try_from).transpose()
}

/// The agent with this number, its id in RDV.
///
/// # Errors
/// Those of the database.
pub fn find_by_number(conn: &mut DbConn, number: i64) -> Result<Option<Agent>, StoreError> {
    let query = enabled().filter(accounts::number.eq(number)).select(AgentRow::as_select());
    query.first(conn).optional()?.map(Agent::try_from).transpose()
}

/// The agent with exactly this `uid`: the e-mail address in lower case, nothing around it (§4.1, §10, §12.5).
///
/// # Errors
/// Those of the database.
pub fn find_by_uid(conn: &mut DbConn, uid: &str) -> Result<Option<Agent>, StoreError> {
    if uid.contains('\0') {
        return Ok(None); // PostgreSQL takes none, not even to compare
    }
    let query = enabled().filter(accounts::email_key.eq(uid)).select(AgentRow::as_select());
    query.first(conn).optional()?.map(Agent::try_from).transpose()
}

/// The organisations where `viewer` is an agent, at any level, by number (§11.3, §12.4).
///
/// # Errors
/// Those of the database.
pub fn organizations(
    conn: &mut DbConn,
    viewer: AccountId,
    slice: Slice,
) -> Result<Counted<Organization>, StoreError> {
    let (viewer, slice) = (viewer.to_string(), slice.checked());
    let own = || {
        let memberships = memberships().filter(accounts::id.eq(&viewer));
        organizations::table
            .filter(organizations::id.eq_any(memberships.select(account_organizations::organization_id)))
    };
    let total = own().count().get_result(conn)?;
    let rows: Vec<OrganizationRow> = own()
        .order(organizations::number)
        .offset(slice.offset)
        .limit(slice.limit)
        .select(OrganizationRow::as_select())
        .load(conn)?;
    Ok(Counted { items: rows.into_iter().map(Organization::try_from).collect::<Result<_, _>>()?, total })
}

/// What `viewer` may do in an organisation; nothing if it is no agent there.
///
/// # Errors
/// Those of the database.
pub fn level_in(
    conn: &mut DbConn,
    viewer: AccountId,
    organization_id: &str,
) -> Result<Option<Level>, StoreError> {
    if organization_id.contains('\0') {
        return Ok(None);
    }
    let role: Option<String> = memberships()
        .filter(accounts::id.eq(viewer.to_string()))
        .filter(account_organizations::organization_id.eq(organization_id))
        .select(account_organizations::role)
        .first(conn)
        .optional()?;
    let parse = |text: String| {
        text.parse::<Role>().map_err(|error| StoreError::corrupt("account_organizations.role", error))
    };
    Ok(role.map(parse).transpose()?.and_then(Level::of))
}

/// Whether the account is admin of at least one organisation: `role` of a signed-in agent (§3.3).
///
/// # Errors
/// Those of the database.
pub fn is_admin_anywhere(conn: &mut DbConn, id: AccountId) -> Result<bool, StoreError> {
    let of_admins = account_organizations::role
        .eq(Role::Admin.as_str())
        .or(account_organizations::role.eq(Role::GlobalAdmin.as_str()));
    let held = memberships().filter(accounts::id.eq(id.to_string())).filter(of_admins);
    Ok(on_backend!(conn, |c| diesel::select(diesel::dsl::exists(held)).get_result(c))?)
}

#[diesel::dsl::auto_type]
fn enabled() -> _ {
    accounts::table.filter(accounts::enabled.eq(true))
}

/// The memberships that make agents of enabled accounts.
#[diesel::dsl::auto_type]
fn memberships() -> _ {
    let held = account_organizations::table
        .inner_join(accounts::table.on(accounts::id.eq(account_organizations::account_id)));
    held.filter(accounts::enabled.eq(true)).filter(is_agents())
}

/// Whether a membership makes an agent. Spelt out instead of `eq_any`, which diesel does not prepare once for all.
#[diesel::dsl::auto_type]
pub(crate) fn is_agents() -> _ {
    let global_admin: &'static str = Role::GlobalAdmin.as_str();
    let admin: &'static str = Role::Admin.as_str();
    let supervisor: &'static str = Role::Supervisor.as_str();
    let agent: &'static str = Role::Agent.as_str();
    let intervenant: &'static str = Role::Intervenant.as_str();
    let role = account_organizations::role;
    role.eq(global_admin)
        .or(role.eq(admin))
        .or(role.eq(supervisor))
        .or(role.eq(agent))
        .or(role.eq(intervenant))
}
