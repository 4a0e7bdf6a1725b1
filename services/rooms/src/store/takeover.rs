//! Accesses that were given to an e-mail become those of the account that has it. `contracts/meet.md` §12.1.
//!
//! | before | after |
//! | --- | --- |
//! | the account holds no role in the room | the waiting row becomes the account's |
//! | the account holds a role | one row remains, the account's, with the higher of the two roles |

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::accesses::{self, parse_role};
use super::rooms;
use super::schema::accesses as table;
use crate::domain::access::AccessId;
use crate::domain::email::EmailKey;
use crate::domain::person::AccountId;

/// How many rows one transaction takes over: an address that somebody put into ten thousand rooms must not hold all of
/// them at once.
const BATCH: i64 = 100;

/// Whether rows wait for an account with this e-mail. One look at a partial index, which most of the time is empty.
///
/// # Errors
/// The database's.
pub fn is_awaited(conn: &mut DbConn, email: &EmailKey) -> Result<bool, StoreError> {
    let waiting = table::account_id.is_null().and(table::email_key.eq(email.as_str()));
    let awaited = diesel::select(diesel::dsl::exists(table::table.filter(waiting)));
    Ok(on_backend!(conn, |c| awaited.get_result(c))?)
}

/// Takes over some of the rows that wait for this e-mail; whether there may be more.
///
/// # Errors
/// The database's.
pub fn take_over(
    conn: &mut DbConn,
    account: AccountId,
    email: &EmailKey,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    // In the order of rooms, so that two calls of the same account do not wait for each other in a circle.
    let waiting = table::table
        .filter(table::account_id.is_null().and(table::email_key.eq(email.as_str())))
        .order(table::room_id)
        .limit(BATCH)
        .select((table::id, table::room_id))
        .load::<(String, String)>(conn)?;
    for (id, room) in &waiting {
        rooms::hold(conn, room)?;
        take_over_one(conn, account, id, room, now)?;
    }
    Ok(i64::try_from(waiting.len()).is_ok_and(|taken| taken == BATCH))
}

/// Takes over one row of a room that this transaction holds.
fn take_over_one(
    conn: &mut DbConn,
    account: AccountId,
    id: &str,
    room: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // Looked at again: before the room was held, somebody may have removed the row or taken it over.
    let waiting = table::table.find(id).filter(table::account_id.is_null()).select(table::role);
    let Some(role) = waiting.first::<String>(conn).optional()? else { return Ok(()) };
    let own = table::table
        .filter(table::room_id.eq(room).and(table::account_id.eq(account.to_string())))
        .select((table::id, table::role));
    let Some((own_id, own_role)) = own.first::<(String, String)>(conn).optional()? else {
        let row = diesel::update(table::table.find(id));
        row.set((table::account_id.eq(account.to_string()), table::updated_at.eq(now.naive_utc())))
            .execute(conn)?;
        return Ok(());
    };
    let role = parse_role(&role)?;
    if role > parse_role(&own_role)? {
        let own_id: AccessId = own_id.parse().map_err(|error| StoreError::corrupt("access id", error))?;
        accesses::set_role(conn, own_id, role, now)?;
    }
    diesel::delete(table::table.find(id)).execute(conn)?;
    Ok(())
}
