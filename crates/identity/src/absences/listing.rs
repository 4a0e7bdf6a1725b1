//! The absences that somebody sees.

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable},
};
use store::{DbConn, MultiBackend, StoreError};

use super::{
    Absence,
    rows::{complete, found},
    schema::absences,
};
use crate::{
    accounts::AccountId,
    agents::{Listing, Sight},
    pages::{Counted, Slice},
};

/// The absences of every agent that `viewer` sees, the latest first. `organization` narrows them as it narrows
/// [`agents::list_visible`](crate::agents::list_visible).
///
/// Three statements however long the page is: which absences and how many there are, these, their organisations.
///
/// # Errors
/// Those of the database.
pub fn list_visible(
    conn: &mut DbConn,
    viewer: AccountId,
    organization: Option<i64>,
    slice: Slice,
) -> Result<Counted<Absence>, StoreError> {
    let query = ShownAbsences(Sight { viewer: viewer.to_string(), organization, slice: slice.checked() });
    let rows: Vec<(i64, Option<i64>)> = query.load(conn)?;
    let total = rows.first().map_or(0, |(total, _)| *total);
    let page: Vec<i64> = rows.into_iter().filter_map(|(_, id)| id).collect();
    if page.is_empty() {
        return Ok(Counted { items: Vec::new(), total });
    }
    let rows = found()
        .filter(absences::id.eq_any(page))
        .order((absences::first_day.desc(), absences::start_time.desc(), absences::id.desc()))
        .load(conn)?;
    Ok(Counted { items: complete(conn, rows)?, total })
}

/// The ids of one page of the absences of the agents that a viewer sees, and how many there are. A page past the end is
/// one row with NULL beside the total.
///
/// Nothing but ids: what PostgreSQL would join to a page of unknown size, it would read as a whole.
#[derive(Clone, Debug, QueryId)]
struct ShownAbsences(Sight);

impl Query for ShownAbsences {
    type SqlType = (BigInt, Nullable<BigInt>);
}

impl RunQueryDsl<DbConn> for ShownAbsences {}

impl QueryFragment<MultiBackend> for ShownAbsences {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let listing = Listing {
            columns: "b.id, b.first_day, b.start_time",
            tables: " CROSS JOIN absences b",
            conditions: " AND b.account_id = a.id",
            order: "first_day DESC, start_time DESC, id DESC",
        };
        self.0.define(&mut out, listing)?;
        out.push_sql(
            " SELECT counted.total, page.id
            FROM (SELECT COUNT(*) AS total FROM shown) counted LEFT JOIN page ON TRUE",
        );
        Ok(())
    }
}
