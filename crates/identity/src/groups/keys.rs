//! What groups are searched by: id and name, folded here, because SQLite folds nothing but ASCII.

use diesel::prelude::*;
use store::{Db, DbConn, StoreError};

use super::schema::groups;
use crate::text::fold;

/// The most groups that one transaction folds.
const AT_ONCE: i64 = 1000;

/// Folds what a migration, or a replica of the version before, has left. At every start.
pub(crate) async fn complete(db: &Db) -> Result<(), StoreError> {
    while !db.read(unfolded).await?.is_empty() {
        db.write(fold_some).await?;
    }
    Ok(())
}

fn fold_some(conn: &mut DbConn) -> Result<(), StoreError> {
    for (id, name) in unfolded(conn)? {
        diesel::update(groups::table.find(&id))
            .set((groups::id_key.eq(fold(&id)), groups::name_key.eq(fold(&name))))
            .execute(conn)?;
    }
    Ok(())
}

fn unfolded(conn: &mut DbConn) -> Result<Vec<(String, String)>, StoreError> {
    Ok(groups::table
        .filter(groups::id_key.is_null().or(groups::name_key.is_null()))
        .order(groups::id)
        .limit(AT_ONCE)
        .select((groups::id, groups::name))
        .load(conn)?)
}
