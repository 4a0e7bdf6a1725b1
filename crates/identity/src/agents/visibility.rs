//! Who sees whom: rules S, T, A and B as SQL. `contracts/rdv-sign-in.md`, §11.2.
//!
//! The rules are written down once, in [`RULES`], and every query that depends on them begins with that text. As one
//! condition on an account they would be joined by `OR`, for which PostgreSQL reads whole tables. So they are two sets
//! that indexes lead to: everybody in the organisations that the viewer sees entirely (S, T, A), and those of the
//! viewer's services in the organisations where it is an ordinary agent (B).
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

/// The memberships that make somebody an agent, whatever the level; the property tests compare it with `Level::of`.
macro_rules! agents {
    () => {
        "('GLOBAL_ADMIN', 'ADMIN', 'SUPERVISOR', 'AGENT', 'INTERVENANT')"
    };
}
pub(crate) use agents;

/// Ends where the viewer's id is bound. A disabled account sees nobody.
const VIEWER: &str = "WITH viewer AS (SELECT id FROM accounts WHERE enabled AND id = ";

/// - `own`: the viewer's memberships as an agent;
/// - `wide`: the organisations of which it sees everybody: A and S, then T;
/// - `seen`: the accounts that it sees, be they enabled or not: S, T and A, then B.
const RULES: &str = concat!(
    "), own AS (
        SELECT m.organization_id, m.role
        FROM viewer JOIN account_organizations m ON m.account_id = viewer.id
        WHERE m.role IN ",
    agents!(),
    "), wide AS (
        SELECT own.organization_id FROM own
        WHERE own.role IN ('GLOBAL_ADMIN', 'ADMIN') OR EXISTS (
            SELECT 1 FROM viewer
            JOIN account_services s ON s.account_id = viewer.id
            JOIN services v ON v.id = s.service_id
            WHERE v.name = 'Secrétariat')
        UNION
        SELECT o.id FROM viewer
        JOIN account_territories t ON t.account_id = viewer.id
        JOIN organizations o ON o.territory_id = t.territory_id
    ), seen AS (
        SELECT m.account_id
        FROM wide JOIN account_organizations m ON m.organization_id = wide.organization_id
        WHERE m.role IN ",
    agents!(),
    "   UNION
        SELECT m.account_id
        FROM own JOIN account_organizations m ON m.organization_id = own.organization_id
        JOIN account_services theirs ON theirs.account_id = m.account_id
        JOIN account_services mine ON mine.service_id = theirs.service_id
        JOIN viewer ON viewer.id = mine.account_id
        WHERE own.role IN ('SUPERVISOR', 'AGENT') AND m.role IN ",
    agents!(),
    ")",
);

/// Ends where an organisation's number is bound. `narrowed` holds it if the viewer is an agent there.
const NARROWED: &str = ", narrowed AS (
        SELECT o.id FROM organizations o JOIN own ON own.organization_id = o.id WHERE o.number = ";

/// `shown`: the accounts of `seen` that are enabled and in the narrowing organisation, if there is one.
const SHOWN: &str = concat!(
    "), shown AS (
        SELECT a.id, a.number, a.email_key, a.given_name, a.family_name, a.created_at
        FROM seen JOIN accounts a ON a.id = seen.account_id
        WHERE a.enabled AND (NOT EXISTS (SELECT 1 FROM narrowed) OR EXISTS (
            SELECT 1 FROM narrowed
            JOIN account_organizations m ON m.organization_id = narrowed.id AND m.account_id = a.id
            WHERE m.role IN ",
    agents!(),
    ")))",
);

/// The beginning of a query about what one viewer sees.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) viewer: String,
    pub(crate) organization: Option<i64>,
}

impl Sight {
    /// Defines `shown`, for the statement that follows.
    pub(crate) fn define<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        rules(&self.viewer, out)?;
        out.push_sql(NARROWED);
        out.push_bind_param::<Nullable<BigInt>, _>(&self.organization)?;
        out.push_sql(SHOWN);
        Ok(())
    }
}

fn rules<'b>(viewer: &'b str, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
    out.push_sql(VIEWER);
    out.push_bind_param::<Text, str>(viewer)?;
    out.push_sql(RULES);
    Ok(())
}

/// `LIMIT … OFFSET …`.
pub(crate) fn cut<'b>(slice: &'b Slice, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
    out.push_sql(" LIMIT ");
    out.push_bind_param::<BigInt, _>(&slice.limit)?;
    out.push_sql(" OFFSET ");
    out.push_bind_param::<BigInt, _>(&slice.offset)
}

/// One page of the agents that a viewer sees, and how many there are. A page past the end is one row of NULLs beside
/// the total.
#[derive(Clone, Debug, QueryId)]
pub(super) struct ShownAgents {
    pub(super) sight: Sight,
    pub(super) slice: Slice,
}

/// The columns of an agent: id, number, key of the e-mail address, given name, family name.
pub(crate) type AgentColumns = Nullable<(Text, BigInt, Nullable<Text>, Nullable<Text>, Nullable<Text>)>;

impl Query for ShownAgents {
    type SqlType = (BigInt, AgentColumns);
}

impl RunQueryDsl<DbConn> for ShownAgents {}

impl QueryFragment<MultiBackend> for ShownAgents {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.sight.define(&mut out)?;
        out.push_sql(", page AS (SELECT * FROM shown ORDER BY created_at, number");
        cut(&self.slice, &mut out)?;
        out.push_sql(
            ") SELECT counted.total, page.id, page.number, page.email_key, page.given_name, page.family_name
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
        rules(&self.viewer, &mut out)?;
        out.push_sql(
            " SELECT EXISTS (
                SELECT 1 FROM seen JOIN accounts a ON a.id = seen.account_id WHERE a.enabled AND seen.account_id = ",
        );
        out.push_bind_param::<Text, str>(&self.target)?;
        out.push_sql(")");
        Ok(())
    }
}
