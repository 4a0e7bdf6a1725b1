//! When somebody has signed in, in whatever dialect: the first time and the last.
//!
//! Noted beside the sign-in, which neither waits for it nor fails with it, and at most once in [`COALESCED`] for an account:
//! a process remembers what it has noted lately, and the row itself keeps the processes from each other.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use quick_cache::sync::Cache;
use store::{DbConn, StoreError, on_backend};

use crate::{
    accounts::{AccountId, rows_of},
    identity::Identity,
};

pub(crate) mod schema {
    diesel::table! {
        account_sign_ins (account_id) {
            account_id -> Text,
            first_at -> Timestamp,
            last_at -> Timestamp,
        }
    }
}

use schema::account_sign_ins;

/// A sign-in this soon after the noted one is not noted.
pub const COALESCED: Duration = Duration::from_mins(1);

/// Accounts that a process remembers; those it has forgotten cost one write in vain.
const REMEMBERED: usize = 10_000;

/// When somebody has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInTimes {
    /// The first time that was noted.
    pub first_at: DateTime<Utc>,
    /// The last time, or up to [`COALESCED`] before it.
    pub last_at: DateTime<Utc>,
}

/// What a process has noted lately.
#[derive(Debug)]
pub(crate) struct Noted(Cache<AccountId, DateTime<Utc>>);

impl Default for Noted {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Noted {
    /// Whether a sign-in at `now` is to be noted. Of two at the same time both may be; the row takes one.
    fn is_due(&self, id: AccountId, now: DateTime<Utc>) -> bool {
        let fresh = |noted: DateTime<Utc>| noted <= now && now - noted < coalesced();
        if self.0.get(&id).is_some_and(fresh) {
            return false;
        }
        self.0.insert(id, now);
        true
    }
}

fn coalesced() -> TimeDelta {
    TimeDelta::from_std(COALESCED).unwrap_or(TimeDelta::MAX)
}

impl Identity {
    /// Notes that somebody has just signed in: to be called wherever a sign-in of a person has succeeded. Costs a look into
    /// memory, and once in [`COALESCED`] a write that nobody waits for. Needs a tokio runtime.
    pub fn note_sign_in(&self, id: AccountId) {
        let now = self.clock.now();
        if self.sign_ins.is_due(id, now) {
            let db = self.db.clone();
            tokio::spawn(async move {
                if let Err(error) = db.write(move |conn| note(conn, id, now)).await {
                    tracing::warn!(account.id = %id, %error, "a sign-in was not noted");
                }
            });
        }
    }
}

/// Notes a sign-in, unless one was noted just before, or the account is gone.
///
/// # Errors
/// Those of the database.
pub fn note(conn: &mut DbConn, id: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (at, stale) = (now.naive_utc(), (now - coalesced()).naive_utc());
    let key = id.to_string();
    let row = || account_sign_ins::table.find(&key);
    let due = diesel::update(row().filter(account_sign_ins::last_at.le(stale)));
    if due.set(account_sign_ins::last_at.eq(at)).execute(conn)? == 1 {
        return Ok(());
    }
    let known: Option<NaiveDateTime> = row().select(account_sign_ins::last_at).get_result(conn).optional()?;
    if known.is_some() || !exists(conn, id)? {
        return Ok(());
    }
    let new = (
        account_sign_ins::account_id.eq(&key),
        account_sign_ins::first_at.eq(at),
        account_sign_ins::last_at.eq(at),
    );
    on_backend!(conn, |c| diesel::insert_into(account_sign_ins::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Whether the account is there, and stays until the end of the transaction.
fn exists(conn: &mut DbConn, id: AccountId) -> Result<bool, StoreError> {
    use crate::accounts::schema::accounts;
    let row = accounts::table.find(id.to_string()).select(accounts::number);
    let found: Option<i64> = match conn {
        DbConn::Pg(conn) => row.for_key_share().get_result(conn).optional()?,
        // SQLite has one writer anyway.
        DbConn::Sqlite(conn) => row.get_result(conn).optional()?,
    };
    Ok(found.is_some())
}

/// When an account has signed in, if ever.
///
/// # Errors
/// Those of the database.
pub fn find(conn: &mut DbConn, id: AccountId) -> Result<Option<SignInTimes>, StoreError> {
    let id = id.to_string();
    Ok(load(conn, std::slice::from_ref(&id))?.remove(&id))
}

/// When these accounts have signed in: one query.
pub(crate) fn load(
    conn: &mut DbConn,
    accounts: &[String],
) -> Result<HashMap<String, SignInTimes>, StoreError> {
    let query = account_sign_ins::table.select(account_sign_ins::all_columns);
    let rows: Vec<(String, NaiveDateTime, NaiveDateTime)> =
        rows_of!(query, account_sign_ins::account_id, accounts, conn);
    let times = |first: NaiveDateTime, last: NaiveDateTime| SignInTimes {
        first_at: first.and_utc(),
        last_at: last.and_utc(),
    };
    Ok(rows.into_iter().map(|(id, first, last)| (id, times(first, last))).collect())
}
