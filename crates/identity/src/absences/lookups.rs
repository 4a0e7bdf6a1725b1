//! Absences one by one.

use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::{
    Absence,
    rows::{AbsenceRow, complete},
    schema::absences,
};
use crate::{
    accounts::schema::{account_organizations, accounts},
    agents::{AgentRow, is_agents},
    organizations::schema::organizations,
};

/// The absence with this id, whoever may see it.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: i64) -> Result<Option<Absence>, StoreError> {
    let found: Option<(AbsenceRow, AgentRow)> = absences::table
        .inner_join(accounts::table)
        .filter(absences::id.eq(id))
        .select((AbsenceRow::as_select(), AgentRow::as_select()))
        .first(conn)
        .optional()?;
    let Some((row, agent)) = found else { return Ok(None) };
    let number = smallest_organization(conn, agent.id())?;
    Ok(complete(conn, vec![(row, agent, number)])?.pop())
}

/// [`find`] in a transaction that goes on to change the absence: whoever else is about to change it waits.
///
/// # Errors
/// Those of the database.
pub fn find_for_change(conn: &mut DbConn, id: i64) -> Result<Option<Absence>, StoreError> {
    if let DbConn::Pg(conn) = conn {
        absences::table.find(id).select(absences::id).for_update().first::<i64>(conn).optional()?;
    }
    find(conn, id)
}

/// The smallest number among the organisations where the account is an agent.
fn smallest_organization(conn: &mut DbConn, account: &str) -> Result<Option<i64>, StoreError> {
    Ok(account_organizations::table
        .inner_join(organizations::table.on(organizations::id.eq(account_organizations::organization_id)))
        .filter(account_organizations::account_id.eq(account))
        .filter(is_agents())
        .select(diesel::dsl::min(organizations::number))
        .get_result(conn)?)
}
