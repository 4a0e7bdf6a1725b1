//! Lists of applications, in the order that was asked for. `contracts/auvious-applications.md` §5.

use diesel::connection::DefaultLoadingMode;
use diesel::pg::{Pg, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use store::{DbConn, StoreCause, StoreError, on_backend};

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

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// There is no room for all of it.
    #[error("the page is too large")]
    TooLarge,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreCause for NoPage {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Applications before it.
    pub offset: i64,
    /// Applications in it, at most.
    pub limit: i64,
    /// How much there is room for, in the measure of whoever renders them.
    pub room: usize,
}

/// A part of a list and the length of all of it: one count, and one query of the part unless it is behind the end.
///
/// Each application is rendered as soon as it is read, to something of some size; the list is never in memory as it is
/// stored.
///
/// # Errors
/// [`NoPage`].
pub fn page<T>(
    conn: &mut DbConn,
    listing: &Listing,
    sort: &Sort,
    part: Part,
    render: impl Fn(Application) -> (T, usize),
) -> Result<Counted<T>, NoPage> {
    let total = count(conn, listing)?;
    let items = if part.offset < total { slice(conn, listing, sort, part, render)? } else { vec![] };
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
/// [`NoPage`].
pub fn slice<T>(
    conn: &mut DbConn,
    listing: &Listing,
    sort: &Sort,
    part: Part,
    render: impl Fn(Application) -> (T, usize),
) -> Result<Vec<T>, NoPage> {
    let (mut items, mut room, mut ended) = (Vec::new(), part.room, Ok(()));
    let mut take = |row: Row| {
        let taken = Application::try_from(row).map_err(NoPage::from).and_then(|application| {
            let (item, size) = render(application);
            room = room.checked_sub(size).ok_or(NoPage::TooLarge)?;
            items.push(item);
            Ok(())
        });
        ended = taken;
        ended.is_ok()
    };
    on_backend!(conn, |c| c.each_listed(listing, sort, part, &mut take)).map_err(StoreError::from)?;
    ended.map(|()| items)
}

diesel::define_sql_function! {
    /// Folds ASCII only, on SQLite always and on PostgreSQL because of the collation of the columns.
    fn lower(text: Text) -> Text;
}

/// The queries, each typed for one backend: a query that is put together while it runs, and is a part of another one,
/// cannot be typed for the enum of both.
trait Lists {
    fn count_listed(&mut self, listing: &Listing) -> QueryResult<i64>;

    /// Row by row, until one is not taken.
    fn each_listed(
        &mut self,
        listing: &Listing,
        sort: &Sort,
        part: Part,
        take: &mut dyn FnMut(Row) -> bool,
    ) -> QueryResult<()>;
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
    ($module:ident, $connection:ty, $backend:ty, $mode:ty) => {
        mod $module {
            use super::*;

            type Query<'q> = table::BoxedQuery<'q, $backend>;

            impl Lists for $connection {
                fn count_listed(&mut self, listing: &Listing) -> QueryResult<i64> {
                    all_of(listing).map_or(Ok(0), |query| query.count().get_result(self))
                }

                fn each_listed(
                    &mut self,
                    listing: &Listing,
                    sort: &Sort,
                    part: Part,
                    take: &mut dyn FnMut(Row) -> bool,
                ) -> QueryResult<()> {
                    let Some(query) = all_of(listing) else { return Ok(()) };
                    let shown = sorted(query, sort).offset(part.offset).limit(part.limit).select(table::id);
                    let query = table::table.filter(table::id.eq_any(shown)).into_boxed();
                    let query = sorted(query, sort).select(Row::as_select());
                    for row in query.load_iter::<Row, $mode>(self)? {
                        if !take(row?) {
                            break;
                        }
                    }
                    Ok(())
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

// PostgreSQL hands a result over as a whole unless it is asked for row by row.
lists_on!(on_postgres, PgConnection, Pg, PgRowByRowLoadingMode);
lists_on!(on_sqlite, SqliteConnection, Sqlite, DefaultLoadingMode);

#[cfg(test)]
mod tests;
