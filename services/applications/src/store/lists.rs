//! Lists of applications, in the order that was asked for. `contracts/auvious-applications.md` §5.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use store::{DbConn, StoreError, on_backend};

use super::applications::Row;
use super::schema::applications as table;
use crate::domain::access::Listing;
use crate::domain::application::Application;
use crate::domain::sort::{Direction, Order, Property, Sort};

/// A part of a list, and how long the whole list is.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted<T> {
    /// The part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: i64,
}

/// A part of a list and the length of all of it: one count, and one query of the part unless it is behind the end.
///
/// # Errors
/// The database's.
pub fn page(
    conn: &mut DbConn,
    listing: &Listing,
    sort: &Sort,
    offset: i64,
    limit: i64,
) -> Result<Counted<Application>, StoreError> {
    let total = count(conn, listing)?;
    let items = if offset < total { slice(conn, listing, sort, offset, limit)? } else { vec![] };
    Ok(Counted { items, total })
}

/// How many applications a list holds.
///
/// # Errors
/// The database's.
pub fn count(conn: &mut DbConn, listing: &Listing) -> Result<i64, StoreError> {
    Ok(on_backend!(conn, |c| c.count_listed(listing))?)
}

/// A part of a list. The ids are found first, in the index where the order is that of an index; only the applications
/// that are shown are read.
///
/// # Errors
/// The database's.
pub fn slice(
    conn: &mut DbConn,
    listing: &Listing,
    sort: &Sort,
    offset: i64,
    limit: i64,
) -> Result<Vec<Application>, StoreError> {
    let rows = on_backend!(conn, |c| c.load_listed(listing, sort, offset, limit))?;
    rows.into_iter().map(Application::try_from).collect()
}

diesel::define_sql_function! {
    /// Folds ASCII only, on SQLite always and on PostgreSQL because of the collation of the columns.
    fn lower(text: Text) -> Text;
}

/// The queries, each typed for one backend: a query that is put together while it runs, and is a part of another one,
/// cannot be typed for the enum of both.
trait Lists {
    fn count_listed(&mut self, listing: &Listing) -> QueryResult<i64>;

    fn load_listed(
        &mut self,
        listing: &Listing,
        sort: &Sort,
        offset: i64,
        limit: i64,
    ) -> QueryResult<Vec<Row>>;
}

/// `query ORDER BY $column` in one of two directions.
macro_rules! by {
    ($query:expr, $direction:expr, $column:expr) => {
        match $direction {
            Direction::Asc => $query.then_order_by($column.asc()),
            Direction::Desc => $query.then_order_by($column.desc()),
        }
    };
}

macro_rules! lists_on {
    ($module:ident, $connection:ty, $backend:ty) => {
        mod $module {
            use super::*;

            type Query<'q> = table::BoxedQuery<'q, $backend>;

            impl Lists for $connection {
                fn count_listed(&mut self, listing: &Listing) -> QueryResult<i64> {
                    all_of(listing).map_or(Ok(0), |query| query.count().get_result(self))
                }

                fn load_listed(
                    &mut self,
                    listing: &Listing,
                    sort: &Sort,
                    offset: i64,
                    limit: i64,
                ) -> QueryResult<Vec<Row>> {
                    let Some(query) = all_of(listing) else { return Ok(vec![]) };
                    let shown = sorted(query, sort).offset(offset).limit(limit).select(table::id);
                    let query = table::table.filter(table::id.eq_any(shown)).into_boxed();
                    sorted(query, sort).select(Row::as_select()).load(self)
                }
            }

            /// All of a list; nothing for a list that needs no query.
            fn all_of(listing: &Listing) -> Option<Query<'_>> {
                let all = table::table.into_boxed();
                Some(match listing {
                    Listing::Everything => all,
                    Listing::Visible => all.filter(table::visible),
                    Listing::VisibleAndAllOf(own) => {
                        all.filter(table::visible.or(table::organization_id.eq(own.as_str())))
                    }
                    Listing::AllOf(own) => all.filter(table::organization_id.eq(own.as_str())),
                    Listing::VisibleOf(own) => {
                        all.filter(table::organization_id.eq(own.as_str()).and(table::visible))
                    }
                    Listing::Nothing => return None,
                })
            }

            /// Puts a query in this order, and breaks ties.
            fn sorted<'q>(query: Query<'q>, sort: &Sort) -> Query<'q> {
                let deciding = sort.deciding();
                let query = deciding.iter().fold(query, then_by);
                let by =
                    |property| deciding.iter().any(|order| order.property == property && !order.ignore_case);
                let query = if by(Property::CreatedAt) || by(Property::Id) {
                    query
                } else {
                    query.then_order_by(table::created_at.desc())
                };
                if by(Property::Id) { query } else { query.then_order_by(table::id.asc()) }
            }

            fn then_by<'q>(query: Query<'q>, order: &Order) -> Query<'q> {
                let (direction, fold) = (order.direction, order.ignore_case);
                match order.property {
                    Property::Id if fold => by!(query, direction, lower(table::id)),
                    Property::Id => by!(query, direction, table::id),
                    Property::OrganizationId if fold => by!(query, direction, lower(table::organization_id)),
                    Property::OrganizationId => by!(query, direction, table::organization_id),
                    // Kinds are upper case, all of them.
                    Property::Type => by!(query, direction, table::kind),
                    Property::Version => by!(query, direction, table::version),
                    Property::CreatedAt => by!(query, direction, table::created_at),
                    Property::ModifiedAt => by!(query, direction, table::modified_at),
                    Property::Visible => by!(query, direction, table::visible),
                    Property::Disabled => by!(query, direction, table::disabled),
                    // None comes last both ways; the databases do not agree on where they would put it.
                    Property::ExpiresAt => {
                        let query = query.then_order_by(table::expires_at.is_null().asc());
                        by!(query, direction, table::expires_at)
                    }
                    Property::AnonymousRegistrationEnabled => {
                        by!(query, direction, table::anonymous_registration_enabled)
                    }
                }
            }
        }
    };
}

lists_on!(on_postgres, PgConnection, Pg);
lists_on!(on_sqlite, SqliteConnection, Sqlite);

#[cfg(test)]
mod tests;
