//! The table of families.

use auth_claims::revocations::{RevocationKind, RevocationReason};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use store::{DbConn, StoreError, on_backend};

use super::{Family, FamilyId};
use crate::revocations::{self, Revocation};

diesel::table! {
    refresh_families (id) {
        id -> Text,
        client_id -> Text,
        account_id -> Text,
        sid -> Text,
        scopes -> Text,
        audience -> Text,
        application_id -> Nullable<Text>,
        auth_time -> Timestamp,
        amr -> Text,
        generation -> BigInt,
        rotated_at -> Timestamp,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_reason -> Nullable<Text>,
        application_deleted -> Bool,
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_families)]
struct FamilyRow {
    id: String,
    client_id: String,
    account_id: String,
    sid: String,
    scopes: String,
    audience: String,
    application_id: Option<String>,
    auth_time: NaiveDateTime,
    amr: String,
    generation: i64,
    rotated_at: NaiveDateTime,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    revoked_reason: Option<String>,
    application_deleted: bool,
}

impl From<&Family> for FamilyRow {
    fn from(family: &Family) -> Self {
        Self {
            id: family.id.to_string(),
            client_id: family.client_id.to_string(),
            account_id: family.account_id.to_string(),
            sid: family.sid.clone(),
            scopes: family.scope.to_string(),
            audience: list(&family.audience),
            application_id: family.application_id.clone(),
            auth_time: family.auth_time.naive_utc(),
            amr: list(&family.amr),
            generation: family.generation.into(),
            rotated_at: family.rotated_at.naive_utc(),
            created_at: family.created_at.naive_utc(),
            expires_at: family.expires_at.naive_utc(),
            revoked_reason: family.revoked.map(|reason| reason.as_str().to_owned()),
            application_deleted: family.application_deleted,
        }
    }
}

impl TryFrom<FamilyRow> for Family {
    type Error = StoreError;

    fn try_from(row: FamilyRow) -> Result<Self, Self::Error> {
        let unread = |what| move |error: serde_json::Error| StoreError::corrupt(what, error);
        Ok(Self {
            id: row.id.parse().map_err(|error| StoreError::corrupt("family id", error))?,
            client_id: row.client_id.parse().map_err(|error| StoreError::corrupt("client id", error))?,
            account_id: row.account_id.parse().map_err(|error| StoreError::corrupt("account id", error))?,
            sid: row.sid,
            scope: row.scopes.parse().map_err(|error| StoreError::corrupt("scopes", error))?,
            audience: serde_json::from_str(&row.audience).map_err(unread("audience"))?,
            application_id: row.application_id,
            auth_time: row.auth_time.and_utc(),
            amr: serde_json::from_str(&row.amr).map_err(unread("amr"))?,
            generation: u32::try_from(row.generation)
                .map_err(|error| StoreError::corrupt("generation", error))?,
            rotated_at: row.rotated_at.and_utc(),
            created_at: row.created_at.and_utc(),
            expires_at: row.expires_at.and_utc(),
            revoked: row.revoked_reason.as_deref().map(revocations::reason),
            application_deleted: row.application_deleted,
        })
    }
}

fn list(items: &[String]) -> String {
    serde_json::Value::from(items).to_string()
}

/// Keeps the rows of account and client from being deleted, as the insert would. It comes before any other lock,
/// because whoever changes such a row and then revokes takes them in this order, too.
pub(super) fn hold(conn: &mut DbConn, family: &Family) -> Result<(), StoreError> {
    if let DbConn::Pg(conn) = conn {
        let holders =
            "SELECT 1 FROM accounts, clients WHERE accounts.id = $1 AND clients.id = $2 FOR KEY SHARE";
        diesel::sql_query(holders)
            .bind::<diesel::sql_types::Text, _>(family.account_id.to_string())
            .bind::<diesel::sql_types::Text, _>(family.client_id.to_string())
            .execute(conn)?;
    }
    Ok(())
}

