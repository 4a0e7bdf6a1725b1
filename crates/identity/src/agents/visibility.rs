//! Who sees whom: rules S, T, A and B as SQL. `contracts/rdv-sign-in.md`, §11.2.
//!
//! The rules are written down once, in [`WIDE`], [`TERRITORIES`] and [`COLLEAGUES`], and every query about what somebody
//! sees is a `UNION` over the three. As one condition on an account they would be joined by `OR`, for which PostgreSQL
//! reads whole tables. What is listed is joined inside each part, not to their union: the planner knows no viewer, and
//! what a territory's administrator would see must not decide how it goes about everybody else's list.
//!
//! `CROSS JOIN` says nothing to PostgreSQL. To SQLite, which has no idea of how large a table is, it says in which order
//! to go about them: from the viewer on.
//!
//! diesel's query language has no `WITH`. The nodes here are constant texts with bind parameters (threat 25); their
//! query ids are static, so that each connection prepares each of them once: planning takes longer than running.

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Bool, Nullable, Text},
};
use store::{DbConn, MultiBackend};

use crate::pages::Slice;

/// The memberships that make somebody an agent, whatever the level.
macro_rules! agents {
    () => {
        "('GLOBAL_ADMIN', 'ADMIN', 'SUPERVISOR', 'AGENT', 'INTERVENANT')"
    };
}

/// Ends where the viewer's id is bound. A disabled account sees nobody.
const VIEWER: &str = "WITH viewer AS (SELECT id FROM accounts WHERE enabled AND id = ";

/// `own`: the viewer's memberships as an agent. `wide`: the organisations in which they show it everybody, A and S.
const MEMBERSHIPS: &str = concat!(
    "), own AS (
        SELECT m.organization_id, m.role FROM viewer CROSS JOIN account_organizations m
        WHERE m.account_id = viewer.id AND m.role IN ",
    agents!(),
    "), wide AS (
        SELECT own.organization_id FROM own
        WHERE own.role IN ('GLOBAL_ADMIN', 'ADMIN') OR EXISTS (
            SELECT 1 FROM viewer CROSS JOIN account_services s CROSS JOIN services v
            WHERE s.account_id = viewer.id AND v.id = s.service_id AND v.name = 'Secrétariat'))",
);

/// One of the sets that are seen together: `m` is a membership of somebody who is in it.
struct Part {
    tables: &'static str,
    conditions: &'static str,
}

/// Rules S and A.
const WIDE: Part = Part {
    tables: " FROM wide CROSS JOIN account_organizations m",
    conditions: " WHERE m.organization_id = wide.organization_id",
};

/// Rule T.
const TERRITORIES: Part = Part {
    tables: " FROM viewer CROSS JOIN account_territories t CROSS JOIN organizations o
        CROSS JOIN account_organizations m",
    conditions: " WHERE t.account_id = viewer.id AND o.territory_id = t.territory_id
        AND m.organization_id = o.id",
};

/// Rule B.
const COLLEAGUES: Part = Part {
    tables: " FROM viewer CROSS JOIN account_services mine CROSS JOIN own
        CROSS JOIN account_organizations m CROSS JOIN account_services theirs",
    conditions: " WHERE mine.account_id = viewer.id AND own.role IN ('SUPERVISOR', 'AGENT')
        AND m.organization_id = own.organization_id
        AND theirs.account_id = m.account_id AND theirs.service_id = mine.service_id",
};

/// Somebody is seen as an agent only, and only while enabled.
const VISIBLE: &str = concat!(" AND a.id = m.account_id AND a.enabled AND m.role IN ", agents!());

/// Ends where an organisation's number is bound. `narrowed` holds it if the viewer is an agent there.
const NARROWED: &str = ", narrowed AS (
        SELECT o.id FROM own CROSS JOIN organizations o WHERE o.id = own.organization_id AND o.number = ";

/// Leaves the agents of the narrowing organisation, if there is one.
const NARROWING: &str = concat!(
    " AND (NOT EXISTS (SELECT 1 FROM narrowed) OR m.account_id IN (
        SELECT n.account_id FROM narrowed CROSS JOIN account_organizations n
        WHERE n.organization_id = narrowed.id AND n.role IN ",
    agents!(),
    "))",
);

/// What is listed of the accounts `a` that are seen. The default is nothing but them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listing {
    /// What to select.
    pub(crate) columns: &'static str,
    /// Where from, beside `accounts a`: ` CROSS JOIN …`.
    pub(crate) tables: &'static str,
    /// How that belongs to them: ` AND …`.
    pub(crate) conditions: &'static str,
    /// The columns to order by.
    pub(crate) order: &'static str,
}

