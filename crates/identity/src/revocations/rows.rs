//! The tables of the feed.

use auth_claims::revocations::{RevocationEntry, RevocationKind, RevocationReason};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::not;
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{Revocation, telling};
use crate::accounts::schema::accounts;

diesel::table! {
    revocations (seq) {
        seq -> BigInt,
        kind -> Text,
        value -> Text,
        issued_before -> Timestamp,
        reason -> Text,
        expires_at -> Timestamp,
        lifted -> Bool,
    }
}

diesel::table! {
    revocation_counter (id) {
        id -> BigInt,
        last -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(revocation_counter, accounts);

const STATES: [RevocationReason; 5] = [
    RevocationReason::AccountDisabled,
    RevocationReason::AccountDeleted,
    RevocationReason::ClientDisabled,
    RevocationReason::ClientDeleted,
    RevocationReason::ServiceDisabled,
];

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = revocations)]
struct RevocationRow {
    seq: i64,
    kind: String,
    value: String,
    issued_before: NaiveDateTime,
    reason: String,
    expires_at: NaiveDateTime,
    lifted: bool,
}

impl From<RevocationRow> for RevocationEntry {
    fn from(row: RevocationRow) -> Self {
        Self {
            seq: row.seq,
            kind: kind(&row.kind),
            value: row.value,
            issued_before: row.issued_before.and_utc().timestamp(),
            reason: reason(&row.reason),
            expires_at: row.expires_at.and_utc().timestamp(),
            lifted: row.lifted,
        }
    }
}

/// A replica of a later version may write what this one does not know: the feed goes on all the same.
fn kind(text: &str) -> RevocationKind {
    RevocationKind::ALL.into_iter().find(|kind| kind.as_str() == text).unwrap_or(RevocationKind::Unknown)
}

/// The same of reasons, which hit as any moment does.
pub(crate) fn reason(text: &str) -> RevocationReason {
    let known = RevocationReason::ALL.into_iter().find(|reason| reason.as_str() == text);
    known.unwrap_or(RevocationReason::Unknown)
}

/// Adds an entry under the next number and drops those it replaces.
pub(super) fn append(conn: &mut DbConn, new: &Revocation, lifted: bool) -> Result<i64, StoreError> {
    let seq = next_seq(conn)?;
    supersede(conn, new)?;
    let row = RevocationRow {
        seq,
        kind: new.kind.as_str().to_owned(),
        value: new.value.clone(),
        issued_before: new.issued_before.naive_utc(),
        reason: new.reason.as_str().to_owned(),
        expires_at: new.expires_at.naive_utc(),
        lifted,
    };
    on_backend!(conn, |c| diesel::insert_into(revocations::table).values(&row).execute(c))?;
    telling::added(row);
    Ok(seq)
}

/// Moves the counter, whose row stays locked until the transaction ends.
pub(super) fn next_seq(conn: &mut DbConn) -> Result<i64, StoreError> {
    let next = diesel::update(revocation_counter::table.find(1))
        .set(revocation_counter::last.eq(revocation_counter::last + 1))
        .returning(revocation_counter::last);
    telling::tells();
    Ok(on_backend!(conn, |c| next.get_result(c))?)
}

/// A state replaces the state before it; a moment the moments that hit no token it does not hit.
fn supersede(conn: &mut DbConn, new: &Revocation) -> Result<(), StoreError> {
    let named = revocations::value.eq(&new.value).and(revocations::kind.eq(new.kind.as_str()));
    if new.reason.is_state() {
        let old = revocations::table.filter(named).filter(is_state());
        on_backend!(conn, |c| diesel::delete(old).execute(c))?;
    } else {
        let covered = revocations::issued_before
            .le(new.issued_before.naive_utc())
            .and(revocations::expires_at.le(new.expires_at.naive_utc()));
        let old = revocations::table.filter(named).filter(not(is_state())).filter(covered);
        on_backend!(conn, |c| diesel::delete(old).execute(c))?;
    }
    Ok(())
}

/// Whether the reason is a state. Written out, since SQLite compiles a query with a list each time.
#[diesel::dsl::auto_type]
fn is_state() -> _ {
    let first: &'static str = STATES[0].as_str();
    let second: &'static str = STATES[1].as_str();
    let third: &'static str = STATES[2].as_str();
    let fourth: &'static str = STATES[3].as_str();
    let fifth: &'static str = STATES[4].as_str();
    let either = revocations::reason.eq(first).or(revocations::reason.eq(second));
    let others = revocations::reason.eq(third).or(revocations::reason.eq(fourth));
    either.or(others).or(revocations::reason.eq(fifth))
}

