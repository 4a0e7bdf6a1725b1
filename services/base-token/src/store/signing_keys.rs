//! The table of the keys that sign Base-Tokens.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use store::{DbConn, StoreError};
use token_signing::StoredKey;

use super::schema::base_token_keys as table;

/// Any number that nothing else in the database locks.
const LOCK: i64 = 0x7E55_BA5E;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    kid: String,
    algorithm: String,
    public_jwk: String,
    sealed_private: Vec<u8>,
    created_at: NaiveDateTime,
    activates_at: NaiveDateTime,
    retires_at: Option<NaiveDateTime>,
    expires_at: Option<NaiveDateTime>,
}

impl TryFrom<&StoredKey> for Row {
    type Error = StoreError;

    fn try_from(key: &StoredKey) -> Result<Self, StoreError> {
        let public_jwk = serde_json::to_string(&key.public);
        Ok(Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.to_string(),
            public_jwk: public_jwk.map_err(|error| StoreError::corrupt("public key", error))?,
            sealed_private: key.sealed_private.clone(),
            created_at: key.created_at.naive_utc(),
            activates_at: key.activates_at.naive_utc(),
            retires_at: key.retires_at.map(|at| at.naive_utc()),
            expires_at: key.expires_at.map(|at| at.naive_utc()),
        })
    }
}

impl TryFrom<Row> for StoredKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            kid: row.kid,
            algorithm: row.algorithm.parse().map_err(|error| StoreError::corrupt("key algorithm", error))?,
            public: serde_json::from_str(&row.public_jwk)
                .map_err(|error| StoreError::corrupt("public key", error))?,
            sealed_private: row.sealed_private,
            created_at: row.created_at.and_utc(),
            activates_at: row.activates_at.and_utc(),
            retires_at: row.retires_at.map(|at| at.and_utc()),
            expires_at: row.expires_at.map(|at| at.and_utc()),
        })
    }
}

/// Keeps other replicas from planning until the end of the transaction. On SQLite the transaction does that already.
pub(crate) fn lock(conn: &mut DbConn) -> Result<(), StoreError> {
    if let DbConn::Pg(conn) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(LOCK).execute(conn)?;
    }
    Ok(())
}

/// Every key, in the order in which they sign.
pub(crate) fn list(conn: &mut DbConn) -> Result<Vec<StoredKey>, StoreError> {
    let order = (table::activates_at, table::created_at, table::kid);
    let rows = table::table.order(order).select(Row::as_select()).load::<Row>(conn)?;
    rows.into_iter().map(StoredKey::try_from).collect()
}

pub(crate) fn insert(conn: &mut DbConn, key: &StoredKey) -> Result<(), StoreError> {
    diesel::insert_into(table::table).values(&Row::try_from(key)?).execute(conn)?;
    Ok(())
}

pub(crate) fn retire(
    conn: &mut DbConn,
    kid: &str,
    retires_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let change = (table::retires_at.eq(retires_at.naive_utc()), table::expires_at.eq(expires_at.naive_utc()));
    diesel::update(table::table.find(kid)).set(change).execute(conn)?;
    Ok(())
}

pub(crate) fn delete(conn: &mut DbConn, kid: &str) -> Result<(), StoreError> {
    diesel::delete(table::table.find(kid)).execute(conn)?;
    Ok(())
}

/// Gives a key another sealed half.
pub(crate) fn replace_sealed(conn: &mut DbConn, kid: &str, sealed: &[u8]) -> Result<(), StoreError> {
    diesel::update(table::table.find(kid)).set(table::sealed_private.eq(sealed)).execute(conn)?;
    Ok(())
}
