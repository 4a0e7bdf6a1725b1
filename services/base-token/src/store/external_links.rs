//! Queries on external links.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::bases::Row as BaseRow;
use super::schema::{bases, external_links as table};
use crate::domain::base::Base;
use crate::domain::external_link::{ExternalLink, LinkKind, LinkToken};
use crate::domain::id::AccountId;

/// A link as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: i64,
    token: String,
    is_custom: bool,
    password_hash: Option<String>,
    expires_at: Option<NaiveDateTime>,
}

impl TryFrom<Row> for ExternalLink {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            token: row.token.parse().map_err(|error| StoreError::corrupt("link token", error))?,
            kind: if row.is_custom { LinkKind::Custom } else { LinkKind::Plain },
            protected: row.password_hash.is_some(),
            expires_at: row.expires_at.map(|at| at.and_utc()),
        })
    }
}

/// The link of this token and its base, in the trash or not.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, token: &LinkToken) -> Result<Option<(ExternalLink, Base)>, StoreError> {
    let row = table::table
        .inner_join(bases::table)
        .filter(table::token.eq(token.as_str()))
        .select((Row::as_select(), BaseRow::as_select()))
        .first::<(Row, BaseRow)>(conn)
        .optional()?;
    row.map(|(link, base)| Ok((link.try_into()?, base.try_into()?))).transpose()
}

/// The links of a base, the newest first.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut DbConn, base_id: i64) -> Result<Vec<ExternalLink>, StoreError> {
    let rows = table::table
        .filter(table::base_id.eq(base_id))
        .order(table::id.desc())
        .select(Row::as_select())
        .load::<Row>(conn)?;
    rows.into_iter().map(ExternalLink::try_from).collect()
}

/// How many links a base has.
///
/// # Errors
/// The database's.
pub fn count(conn: &mut DbConn, base_id: i64) -> Result<i64, StoreError> {
    Ok(table::table.filter(table::base_id.eq(base_id)).count().get_result(conn)?)
}

/// A link that is about to be made.
#[derive(Debug, Clone)]
pub struct NewExternalLink {
    /// What will be exchanged.
    pub token: LinkToken,
    /// Who chose the token.
    pub kind: LinkKind,
    /// Of which base.
    pub base_id: i64,
    /// The hash of the password, if there is to be one.
    pub password_hash: Option<String>,
    /// Who makes it.
    pub created_by: AccountId,
    /// When.
    pub at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Inserts a link unless its token is taken, by a link of whatever base.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut DbConn, new: &NewExternalLink) -> Result<Option<ExternalLink>, StoreError> {
    let row = (
        table::token.eq(new.token.as_str()),
        table::base_id.eq(new.base_id),
        table::is_custom.eq(new.kind == LinkKind::Custom),
        table::password_hash.eq(new.password_hash.as_deref()),
        table::created_by.eq(new.created_by.as_str()),
        table::created_at.eq(new.at.naive_utc()),
        table::expires_at.eq(new.expires_at.map(|at| at.naive_utc())),
    );
    let inserted = on_backend!(conn, |c| diesel::insert_into(table::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if inserted == 0 { Ok(None) } else { Ok(find(conn, &new.token)?.map(|(link, _)| link)) }
}

/// Removes a link of a base; whether there was one of that token.
///
/// # Errors
/// The database's.
pub fn delete(conn: &mut DbConn, base_id: i64, token: &LinkToken) -> Result<bool, StoreError> {
    let row = table::table.filter(table::base_id.eq(base_id).and(table::token.eq(token.as_str())));
    Ok(diesel::delete(row).execute(conn)? == 1)
}
