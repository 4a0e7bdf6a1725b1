//! Finding and listing accounts.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use store::{DbConn, StoreError, on_backend};

use super::{
    Account, AccountId, EmailKey,
    rows::{AccountRow, complete},
    schema::{account_groups, account_organizations, account_passwords, accounts},
    whole,
};
use crate::{
    pages::{Page, Slice, bounded},
    passwords::EncodedHash,
    revocations,
    text::{containing, fold},
};

pub(super) use crate::text::storable;

#[diesel::declare_sql_function]
extern "SQL" {
    /// Folds ASCII at least.
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

/// Which accounts to list. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Members of this organisation.
    pub organization: Option<String>,
    /// Members of this group.
    pub group: Option<String>,
    /// This text occurs in the login or the e-mail address, without regard to case.
    pub search: Option<String>,
}

/// The account with this id.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: AccountId) -> Result<Option<Account>, StoreError> {
    let id = id.to_string();
    let query = accounts::table.find(&id).select(AccountRow::as_select());
    let row = match conn {
        DbConn::Pg(conn) => return whole::find(conn, &id),
        DbConn::Sqlite(conn) => query.get_result(conn).optional()?,
    };
    one(conn, row)
}

/// [`find`] in a transaction that goes on to change the account by what it reads: whoever else is about to change it waits.
/// Without that, one of two changes at the same time would be lost.
///
/// # Errors
/// Those of the database.
pub fn find_for_change(conn: &mut DbConn, id: AccountId) -> Result<Option<Account>, StoreError> {
    if let DbConn::Pg(conn) = conn {
        let row = accounts::table.find(id.to_string()).select(accounts::number);
        row.for_no_key_update().first::<i64>(conn).optional()?;
    }
    find(conn, id)
}

/// The account with this e-mail address.
///
/// # Errors
/// Those of the database.
pub fn find_by_email(conn: &mut DbConn, email: &EmailKey) -> Result<Option<Account>, StoreError> {
    let query = accounts::table.filter(accounts::email_key.eq(email.as_str()));
    let row = match conn {
        DbConn::Pg(conn) => return whole::find_by_email(conn, email),
        DbConn::Sqlite(conn) => query.select(AccountRow::as_select()).get_result(conn).optional()?,
    };
    one(conn, row)
}

/// [`find_by_email`], and the feed's counter at the same instant or right after.
pub(crate) fn find_by_email_counted(
    conn: &mut DbConn,
    email: &EmailKey,
) -> Result<Option<(Account, i64)>, StoreError> {
    if let DbConn::Pg(conn) = conn {
        return whole::find_by_email_counted(conn, email);
    }
    let account = find_by_email(conn, email)?;
    let counter = revocations::last_seq(conn)?;
    Ok(account.map(|account| (account, counter)))
}

/// The account with this login, without regard to case.
///
/// # Errors
/// Those of the database.
pub fn find_by_login(conn: &mut DbConn, login: &str) -> Result<Option<Account>, StoreError> {
    let query = accounts::table.filter(accounts::login_key.eq(storable(&fold(login))));
    let row = on_backend!(&mut *conn, |c| query.select(AccountRow::as_select()).get_result(c)).optional()?;
    one(conn, row)
}

