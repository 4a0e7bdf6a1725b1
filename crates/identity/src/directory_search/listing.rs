//! The lists as SQL: constant texts with bind parameters (threat 25).

use diesel::{
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Integer, Text},
};
use store::{DbConn, MultiBackend};

use super::{Among, Window};

/// The longest pieces in the index; a longer text is found by all of its pieces of this length.
const PIECE: usize = 3;

/// An account's id and login.
pub(super) type Found = (String, String);

/// How a list is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// In its order, as far as it takes.
    Ordered,
    /// In its order, and only so many of it.
    First(i64),
    /// Everything that has the pieces of the text, put in order afterwards. PostgreSQL only.
    Pieces,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    of: Of,
    /// The folded text, and the pattern for it.
    text: Option<(String, String)>,
    shortest: i32,
    scan: Scan,
    /// What is looked through and, of that, skipped and returned.
    first: i64,
    offset: i64,
    limit: i64,
}

/// [`Among`], with a value of its own.
#[derive(Clone, Debug)]
enum Of {
    Everybody,
    Disabled,
    SignedIn,
    Group(String),
}

impl Listing {
    pub(super) fn new(among: Among<'_>, text: Option<(String, String)>, scan: Scan, window: Window) -> Self {
        let of = match among {
            Among::Everybody => Of::Everybody,
            Among::Disabled => Of::Disabled,
            Among::SignedIn => Of::SignedIn,
            Among::Group(id) => Of::Group(crate::text::storable(id)),
        };
        let length = text.as_ref().map_or(0, |(text, _)| text.chars().take(PIECE).count());
        let first = if let Scan::First(first) = scan { first } else { i64::MAX };
        Self {
            of,
            text,
            shortest: i32::try_from(length).unwrap_or_default(),
            scan,
            first,
            offset: window.offset,
            limit: window.limit.unwrap_or(i64::MAX),
        }
    }

    /// What is listed: the tables, and what belongs to the list at all.
    fn source<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        match &self.of {
            Of::Everybody => out.push_sql(" FROM account_search s WHERE TRUE"),
            Of::Disabled => out.push_sql(" FROM account_search s WHERE NOT s.enabled"),
            Of::SignedIn => out.push_sql(
                " FROM account_sign_ins t JOIN account_search s ON s.account_id = t.account_id WHERE TRUE",
            ),
            Of::Group(id) => {
                out.push_sql(
                    " FROM account_groups g JOIN account_search s ON s.account_id = g.account_id
                    WHERE g.group_id = ",
                );
                out.push_bind_param::<Text, String>(id)?;
            }
        }
        Ok(())
    }

    /// The columns of the order, which are selected too, under names of their own.
    const fn columns(&self) -> &'static str {
        match self.of {
            Of::SignedIn => "SELECT s.account_id, s.login, s.text, t.last_at AS a, s.login_key AS b",
            _ => "SELECT s.account_id, s.login, s.text, s.sort_key AS a, s.login_key AS b",
        }
    }

    const fn order(&self) -> &'static str {
        match self.of {
            Of::SignedIn => " ORDER BY a DESC, b",
            _ => " ORDER BY a, b",
        }
    }

    fn matching<'b>(&'b self, column: &str, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let Some((text, pattern)) = &self.text else { return Ok(()) };
        out.push_sql(" AND ");
        out.push_sql(column);
        out.push_sql(" LIKE ");
        out.push_bind_param::<Text, String>(pattern)?;
        out.push_sql(" ESCAPE '\\'");
        if self.scan == Scan::Pieces {
            out.push_sql(" AND search_pieces(s.text, 1, 3) @> search_pieces(");
            out.push_bind_param::<Text, String>(text)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, i32>(&self.shortest)?;
            out.push_sql(", ");
            out.push_bind_param::<Integer, i32>(&self.shortest)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl QueryId for Listing {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Listing {
    type SqlType = (Text, Text);
}

impl RunQueryDsl<DbConn> for Listing {}

impl QueryFragment<MultiBackend> for Listing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // Planned each time: how many have a text in them is the whole question.
        out.unsafe_to_cache_prepared();
        out.push_sql("WITH found AS ");
        // PostgreSQL must not go through the whole list in its order, hoping to find enough soon.
        out.push_sql(if self.scan == Scan::Pieces { "MATERIALIZED (" } else { "(" });
        out.push_sql(self.columns());
        self.source(&mut out)?;
        if let Scan::First(_) = self.scan {
            out.push_sql(self.order());
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, i64>(&self.first)?;
        } else {
            self.matching("s.text", &mut out)?;
        }
        out.push_sql(") SELECT account_id, login FROM found WHERE TRUE");
        if let Scan::First(_) = self.scan {
            self.matching("text", &mut out)?;
        }
        out.push_sql(self.order());
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, i64>(&self.limit)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, i64>(&self.offset)?;
        Ok(())
    }
}
