//! What was revoked: the feed every service follows, and the auth server's own check.
//!
//! | entry | made by | ends |
//! | --- | --- | --- |
//! | a moment (`signed_out` `revoked` `reuse_detected` `password_changed`) | [`revoke`] | when the last token it hits is dead |
//! | a state (`account_disabled` `client_disabled`) | [`revoke`] | with [`lift`], which puts an entry `lifted` in its place |
//! | a final state (`account_deleted` `client_deleted`) | [`revoke`] | when the last token is dead, and for an account after 30 days; earlier with [`lift`], which leaves a moment |
//! | a state of a service (`service_disabled`), which hits no token | [`revoke`] | with [`lift`] |
//!
//! Of a name's moments and of its states only the last is kept: the feed grows with the names revoked, not with how
//! often. `seq` comes from one counter row, which stays locked until the entry's transaction has ended. So entries
//! become visible in the order of their numbers, and who has seen N misses nothing before N.

mod asking;
mod feed;
mod known;
mod lease;
pub mod mass;
mod names;
mod rows;
mod telling;

pub use asking::TokenStanding;
use auth_claims::claims::{AccessClaims, Actor};
use auth_claims::revocations::{
    RevocationEntry, RevocationIndex, RevocationKind, RevocationPage, RevocationReason,
};
use chrono::{DateTime, TimeDelta, Utc};
pub use feed::Feed;
pub(crate) use rows::{find_against, last_seq, reason, revocation_counter};
use store::{DbConn, StoreError};
pub(crate) use telling::tells;

use crate::accounts::AccountId;
use crate::clients::{ClientId, LONGEST_ACCESS_TOKEN};
use crate::locks::Lock;
use crate::{account_tokens, app_passwords, device_sessions, refresh};

/// Entries of one page of the feed.
pub const PAGE: u32 = 500;

/// Verifiers allow for clocks that differ by seconds; an entry outlives its tokens by more.
const LEEWAY: TimeDelta = TimeDelta::minutes(1);

/// The end of what has none, for columns and followers that want one: a thousand years.
const LASTING: TimeDelta = TimeDelta::days(365_000);

/// How long the feed tells that an account is deleted: so long a service may be away, or its database come from a backup,
/// and still remove what it keeps of the account. One that was away for longer keeps that, under an id that nobody gets
/// again.
const DELETED_KEPT: TimeDelta = TimeDelta::days(30);

/// How long the feed tells that a state has ended. A follower that was away for longer starts anew.
const LIFT_KEPT: TimeDelta = TimeDelta::days(30);

/// Something to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What `value` names.
    pub kind: RevocationKind,
    /// The token id, session id, account, client or service.
    pub value: String,
    /// Why.
    pub reason: RevocationReason,
    /// Hits tokens issued at this instant or earlier (a state hits all).
    pub issued_before: DateTime<Utc>,
    /// When no token is left that it could hit.
    pub expires_at: DateTime<Utc>,
}

impl Revocation {
    /// All tokens an account has at `now`, and all it gets while a state lasts.
    #[must_use]
    pub fn of_account(account: AccountId, reason: RevocationReason, now: DateTime<Utc>) -> Self {
        Self::of_holder(RevocationKind::Sub, account.to_string(), reason, now)
    }

    /// All tokens a client has at `now`, and all it gets while a state lasts.
    #[must_use]
    pub fn of_client(client: &ClientId, reason: RevocationReason, now: DateTime<Utc>) -> Self {
        Self::of_holder(RevocationKind::Client, client.to_string(), reason, now)
    }

    /// A service, by its id among the apps, for everybody but administrators.
    #[must_use]
    pub fn of_service(app: &str, now: DateTime<Utc>) -> Self {
        Self::of_holder(RevocationKind::Service, app.to_owned(), RevocationReason::ServiceDisabled, now)
    }

    /// Every token of a session, one that is being signed right now included.
    #[must_use]
    pub fn of_session(sid: impl Into<String>, reason: RevocationReason, now: DateTime<Utc>) -> Self {
        let expires_at = now + LONGEST_ACCESS_TOKEN + LEEWAY;
        Self { kind: RevocationKind::Sid, value: sid.into(), reason, issued_before: expires_at, expires_at }
    }

    /// One access token, by its id and its end.
    #[must_use]
    pub fn of_token(jti: impl Into<String>, reason: RevocationReason, exp: DateTime<Utc>) -> Self {
        let expires_at = exp + LEEWAY;
        Self { kind: RevocationKind::Jti, value: jti.into(), reason, issued_before: expires_at, expires_at }
    }

    fn of_holder(kind: RevocationKind, value: String, reason: RevocationReason, now: DateTime<Utc>) -> Self {
        let kept = match reason {
            RevocationReason::AccountDisabled
            | RevocationReason::ClientDisabled
            | RevocationReason::ServiceDisabled => LASTING,
            RevocationReason::AccountDeleted => DELETED_KEPT,
            _ => LONGEST_ACCESS_TOKEN + LEEWAY,
        };
        Self { kind, value, reason, issued_before: now, expires_at: now + kept }
    }
}

/// Revokes in the caller's transaction, refresh tokens and device sessions included, and returns the entry's place in the
/// feed.
///
/// A disabled account or client keeps its refresh tokens, and they are refused as long as it is disabled; every other
/// reason ends them. Device sessions end for whatever reason, each with a revocation of its own; account tokens and app
/// passwords as [`account_tokens`] and [`app_passwords`] say. Run the transaction with [`Identity::write_revoking`](crate::Identity::write_revoking), so that
/// who waits for the feed learns of it at once.
///
/// # Errors
/// [`StoreError`] when the database refuses or is away.
pub fn revoke(conn: &mut DbConn, revocation: &Revocation) -> Result<i64, StoreError> {
    revoke_but(conn, revocation, None)
}

