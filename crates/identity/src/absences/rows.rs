//! From rows to absences.

use std::collections::{BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use store::{DbConn, StoreError};

use super::{Absence, schema::absences};
use crate::{
    accounts::schema::{account_organizations, accounts},
    agents::{AgentRow, is_agents},
    organizations::{Organization, OrganizationRow, schema::organizations},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = absences)]
pub(super) struct AbsenceRow {
    id: i64,
    title: String,
    first_day: NaiveDate,
    start_time: NaiveTime,
    end_day: NaiveDate,
    end_time: NaiveTime,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

/// An absence, its agent, and the smallest number among the agent's organisations.
pub(super) type Found = (AbsenceRow, AgentRow, Option<i64>);

/// Every absence as a [`Found`].
#[diesel::dsl::auto_type]
pub(super) fn found() -> _ {
    let absence: diesel::dsl::AsSelect<AbsenceRow, store::MultiBackend> = AbsenceRow::as_select();
    let agent: diesel::dsl::AsSelect<AgentRow, store::MultiBackend> = AgentRow::as_select();
    let held = account_organizations::table
        .inner_join(organizations::table.on(organizations::id.eq(account_organizations::organization_id)));
    let smallest = held
        .filter(account_organizations::account_id.eq(accounts::id))
        .filter(is_agents())
        .order(organizations::number)
        .select(organizations::number)
        .single_value();
    absences::table.inner_join(accounts::table).select((absence, agent, smallest))
}

/// Adds the organisations: one query, however many rows there are.
pub(super) fn complete(conn: &mut DbConn, found: Vec<Found>) -> Result<Vec<Absence>, StoreError> {
    let numbers: BTreeSet<i64> = found.iter().filter_map(|(_, _, number)| *number).collect();
    let organizations = organizations_by_number(conn, numbers)?;
    found
        .into_iter()
        .map(|(row, agent, number)| {
            Ok(Absence {
                id: row.id,
                agent: agent.try_into()?,
                organization: number.and_then(|number| organizations.get(&number).cloned()),
                title: row.title,
                first_day: row.first_day,
                start_time: row.start_time,
                end_day: row.end_day,
                end_time: row.end_time,
                created_at: row.created_at.and_utc(),
                updated_at: row.updated_at.and_utc(),
            })
        })
        .collect()
}

fn organizations_by_number(
    conn: &mut DbConn,
    numbers: BTreeSet<i64>,
) -> Result<HashMap<i64, Organization>, StoreError> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<OrganizationRow> = organizations::table
        .filter(organizations::number.eq_any(numbers))
        .select(OrganizationRow::as_select())
        .load(conn)?;
    let numbered = |row| Organization::try_from(row).map(|organization| (organization.number, organization));
    rows.into_iter().map(numbered).collect()
}