/// What a viewer sees, and which part of it is listed.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// An account's id.
    pub(crate) viewer: String,
    /// An organisation's number.
    pub(crate) organization: Option<i64>,
    /// The page.
    pub(crate) slice: Slice,
}

impl Sight {
    /// Defines `shown`, the whole listing, and `page`, the part of it to return. A statement has to follow.
    pub(crate) fn define<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, MultiBackend>,
        listing: Listing,
    ) -> QueryResult<()> {
        viewer(&self.viewer, out)?;
        out.push_sql(NARROWED);
        out.push_bind_param::<Nullable<BigInt>, _>(&self.organization)?;
        out.push_sql("), shown AS (");
        seen(out, listing, NARROWING);
        out.push_sql("), page AS (SELECT * FROM shown ORDER BY ");
        out.push_sql(listing.order);
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.slice.limit)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.slice.offset)?;
        out.push_sql(")");
        Ok(())
    }
}

fn viewer<'b>(id: &'b str, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
    out.push_sql(VIEWER);
    out.push_bind_param::<Text, str>(id)?;
    out.push_sql(MEMBERSHIPS);
    Ok(())
}

fn seen(out: &mut AstPass<'_, '_, MultiBackend>, listing: Listing, narrowing: &str) {
    let Listing { columns, tables, conditions, .. } = listing;
    let parts = [("SELECT ", WIDE), (" UNION SELECT ", TERRITORIES), (" UNION SELECT ", COLLEAGUES)];
    for (beginning, part) in parts {
        for text in [beginning, columns, part.tables, " CROSS JOIN accounts a", tables] {
            out.push_sql(text);
        }
        for text in [part.conditions, VISIBLE, conditions, narrowing] {
            out.push_sql(text);
        }
    }
}

/// One page of the agents that a viewer sees, and how many there are. A page past the end is one row of NULLs beside
/// the total.
#[derive(Clone, Debug, QueryId)]
pub(super) struct ShownAgents(pub(super) Sight);

/// Id, number, key of the e-mail address, given name, family name.
type AgentColumns = Nullable<(Text, BigInt, Nullable<Text>, Nullable<Text>, Nullable<Text>)>;

impl Query for ShownAgents {
    type SqlType = (BigInt, AgentColumns);
}

impl RunQueryDsl<DbConn> for ShownAgents {}

impl QueryFragment<MultiBackend> for ShownAgents {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let listing = Listing {
            columns: "a.id, a.number, a.email_key, a.given_name, a.family_name, a.created_at",
            order: "created_at, number",
            ..Listing::default()
        };
        self.0.define(&mut out, listing)?;
        out.push_sql(
            " SELECT counted.total, page.id, page.number, page.email_key, page.given_name, page.family_name
            FROM (SELECT COUNT(*) AS total FROM shown) counted LEFT JOIN page ON TRUE
            ORDER BY page.created_at, page.number",
        );
        Ok(())
    }
}

/// Whether one account sees another.
#[derive(Clone, Debug, QueryId)]
pub(super) struct Sees {
    pub(super) viewer: String,
    pub(super) target: String,
}

impl Query for Sees {
    type SqlType = Bool;
}

impl RunQueryDsl<DbConn> for Sees {}

impl QueryFragment<MultiBackend> for Sees {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        viewer(&self.viewer, &mut out)?;
        out.push_sql(" SELECT EXISTS (SELECT 1 FROM (");
        seen(&mut out, Listing { columns: "m.account_id", ..Listing::default() }, "");
        out.push_sql(") seen WHERE seen.account_id = ");
        out.push_bind_param::<Text, str>(&self.target)?;
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use auth_claims::roles::Role;

    use super::*;
    use crate::{agents::Level, services::SECRETARIAT};

    /// A role that is added has to be weighed here too.
    #[test]
    fn the_roles_of_agents_are_the_ones_with_a_level() {
        let mut named: Vec<&str> = agents!().trim_matches(['(', ')']).split(", ").collect();
        let role = |role: &Role| format!("'{role}'");
        let mut levels: Vec<String> =
            Role::ALL.iter().filter(|role| Level::of(**role).is_some()).map(role).collect();
        named.sort_unstable();
        levels.sort_unstable();
        assert_eq!(named, levels);
    }

    #[test]
    fn the_secretariat_is_called_the_same_everywhere() {
        assert!(MEMBERSHIPS.contains(&format!("v.name = '{SECRETARIAT}'")));
    }
}