/// Accounts in the order of their numbers.
///
/// # Errors
/// Those of the database.
pub fn list(
    conn: &mut DbConn,
    filter: &AccountFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Page<Account, i64>, StoreError> {
    let limit = bounded(limit);
    let mut query = accounts::table.select(AccountRow::as_select()).into_boxed();
    if let Some(organization) = &filter.organization {
        let members = account_organizations::table
            .filter(account_organizations::organization_id.eq(storable(organization)))
            .select(account_organizations::account_id);
        query = query.filter(accounts::id.eq_any(members));
    }
    if let Some(group) = &filter.group {
        let members = account_groups::table
            .filter(account_groups::group_id.eq(storable(group)))
            .select(account_groups::account_id);
        query = query.filter(accounts::id.eq_any(members));
    }
    if let Some(search) = &filter.search {
        let pattern = containing(search);
        let in_email = accounts::email_key.like(pattern.clone()).escape('\\');
        query = query.filter(accounts::login_key.like(pattern).escape('\\').or(in_email));
    }
    if let Some(after) = after {
        query = query.filter(accounts::number.gt(after));
    }
    let rows = query.order(accounts::number).limit(limit + 1).load(conn)?;
    let accounts = complete(conn, rows)?;
    Ok(Page::of(accounts, limit, |account| account.number))
}

/// Members of a group in whose login, e-mail address or display name this text occurs, ascending by login.
pub(crate) fn members_of(
    conn: &mut DbConn,
    group: &str,
    search: &str,
    slice: Slice,
) -> Result<Vec<Account>, StoreError> {
    let members = account_groups::table
        .filter(account_groups::group_id.eq(storable(group)))
        .select(account_groups::account_id);
    let mut query =
        accounts::table.filter(accounts::id.eq_any(members)).select(AccountRow::as_select()).into_boxed();
    if !search.is_empty() {
        let pattern = containing(search);
        let in_email = accounts::email_key.like(pattern.clone()).escape('\\');
        let in_name = lower(accounts::display_name).like(pattern.clone()).escape('\\');
        let in_login = accounts::login_key.like(pattern).escape('\\');
        query = query.filter(in_login.or(in_email).or(in_name));
    }
    let page = query.order((accounts::login_key, accounts::id)).offset(slice.offset).limit(slice.limit);
    let rows = page.load(conn)?;
    complete(conn, rows)
}

/// The accounts of these ids that there are, in the order of their numbers.
pub(crate) fn of_ids(conn: &mut DbConn, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
    if let [id] = ids {
        return Ok(find(conn, *id)?.into_iter().collect());
    }
    let ids: Vec<String> = ids.iter().map(AccountId::to_string).collect();
    let rows = accounts::table
        .filter(accounts::id.eq_any(ids))
        .select(AccountRow::as_select())
        .order(accounts::number)
        .load(conn)?;
    complete(conn, rows)
}

/// An account and the hash of its password, if it has one.
pub(crate) type Credentials = (Account, Option<String>);

/// The account that signs in under this name: this id, or else its login, or else its e-mail address.
///
/// The same queries for a known and an unknown name, so that both take as long.
pub(super) fn credentials(
    conn: &mut DbConn,
    login_or_email: &str,
    id: Option<AccountId>,
) -> Result<Option<Credentials>, StoreError> {
    let login = storable(&fold(login_or_email));
    let email = login_or_email.parse::<EmailKey>().map(|key| key.as_str().to_owned()).ok();
    // No account has an empty id.
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let named = accounts::id.eq(&id).or(accounts::login_key.eq(&login)).or(accounts::email_key.eq(email));
    // Three at most, since each of the columns is unique.
    let rows: Vec<(AccountRow, String, String, Option<String>)> = on_backend!(conn, |c| with_passwords()
        .filter(named)
        .select((
            AccountRow::as_select(),
            accounts::id,
            accounts::login_key,
            account_passwords::hash.nullable(),
        ))
        .order(accounts::number)
        .load(c))?;
    let (mut by_id, mut by_login, mut by_email) = (None, None, None);
    for (row, own_id, key, hash) in rows {
        let found = match () {
            () if own_id == id => &mut by_id,
            () if key == login => &mut by_login,
            () => &mut by_email,
        };
        *found = Some((row, hash));
    }
    let (row, hash) = by_id.or(by_login).or(by_email).unzip();
    Ok(one(conn, row)?.map(|account| (account, hash.flatten())))
}

/// The account of this e-mail address, or of none: the same queries in either case.
pub(super) fn credentials_of_email(
    conn: &mut DbConn,
    email: Option<&EmailKey>,
) -> Result<Option<Credentials>, StoreError> {
    let row: Option<(AccountRow, Option<String>)> = on_backend!(conn, |c| with_passwords()
        .filter(accounts::email_key.eq(email.map(EmailKey::as_str)))
        .select((AccountRow::as_select(), account_passwords::hash.nullable()))
        .get_result(c)
        .optional())?;
    let (row, hash) = row.unzip();
    Ok(one(conn, row)?.map(|account| (account, hash.flatten())))
}

/// An account's own credentials, as they are now.
pub(crate) fn current(conn: &mut DbConn, id: AccountId) -> Result<Option<Credentials>, StoreError> {
    let row: Option<(AccountRow, Option<String>)> = on_backend!(conn, |c| with_passwords()
        .filter(accounts::id.eq(id.to_string()))
        .select((AccountRow::as_select(), account_passwords::hash.nullable()))
        .get_result(c)
        .optional())?;
    let (row, hash) = row.unzip();
    Ok(one(conn, row)?.map(|account| (account, hash.flatten())))
}

/// The stored hash of an account's password.
pub(crate) fn password_hash(conn: &mut DbConn, id: AccountId) -> Result<Option<EncodedHash>, StoreError> {
    let stored = current(conn, id)?.and_then(|(_, stored)| stored);
    let parse =
        |text: String| text.parse().map_err(|error| StoreError::corrupt("account_passwords.hash", error));
    stored.map(parse).transpose()
}

#[diesel::dsl::auto_type]
fn with_passwords() -> _ {
    accounts::table.left_join(account_passwords::table.on(account_passwords::account_id.eq(accounts::id)))
}

fn one(conn: &mut DbConn, row: Option<AccountRow>) -> Result<Option<Account>, StoreError> {
    Ok(complete(conn, row.into_iter().collect())?.pop())
}
