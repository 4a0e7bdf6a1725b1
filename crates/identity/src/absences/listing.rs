//! The absences that somebody sees.

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Date, Nullable, Text, Time, Timestamp},
};
use store::{DbConn, MultiBackend, StoreError};

use super::{
    Absence,
    rows::{AbsenceRow, Found, complete},
};
use crate::{
    accounts::AccountId,
    agents::{AgentColumns, AgentRow, Sight, agents, cut},
    pages::{Counted, Slice},
};

/// The absences of every agent that `viewer` sees, the latest first. `organization` narrows them as it narrows
/// [`agents::list_visible`](crate::agents::list_visible).
///
/// Two statements however long the page is: the page with the total, then its organisations.
///
/// # Errors
/// Those of the database.
pub fn list_visible(
    conn: &mut DbConn,
    viewer: AccountId,
    organization: Option<i64>,
    slice: Slice,
) -> Result<Counted<Absence>, StoreError> {
    let sight = Sight { viewer: viewer.to_string(), organization };
    let query = ShownAbsences { sight, slice: slice.checked() };
    let rows: Vec<Listed> = query.load(conn)?;
    let total = rows.first().map_or(0, |(total, ..)| *total);
    let found: Vec<Found> =
        rows.into_iter().filter_map(|(_, absence, agent, number)| Some((absence?, agent?, number))).collect();
    Ok(Counted { items: complete(conn, found)?, total })
}

/// One page of the absences of the agents that a viewer sees, and how many there are. A page past the end is one row of
/// NULLs beside the total.
#[derive(Clone, Debug, QueryId)]
struct ShownAbsences {
    sight: Sight,
    slice: Slice,
}

/// The total, and a [`Found`] unless the page is empty.
type Listed = (i64, Option<AbsenceRow>, Option<AgentRow>, Option<i64>);

type AbsenceColumns = Nullable<(BigInt, Text, Date, Time, Date, Time, Timestamp, Timestamp)>;

impl Query for ShownAbsences {
    type SqlType = (BigInt, AbsenceColumns, AgentColumns, Nullable<BigInt>);
}

impl RunQueryDsl<DbConn> for ShownAbsences {}

impl QueryFragment<MultiBackend> for ShownAbsences {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.sight.define(&mut out)?;
        // Titles and organisations are looked up for the page alone, not for everything that is counted.
        out.push_sql(
            ", listed AS (
                SELECT b.id, b.first_day, b.start_time FROM shown JOIN absences b ON b.account_id = shown.id
            ), page AS (SELECT * FROM listed ORDER BY first_day DESC, start_time DESC, id DESC",
        );
        cut(&self.slice, &mut out)?;
        out.push_sql(concat!(
            ") SELECT counted.total,
                b.id, b.title, b.first_day, b.start_time, b.end_day, b.end_time, b.created_at, b.updated_at,
                a.id, a.number, a.email_key, a.given_name, a.family_name,
                (SELECT MIN(o.number)
                FROM account_organizations m JOIN organizations o ON o.id = m.organization_id
                WHERE m.account_id = a.id AND m.role IN ",
            agents!(),
            ") FROM (SELECT COUNT(*) AS total FROM listed) counted
            LEFT JOIN page ON TRUE
            LEFT JOIN absences b ON b.id = page.id
            LEFT JOIN accounts a ON a.id = b.account_id
            ORDER BY page.first_day DESC, page.start_time DESC, page.id DESC",
        ));
        Ok(())
    }
}
