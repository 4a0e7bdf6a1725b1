//! Queries on API-Tokens.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::bases::Row as BaseRow;
use super::schema::{api_tokens as table, bases};
use crate::domain::api_token::ApiToken;
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::name::AppName;
use crate::domain::permission::Permission;
use crate::tokens::Secrets;
use crate::tokens::secrets::KeptApiToken;

/// A token as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: i64,
    app_name: String,
    token_mac: Vec<u8>,
    sealed: Vec<u8>,
    permission: String,
    generated_by: String,
    generated_at: NaiveDateTime,
    last_access: NaiveDateTime,
}

impl Row {
    fn open(self, secrets: &Secrets) -> Result<ApiToken, StoreError> {
        let kept = KeptApiToken { mac: self.token_mac, sealed: self.sealed };
        let token = secrets.open_api_token(&kept);
        let generated_by = self.generated_by.parse();
        Ok(ApiToken {
            id: self.id,
            app_name: app_name(&self.app_name)?,
            token: token.ok_or_else(|| StoreError::corrupt("API-Token", "it does not open"))?,
            permission: permission(&self.permission)?,
            generated_by: generated_by.map_err(|error| StoreError::corrupt("account id", error))?,
            generated_at: self.generated_at.and_utc(),
            last_access: self.last_access.and_utc(),
        })
    }
}

fn app_name(text: &str) -> Result<AppName, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("app name", error))
}

fn permission(text: &str) -> Result<Permission, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt("permission", error))
}

/// What the exchange of a token is about.
#[derive(Debug, Clone)]
pub struct Key {
    /// The token's number.
    pub id: i64,
    /// Its name.
    pub app_name: AppName,
    /// What it opens the base for.
    pub permission: Permission,
    /// The base, in the trash or not.
    pub base: Base,
}

/// The token of this MAC and its base: one read by a unique index, whatever comes out.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut DbConn, mac: &[u8]) -> Result<Option<Key>, StoreError> {
    let named = table::table.inner_join(bases::table).filter(table::token_mac.eq(mac));
    let row = on_backend!(conn, |c| named
        .select((table::id, table::app_name, table::permission, BaseRow::as_select()))
        .get_result::<(i64, String, String, BaseRow)>(c)
        .optional())?;
    let key = |(id, name, granted, base): (i64, String, String, BaseRow)| {
        Ok(Key { id, app_name: app_name(&name)?, permission: permission(&granted)?, base: base.try_into()? })
    };
    row.map(key).transpose()
}

/// The tokens of a base in the order in which they were made.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut DbConn, base_id: i64, secrets: &Secrets) -> Result<Vec<ApiToken>, StoreError> {
    let rows = table::table
        .filter(table::base_id.eq(base_id))
        .order(table::id)
        .select(Row::as_select())
        .load::<Row>(conn)?;
    rows.into_iter().map(|row| row.open(secrets)).collect()
}

/// The token of this name.
///
/// # Errors
/// The database's.
pub fn find_by_name(
    conn: &mut DbConn,
    base_id: i64,
    name: &AppName,
    secrets: &Secrets,
) -> Result<Option<ApiToken>, StoreError> {
    let row = table::table
        .filter(table::base_id.eq(base_id).and(table::app_name.eq(name.as_str())))
        .select(Row::as_select())
        .first::<Row>(conn)
        .optional()?;
    row.map(|row| row.open(secrets)).transpose()
}

/// A token that is about to be made.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// Of which base.
    pub base_id: i64,
    /// Its name.
    pub app_name: AppName,
    /// What is kept of it.
    pub kept: KeptApiToken,
    /// What it opens the base for.
    pub permission: Permission,
    /// Who makes it.
    pub generated_by: AccountId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Inserts a token unless the name is taken; whether it did.
///
/// # Errors
/// The database's.
pub fn insert(conn: &mut DbConn, new: &NewApiToken) -> Result<bool, StoreError> {
    let at = new.at.naive_utc();
    let row = (
        table::base_id.eq(new.base_id),
        table::app_name.eq(new.app_name.as_str()),
        table::token_mac.eq(&new.kept.mac),
        table::sealed.eq(&new.kept.sealed),
        table::permission.eq(new.permission.as_str()),
        table::generated_by.eq(new.generated_by.as_str()),
        table::generated_at.eq(at),
        table::last_access.eq(at),
    );
    let inserted = on_backend!(conn, |c| diesel::insert_into(table::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Changes what a token opens its base for.
///
/// # Errors
/// The database's.
pub fn set_permission(conn: &mut DbConn, id: i64, permission: Permission) -> Result<(), StoreError> {
    diesel::update(table::table.find(id)).set(table::permission.eq(permission.as_str())).execute(conn)?;
    Ok(())
}

/// Removes the token of this name; whether there was one.
///
/// # Errors
/// The database's.
pub fn delete(conn: &mut DbConn, base_id: i64, name: &AppName) -> Result<bool, StoreError> {
    let row = table::table.filter(table::base_id.eq(base_id).and(table::app_name.eq(name.as_str())));
    Ok(diesel::delete(row).execute(conn)? == 1)
}

/// Notes when a token was exchanged last, unless a later time is known.
///
/// # Errors
/// The database's.
pub fn note_access(conn: &mut DbConn, id: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
    let at = at.naive_utc();
    diesel::update(table::table.find(id).filter(table::last_access.lt(at)))
        .set(table::last_access.eq(at))
        .execute(conn)?;
    Ok(())
}

/// A token as it is kept: number, MAC, sealed form.
type Sealed = (i64, Vec<u8>, Vec<u8>);

/// The tokens after this one as they are kept.
///
/// # Errors
/// The database's.
pub(crate) fn list_sealed(conn: &mut DbConn, after: i64, limit: i64) -> Result<Vec<Sealed>, StoreError> {
    let rows = table::table.filter(table::id.gt(after)).order(table::id).limit(limit).select((
        table::id,
        table::token_mac,
        table::sealed,
    ));
    Ok(rows.load(conn)?)
}

/// Gives a token another sealed form.
///
/// # Errors
/// The database's.
pub(crate) fn replace_sealed(conn: &mut DbConn, id: i64, sealed: &[u8]) -> Result<(), StoreError> {
    diesel::update(table::table.find(id)).set(table::sealed.eq(sealed)).execute(conn)?;
    Ok(())
}
