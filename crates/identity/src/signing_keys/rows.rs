//! The table of signing keys.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError};
use token_signing::StoredKey;

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        algorithm -> Text,
        public_jwk -> Text,
        sealed_private -> Binary,
        created_at -> Timestamp,
        activates_at -> Timestamp,
        retires_at -> Nullable<Timestamp>,
        expires_at -> Nullable<Timestamp>,
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
struct KeyRow {
    kid: String,
    algorithm: String,
    public_jwk: String,
    sealed_private: Vec<u8>,
    created_at: NaiveDateTime,
    activates_at: NaiveDateTime,
    retires_at: Option<NaiveDateTime>,
    expires_at: Option<NaiveDateTime>,
}

impl TryFrom<&StoredKey> for KeyRow {
    type Error = StoreError;

    fn try_from(key: &StoredKey) -> Result<Self, Self::Error> {
        Ok(Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.to_string(),
            public_jwk: serde_json::to_string(&key.public)
                .map_err(|error| StoreError::corrupt("public key", error))?,
            sealed_private: key.sealed_private.clone(),
            created_at: key.created_at.naive_utc(),
            activates_at: key.activates_at.naive_utc(),
            retires_at: key.retires_at.map(|at| at.naive_utc()),
            expires_at: key.expires_at.map(|at| at.naive_utc()),
        })
    }
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, Self::Error> {
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

/// Every key, in the order in which they sign.
///
/// # Errors
/// [`StoreError`] when the database is away or a stored value is not one of ours.
pub fn list(conn: &mut DbConn) -> Result<Vec<StoredKey>, StoreError> {
    let order = (signing_keys::activates_at, signing_keys::created_at, signing_keys::kid);
    let rows: Vec<KeyRow> = signing_keys::table.order(order).select(KeyRow::as_select()).load(conn)?;
    rows.into_iter().map(StoredKey::try_from).collect()
}

pub(super) fn insert(conn: &mut DbConn, key: &StoredKey) -> Result<(), StoreError> {
    diesel::insert_into(signing_keys::table).values(&KeyRow::try_from(key)?).execute(conn)?;
    Ok(())
}

pub(super) fn retire(
    conn: &mut DbConn,
    kid: &str,
    retires_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(signing_keys::table.find(kid))
        .set((
            signing_keys::retires_at.eq(retires_at.naive_utc()),
            signing_keys::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(super) fn delete(conn: &mut DbConn, kid: &str) -> Result<(), StoreError> {
    diesel::delete(signing_keys::table.find(kid)).execute(conn)?;
    Ok(())
}

/// Gives a key another sealed half.
pub(super) fn replace_sealed(conn: &mut DbConn, kid: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let row = diesel::update(signing_keys::table.find(kid));
    row.set(signing_keys::sealed_private.eq(sealed)).execute(conn)?;
    Ok(())
}