/// The reason of the state a name is in.
pub(super) fn find_state(
    conn: &mut DbConn,
    kind: RevocationKind,
    value: &str,
) -> Result<Option<RevocationReason>, StoreError> {
    let state: Option<String> = revocations::table
        .filter(revocations::value.eq(value).and(revocations::kind.eq(kind.as_str())))
        .filter(is_state())
        .filter(revocations::lifted.eq(false))
        .order(revocations::seq.desc())
        .select(revocations::reason)
        .first(conn)
        .optional()?;
    Ok(state.as_deref().map(reason))
}

/// The feed's counter.
pub(crate) fn last_seq(conn: &mut DbConn) -> Result<i64, StoreError> {
    let query = revocation_counter::table.find(1).select(revocation_counter::last);
    Ok(on_backend!(conn, |c| query.get_result(c))?)
}

/// The counter, and the login of an account that is enabled.
pub(super) fn last_seq_and_login(
    conn: &mut DbConn,
    account: &str,
) -> Result<(i64, Option<String>), StoreError> {
    let enabled = accounts::id.eq(account).and(accounts::enabled.eq(true));
    let query = revocation_counter::table
        .left_join(accounts::table.on(enabled))
        .filter(revocation_counter::id.eq(1))
        .select((revocation_counter::last, accounts::login.nullable()));
    Ok(on_backend!(conn, |c| query.get_result(c))?)
}

pub(super) fn list_after(
    conn: &mut DbConn,
    seq: i64,
    limit: u32,
) -> Result<Vec<RevocationEntry>, StoreError> {
    let rows = revocations::table
        .filter(revocations::seq.gt(seq))
        .order(revocations::seq)
        .limit(limit.into())
        .select(RevocationRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(RevocationEntry::from).collect())
}

/// Everything about any of these names, of whatever kind: on the index, whoever asks sorts the kinds out.
pub(super) fn list_named(conn: &mut DbConn, names: &[&str]) -> Result<Vec<RevocationEntry>, StoreError> {
    let mut rows: Vec<RevocationRow> = Vec::new();
    match conn {
        DbConn::Pg(conn) => {
            let matching = revocations::table.filter(revocations::value.eq_any(names));
            rows = matching.select(RevocationRow::as_select()).load(conn)?;
        }
        DbConn::Sqlite(conn) => {
            for few in names.chunks(AT_ONCE) {
                rows.extend(list_few(conn, few)?);
            }
        }
    }
    Ok(rows.into_iter().map(RevocationEntry::from).collect())
}

/// So many names a token has that was exchanged once.
const AT_ONCE: usize = 6;

/// Of a few names. SQLite compiles a query with a list each time, since lists have many lengths; this one is prepared once.
fn list_few(conn: &mut SqliteConnection, names: &[&str]) -> QueryResult<Vec<RevocationRow>> {
    // Too few are filled up: a name that is asked for twice is found once.
    let first = names.first().copied().unwrap_or_default();
    let is = |place: usize| revocations::value.eq(names.get(place).copied().unwrap_or(first));
    let any = is(0).or(is(1)).or(is(2)).or(is(3)).or(is(4)).or(is(5));
    revocations::table.filter(any).select(RevocationRow::as_select()).load(conn)
}

/// Everything about this one name, of whatever kind: a query that is prepared once.
pub(super) fn list_of(conn: &mut DbConn, name: &str) -> Result<Vec<RevocationEntry>, StoreError> {
    let query = revocations::table.filter(revocations::value.eq(name)).order(revocations::seq);
    let rows = on_backend!(conn, |c| query.select(RevocationRow::as_select()).load(c))?;
    Ok(rows.into_iter().map(RevocationEntry::from).collect())
}

/// What holds against a session that an account began at a client at `since`.
pub(crate) fn find_against(
    conn: &mut DbConn,
    session: [(RevocationKind, &str); 3],
    since: DateTime<Utc>,
) -> Result<Option<RevocationReason>, StoreError> {
    let in_time = revocations::issued_before.ge(since.naive_utc());
    let of = |place: usize| revocations::value.eq(session[place].1);
    let hits = revocations::table
        .filter(of(0).or(of(1)).or(of(2)))
        .filter(revocations::lifted.eq(false))
        .filter(in_time.or(is_state()))
        .order(revocations::seq);
    let hits: Vec<RevocationRow> = on_backend!(conn, |c| hits.select(RevocationRow::as_select()).load(c))?;
    let meant = |row: &&RevocationRow| {
        session.iter().any(|(kind, value)| kind.as_str() == row.kind && *value == row.value)
    };
    Ok(hits.iter().find(meant).map(|row| reason(&row.reason)))
}
