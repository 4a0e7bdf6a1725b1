//! What earlier files declared: which rows they made, and fingerprints of the secrets they set.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

mod schema {
    diesel::table! {
        declarations (kind, id) {
            kind -> Text,
            id -> Text,
            created_at -> Timestamp,
            made -> Bool,
            fingerprint -> Nullable<Text>,
        }
    }
}

use self::schema::declarations;

/// What is known about a declared row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    pub(super) id: String,
    /// When the row it is about was made. A row made anew under the same id is another one.
    pub(super) created_at: DateTime<Utc>,
    /// Whether a file made the row, so that a later one may prune it.
    pub(super) made: bool,
    /// The fingerprint of the declared secret.
    pub(super) fingerprint: Option<String>,
}

type Row = (String, NaiveDateTime, bool, Option<String>);

fn from_row((id, created_at, made, fingerprint): Row) -> Declaration {
    Declaration { id, created_at: created_at.and_utc(), made, fingerprint }
}

/// What is known about the row of this id that was made at this instant.
pub(super) fn find(
    conn: &mut DbConn,
    kind: &str,
    id: &str,
    created_at: DateTime<Utc>,
) -> Result<Option<Declaration>, StoreError> {
    let row: Option<Row> = declarations::table
        .find((kind, id))
        .filter(declarations::created_at.eq(created_at.naive_utc()))
        .select((declarations::id, declarations::created_at, declarations::made, declarations::fingerprint))
        .first(conn)
        .optional()?;
    Ok(row.map(from_row))
}

/// Notes what a file declares.
pub(super) fn put(conn: &mut DbConn, kind: &str, declaration: &Declaration) -> Result<(), StoreError> {
    let columns = (
        declarations::created_at.eq(declaration.created_at.naive_utc()),
        declarations::made.eq(declaration.made),
        declarations::fingerprint.eq(declaration.fingerprint.clone()),
    );
    let row = (declarations::kind.eq(kind), declarations::id.eq(&declaration.id), columns.clone());
    on_backend!(conn, |c| diesel::insert_into(declarations::table)
        .values(row)
        .on_conflict((declarations::kind, declarations::id))
        .do_update()
        .set(columns)
        .execute(c))?;
    Ok(())
}

/// The rows of a kind that files made.
pub(super) fn made(conn: &mut DbConn, kind: &str) -> Result<Vec<Declaration>, StoreError> {
    let rows: Vec<Row> = declarations::table
        .filter(declarations::kind.eq(kind))
        .filter(declarations::made.eq(true))
        .order(declarations::id)
        .select((declarations::id, declarations::created_at, declarations::made, declarations::fingerprint))
        .load(conn)?;
    Ok(rows.into_iter().map(from_row).collect())
}

/// Forgets what was declared about a row.
pub(super) fn forget(conn: &mut DbConn, kind: &str, id: &str) -> Result<(), StoreError> {
    diesel::delete(declarations::table.find((kind, id))).execute(conn)?;
    Ok(())
}