pub(super) fn insert(conn: &mut DbConn, family: &Family) -> Result<(), StoreError> {
    diesel::insert_into(refresh_families::table).values(&FamilyRow::from(family)).execute(conn)?;
    Ok(())
}

pub(super) fn find(conn: &mut DbConn, id: FamilyId) -> Result<Option<Family>, StoreError> {
    let named = refresh_families::table.find(id.to_string());
    let row = on_backend!(conn, |c| named.select(FamilyRow::as_select()).get_result(c).optional())?;
    row.map(Family::try_from).transpose()
}

/// Moves a live family from the number it was read at to the next: the one write of a refresh. `false` when somebody
/// else moved or revoked it since it was read.
pub(super) fn advance(
    conn: &mut DbConn,
    family: &mut Family,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let next = family.generation.saturating_add(1);
    let unchanged = refresh_families::table
        .find(family.id.to_string())
        .filter(refresh_families::generation.eq(i64::from(family.generation)))
        .filter(refresh_families::revoked_reason.is_null());
    let moved = diesel::update(unchanged).set((
        refresh_families::generation.eq(i64::from(next)),
        refresh_families::rotated_at.eq(now.naive_utc()),
    ));
    let moved = on_backend!(conn, |c| moved.execute(c))?;
    if moved == 1 {
        (family.generation, family.rotated_at) = (next, now);
    }
    Ok(moved == 1)
}

/// Ends the families a revocation hits. A disabled account or client keeps its families: they are refused meanwhile.
pub(crate) fn revoke_families(conn: &mut DbConn, revocation: &Revocation) -> Result<usize, StoreError> {
    let Revocation { kind, value, reason, .. } = revocation;
    if matches!(reason, RevocationReason::AccountDisabled | RevocationReason::ClientDisabled) {
        return Ok(0);
    }
    let live = diesel::update(refresh_families::table).filter(refresh_families::revoked_reason.is_null());
    let ended = refresh_families::revoked_reason.eq(reason.as_str());
    Ok(match kind {
        RevocationKind::Jti | RevocationKind::Service | RevocationKind::Unknown => 0,
        RevocationKind::Sid => {
            on_backend!(conn, |c| live.filter(refresh_families::sid.eq(value)).set(ended).execute(c))?
        }
        RevocationKind::Sub => {
            live.filter(refresh_families::account_id.eq(value)).set(ended).execute(conn)?
        }
        RevocationKind::Client => {
            live.filter(refresh_families::client_id.eq(value)).set(ended).execute(conn)?
        }
    })
}

/// How many families of an account or a client are alive.
pub(crate) fn count_live(
    conn: &mut DbConn,
    kind: RevocationKind,
    value: &str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let live = refresh_families::table
        .filter(refresh_families::revoked_reason.is_null())
        .filter(refresh_families::expires_at.gt(now.naive_utc()));
    let count: i64 = match kind {
        RevocationKind::Sub => {
            live.filter(refresh_families::account_id.eq(value)).count().get_result(conn)?
        }
        RevocationKind::Client => {
            live.filter(refresh_families::client_id.eq(value)).count().get_result(conn)?
        }
        RevocationKind::Sid | RevocationKind::Jti | RevocationKind::Service | RevocationKind::Unknown => 0,
    };
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Ends the families bound to an application that is gone, and returns how many there were. Not their sessions: access
/// tokens issued so far live on (contracts/auvious-applications.md §3.6 rule 3).
pub(crate) fn end_with_application(conn: &mut DbConn, application_id: &str) -> Result<usize, StoreError> {
    let bound = diesel::update(refresh_families::table)
        .filter(refresh_families::application_id.eq(application_id))
        .filter(refresh_families::revoked_reason.is_null());
    let ended = (
        refresh_families::revoked_reason.eq(RevocationReason::Revoked.as_str()),
        refresh_families::application_deleted.eq(true),
    );
    Ok(bound.set(ended).execute(conn)?)
}