/// [`revoke`], with the device session `kept` left alone.
pub(crate) fn revoke_but(
    conn: &mut DbConn,
    revocation: &Revocation,
    kept: Option<&str>,
) -> Result<i64, StoreError> {
    revoke_with(conn, revocation, kept, true)
}

/// [`revoke`], with app passwords left alone: what was issued for them ends, and they are good for more.
fn revoke_but_app_passwords(conn: &mut DbConn, revocation: &Revocation) -> Result<i64, StoreError> {
    revoke_with(conn, revocation, None, false)
}

fn revoke_with(
    conn: &mut DbConn,
    revocation: &Revocation,
    kept: Option<&str>,
    app_passwords: bool,
) -> Result<i64, StoreError> {
    if revocation.kind == RevocationKind::Sub {
        device_sessions::hold(conn, &revocation.value)?;
    }
    Lock::Revocations.take(conn)?;
    let seq = rows::append(conn, revocation, false)?;
    refresh::revoke_families(conn, revocation)?;
    let mut entailed = device_sessions::end(conn, revocation, kept)?;
    entailed.extend(account_tokens::end(conn, revocation)?);
    if app_passwords {
        entailed.extend(app_passwords::end(conn, revocation)?);
    }
    for entailed in entailed {
        rows::append(conn, &entailed, false)?;
        refresh::revoke_families(conn, &entailed)?;
    }
    Ok(seq)
}

/// Ends the state a name is in: an account or client enabled again, or made anew under an old id. Whether it was in one.
///
/// # Errors
/// [`StoreError`] when the database refuses or is away.
pub fn lift(
    conn: &mut DbConn,
    kind: RevocationKind,
    value: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Lock::Revocations.take(conn)?;
    let Some(reason) = rows::find_state(conn, kind, value)? else { return Ok(false) };
    let mut entry =
        Revocation { kind, value: value.to_owned(), reason, issued_before: now, expires_at: now + LIFT_KEPT };
    rows::append(conn, &entry, true)?;
    if matches!(reason, RevocationReason::AccountDeleted | RevocationReason::ClientDeleted) {
        // The new bearer of the id has nothing to do with the tokens of the old one.
        entry.reason = RevocationReason::Revoked;
        entry.expires_at = now + LONGEST_ACCESS_TOKEN + LEEWAY;
        rows::append(conn, &entry, false)?;
    }
    Ok(true)
}

/// Moves the counter without an entry: something has changed that is remembered for as long as it stays, and that no follower
/// needs to hear of. Run the transaction as that of [`revoke`].
///
/// # Errors
/// [`StoreError`] when the database refuses or is away.
pub(crate) fn move_on(conn: &mut DbConn) -> Result<(), StoreError> {
    // Before the counter's row, as whoever revokes takes them.
    Lock::Revocations.take(conn)?;
    rows::next_seq(conn).map(drop)
}

/// The entries after `seq`, at most [`PAGE`], and where to go on.
///
/// A `seq` the feed has not reached is one of another database (a backup was restored): such a follower gets
/// everything from the beginning.
///
/// # Errors
/// [`StoreError`] when the database is away or a stored value is not one of ours.
pub fn list_after(conn: &mut DbConn, seq: i64) -> Result<RevocationPage, StoreError> {
    // Before the entries: what is committed in between has a higher number and is read now or by the next call.
    let last = rows::last_seq(conn)?;
    let entries = rows::list_after(conn, if seq > last { 0 } else { seq }, PAGE)?;
    let next = match entries.last() {
        Some(entry) if entries.len() == PAGE as usize => entry.seq,
        Some(entry) => entry.seq.max(last),
        None => last,
    };
    Ok(RevocationPage { next, entries })
}

/// Why an access token is revoked, if it is: the same answer a follower of the whole feed gives.
///
/// # Errors
/// [`StoreError`] when the database is away or a stored value is not one of ours.
pub fn find(conn: &mut DbConn, claims: &AccessClaims) -> Result<Option<RevocationReason>, StoreError> {
    let own = [Some(&claims.jti), Some(&claims.sub), Some(&claims.client_id)]
        .into_iter()
        .chain([claims.sid.as_ref(), claims.user_id.as_ref()]);
    let actors = claims.actors().flat_map(Actor::names);
    let mut names: Vec<&str> = own.flatten().map(String::as_str).chain(actors).collect();
    names.sort_unstable();
    names.dedup();
    let entries = rows::list_named(conn, &names)?;
    Ok(judge(&entries, |index| index.find(claims)))
}

/// Why everything is revoked that an account had at this instant, if it is.
///
/// # Errors
/// Those of [`find`].
pub fn find_of_account(
    conn: &mut DbConn,
    account: AccountId,
    issued_at: DateTime<Utc>,
) -> Result<Option<RevocationReason>, StoreError> {
    let account = account.to_string();
    let entries = rows::list_of(conn, &account)?;
    Ok(judge(&entries, |index| index.find_account(&account, issued_at.timestamp())))
}

fn judge(
    entries: &[RevocationEntry],
    find: impl FnOnce(&RevocationIndex) -> Option<RevocationReason>,
) -> Option<RevocationReason> {
    if entries.is_empty() {
        return None;
    }
    let index = RevocationIndex::new();
    for entry in entries {
        index.apply(entry);
    }
    find(&index)
}
