//! The tables of second factors.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use crate::accounts::AccountId;

diesel::table! {
    account_otps (account_id) {
        account_id -> Text,
        sealed_secret -> Binary,
        enrolled_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        last_step -> BigInt,
    }
}

diesel::table! {
    otp_recovery_codes (account_id, code_mac) {
        account_id -> Text,
        code_mac -> Binary,
    }
}

diesel::table! {
    trusted_devices (account_id, device_mac) {
        account_id -> Text,
        device_mac -> Binary,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

/// No step of any code is this old.
const BEFORE_ALL_STEPS: i64 = -1;

/// A factor as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = account_otps)]
pub(super) struct OtpRow {
    pub(super) sealed_secret: Vec<u8>,
    pub(super) enrolled_at: NaiveDateTime,
    pub(super) confirmed_at: Option<NaiveDateTime>,
    pub(super) last_step: i64,
}

pub(super) fn find(conn: &mut DbConn, account: AccountId) -> Result<Option<OtpRow>, StoreError> {
    let own = account_otps::table.find(account.to_string());
    Ok(on_backend!(conn, |c| own.select(OtpRow::as_select()).get_result(c).optional())?)
}

/// Whether the account cannot sign in by password alone.
pub(crate) fn is_on(conn: &mut DbConn, account: AccountId) -> Result<bool, StoreError> {
    Ok(find(conn, account)?.is_some_and(|row| row.confirmed_at.is_some()))
}

/// Notes a secret that was handed out, in place of one that nobody has confirmed. Whether it could be noted: a factor
/// that is on stays as it is.
pub(super) fn enrol(
    conn: &mut DbConn,
    account: AccountId,
    sealed: &[u8],
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let values = (
        account_otps::sealed_secret.eq(sealed),
        account_otps::enrolled_at.eq(now),
        account_otps::last_step.eq(BEFORE_ALL_STEPS),
    );
    let unconfirmed =
        account_otps::table.find(account.to_string()).filter(account_otps::confirmed_at.is_null());
    if diesel::update(unconfirmed).set(values).execute(conn)? == 1 {
        return Ok(true);
    }
    let row = (account_otps::account_id.eq(account.to_string()), values);
    let noted = on_backend!(conn, |c| diesel::insert_into(account_otps::table)
        .values(row)
        .on_conflict(account_otps::account_id)
        .do_nothing()
        .execute(c))?;
    Ok(noted == 1)
}

/// Switches an enrolled factor on with the code of this step, which is used up by it. Whether it was this secret's.
pub(super) fn confirm(
    conn: &mut DbConn,
    account: AccountId,
    row: &OtpRow,
    step: i64,
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let enrolled = account_otps::table
        .find(account.to_string())
        .filter(account_otps::confirmed_at.is_null())
        .filter(account_otps::sealed_secret.eq(&row.sealed_secret));
    let on = (account_otps::confirmed_at.eq(now), account_otps::last_step.eq(step));
    Ok(diesel::update(enrolled).set(on).execute(conn)? == 1)
}

/// Uses up the code of this step and every older one: of two that come with one code, one gets `true`.
pub(super) fn spend(
    conn: &mut DbConn,
    account: AccountId,
    row: &OtpRow,
    step: i64,
) -> Result<bool, StoreError> {
    let unspent = account_otps::table
        .find(account.to_string())
        .filter(account_otps::confirmed_at.is_not_null())
        .filter(account_otps::sealed_secret.eq(&row.sealed_secret))
        .filter(account_otps::last_step.lt(step));
    Ok(diesel::update(unspent).set(account_otps::last_step.eq(step)).execute(conn)? == 1)
}

/// Switches a factor off, whatever its state, and forgets what hangs on it. Whether there was one.
pub(super) fn remove(conn: &mut DbConn, account: AccountId) -> Result<bool, StoreError> {
    Ok(diesel::delete(account_otps::table.find(account.to_string())).execute(conn)? == 1)
}

/// Gives an account these recovery codes in place of those it has.
pub(super) fn replace_recovery_codes(
    conn: &mut DbConn,
    account: AccountId,
    macs: &[[u8; 32]],
) -> Result<(), StoreError> {
    let account = account.to_string();
    let old = otp_recovery_codes::table.filter(otp_recovery_codes::account_id.eq(&account));
    diesel::delete(old).execute(conn)?;
    for mac in macs {
        let row =
            (otp_recovery_codes::account_id.eq(&account), otp_recovery_codes::code_mac.eq(mac.to_vec()));
        diesel::insert_into(otp_recovery_codes::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Uses up a recovery code: of two that come with one, one gets `true`.
pub(super) fn spend_recovery_code(
    conn: &mut DbConn,
    account: AccountId,
    mac: &[u8],
) -> Result<bool, StoreError> {
    Ok(diesel::delete(otp_recovery_codes::table.find((account.to_string(), mac))).execute(conn)? == 1)
}

pub(super) fn count_recovery_codes(conn: &mut DbConn, account: AccountId) -> Result<i64, StoreError> {
    let own = otp_recovery_codes::table.filter(otp_recovery_codes::account_id.eq(account.to_string()));
    Ok(own.count().get_result(conn)?)
}

/// Trusts a device, and no longer the oldest ones where there are more than `most`.
pub(super) fn trust(
    conn: &mut DbConn,
    account: AccountId,
    mac: &[u8],
    (created_at, expires_at): (NaiveDateTime, NaiveDateTime),
    most: i64,
) -> Result<(), StoreError> {
    let account = account.to_string();
    let surplus: Vec<Vec<u8>> = trusted_devices::table
        .filter(trusted_devices::account_id.eq(&account))
        .order((trusted_devices::created_at.desc(), trusted_devices::device_mac))
        .select(trusted_devices::device_mac)
        .offset(most - 1)
        .limit(i64::from(u32::MAX))
        .load(conn)?;
    for mac in surplus {
        diesel::delete(trusted_devices::table.find((&account, mac))).execute(conn)?;
    }
    let row = (
        trusted_devices::account_id.eq(&account),
        trusted_devices::device_mac.eq(mac),
        trusted_devices::created_at.eq(created_at),
        trusted_devices::expires_at.eq(expires_at),
    );
    diesel::insert_into(trusted_devices::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn is_trusted(
    conn: &mut DbConn,
    account: AccountId,
    mac: &[u8],
    now: NaiveDateTime,
) -> Result<bool, StoreError> {
    let live = trusted_devices::table
        .find((account.to_string(), mac))
        .filter(trusted_devices::expires_at.gt(now))
        .select(trusted_devices::created_at);
    Ok(live.get_result::<NaiveDateTime>(conn).optional()?.is_some())
}

pub(super) fn count_devices(
    conn: &mut DbConn,
    account: AccountId,
    now: NaiveDateTime,
) -> Result<i64, StoreError> {
    let live = trusted_devices::table
        .filter(trusted_devices::account_id.eq(account.to_string()))
        .filter(trusted_devices::expires_at.gt(now));
    Ok(live.count().get_result(conn)?)
}

/// Trusts no device of the account any more.
pub(crate) fn forget_devices(conn: &mut DbConn, account: AccountId) -> Result<usize, StoreError> {
    let own = trusted_devices::table.filter(trusted_devices::account_id.eq(account.to_string()));
    Ok(diesel::delete(own).execute(conn)?)
}

/// The sealed secrets of the accounts after this one, in the order of the accounts.
pub(super) fn list_sealed(
    conn: &mut DbConn,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let rows = account_otps::table
        .filter(account_otps::account_id.gt(after))
        .order(account_otps::account_id)
        .limit(limit)
        .select((account_otps::account_id, account_otps::sealed_secret));
    Ok(rows.load(conn)?)
}

/// Gives an account's secret another sealed form.
pub(super) fn replace_sealed(conn: &mut DbConn, account: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let row = diesel::update(account_otps::table.find(account));
    row.set(account_otps::sealed_secret.eq(sealed)).execute(conn)?;
    Ok(())
}
