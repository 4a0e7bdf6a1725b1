//! Starting, rotating and ending families: the rules around one transaction each.

use std::sync::Arc;

use auth_claims::revocations::{RevocationKind, RevocationReason};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use store::{DbConn, StoreError};
use uuid::{NoContext, Timestamp, Uuid};

use super::judgement::{Judgement, judge};
use super::token::TokenName;
use super::{
    Family, FamilyId, FoundFamily, NewFamily, PlainRefreshToken, RefreshError, RefreshRefusal,
    RefreshSettings, Rotation, families,
};
use crate::Identity;
use crate::accounts::{self, Account};
use crate::audit::{self, AuditEvent, Origin, Outcome};
use crate::clients::{self, Client, ClientId};
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::revocations::{self, Revocation};

/// What a transaction decided: a refusal is no failure of the database.
type Decided<T> = Result<Result<T, RefreshRefusal>, StoreError>;

impl Identity {
    /// The same directory with these lifetimes of refresh tokens.
    #[must_use]
    pub fn with_refresh(mut self, settings: RefreshSettings) -> Self {
        self.tokens.refresh = settings;
        self
    }

    /// Starts a family and returns its first token.
    ///
    /// # Errors
    /// [`RefreshRefusal`] when account or client are disabled or gone, or the sign-in was revoked since `auth_time`;
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "refresh_token.start", skip_all, fields(client.id = %new.client_id, account.id = %new.account_id))]
    pub async fn start_family(&self, new: NewFamily) -> Result<(PlainRefreshToken, Family), RefreshError> {
        let family = begin(new, &self.tokens().refresh, self.clock().now());
        let started = family.clone();
        self.db().write(move |conn| start(conn, &family)).await??;
        Ok((self.token_of(&started), started))
    }

    /// Exchanges a refresh token for its successor, as the table of [`crate::refresh`] says.
    ///
    /// # Errors
    /// [`RefreshRefusal`], all of which are `invalid_grant` on the wire; [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "refresh_token.rotate", skip_all, fields(client.id = %client))]
    pub async fn rotate(
        &self,
        client: &ClientId,
        token: &str,
        origin: &Origin,
    ) -> Result<Rotation, RefreshError> {
        let attempt = Arc::new(Attempt {
            name: TokenName::read(self.secrets(), token)?,
            client: client.clone(),
            settings: self.tokens().refresh,
            origin: origin.clone(),
            now: self.clock().now(),
        });
        let issued_at = attempt.now;
        let deciding = Arc::clone(&attempt);
        let decided = self.db().write(move |conn| deciding.decide(conn)).await?;
        if let Err(RefreshRefusal::Reused) = decided {
            let refusal = self.write_revoking(move |conn| attempt.end_reused(conn)).await?;
            return Err(refusal.into());
        }
        let (family, account, client) = decided?;
        Ok(Rotation { token: self.token_of(&family), family, account, client, issued_at })
    }

    /// The family a token belongs to, and whether the token would work; `None` for what is not a token of ours.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_family(&self, token: &str) -> Result<Option<FoundFamily>, IdentityError> {
        let Ok(name) = TokenName::read(self.secrets(), token) else { return Ok(None) };
        let (settings, now) = (self.tokens().refresh, self.clock().now());
        Ok(self.db().read(move |conn| look(conn, name, &settings, now)).await?)
    }

    /// Ends a family and its whole session: its access tokens, and families other clients derived from it. Whether
    /// it was live.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "refresh_token.revoke", skip_all)]
    pub async fn revoke_family(
        &self,
        id: &FamilyId,
        reason: RevocationReason,
        origin: &Origin,
    ) -> Result<bool, IdentityError> {
        let (id, origin, now) = (*id, origin.clone(), self.clock().now());
        self.write_revoking(move |conn| {
            let Some(family) = families::find(conn, id)?.filter(|family| family.revoked.is_none()) else {
                return Ok(false);
            };
            let event = AuditEvent::new(now, "refresh_token.revoke", &origin);
            end(conn, &family, reason, event, now)?;
            Ok(true)
        })
        .await
    }

    fn token_of(&self, family: &Family) -> PlainRefreshToken {
        PlainRefreshToken::derive(
            self.secrets(),
            TokenName { family: family.id, generation: family.generation },
        )
    }
}

fn begin(new: NewFamily, settings: &RefreshSettings, now: DateTime<Utc>) -> Family {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let id = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()));
    let lifetime = TimeDelta::from_std(settings.absolute).unwrap_or(TimeDelta::MAX);
    Family {
        id: FamilyId(id),
        client_id: new.client_id,
        account_id: new.account_id,
        sid: new.sid,
        scope: new.scope,
        audience: new.audience,
        application_id: new.application_id,
        auth_time: new.auth_time,
        amr: new.amr,
        generation: 0,
        rotated_at: now,
        created_at: now,
        expires_at: now.checked_add_signed(lifetime).unwrap_or(now),
        revoked: None,
    }
}

/// A revocation that runs at the same time either sees the new family, or is seen here: it takes the lock alone.
fn start(conn: &mut DbConn, family: &Family) -> Decided<()> {
    families::hold(conn, family)?;
    Lock::Revocations.share(conn)?;
    if let Err(refusal) = holders(conn, family)? {
        return Ok(Err(refusal));
    }
    let (account, client) = (family.account_id.to_string(), family.client_id.to_string());
    let session = [
        (RevocationKind::Sid, family.sid.as_str()),
        (RevocationKind::Sub, account.as_str()),
        (RevocationKind::Client, client.as_str()),
    ];
    if revocations::find_against(conn, session, family.auth_time)?.is_some() {
        return Ok(Err(RefreshRefusal::Revoked));
    }
    families::insert(conn, family)?;
    Ok(Ok(()))
}

/// The account and the client of a family, both enabled (threat 9).
fn holders(conn: &mut DbConn, family: &Family) -> Decided<(Account, Client)> {
    let Some(account) = accounts::find(conn, family.account_id)? else {
        return Ok(Err(RefreshRefusal::AccountDeleted));
    };
    if !account.enabled {
        return Ok(Err(RefreshRefusal::AccountDisabled));
    }
    Ok(match clients::find(conn, &family.client_id)? {
        Some(client) if client.enabled => Ok((account, client)),
        _ => Err(RefreshRefusal::ClientDisabled),
    })
}

/// One presentation of a token by a client.
struct Attempt {
    name: TokenName,
    client: ClientId,
    settings: RefreshSettings,
    origin: Origin,
    now: DateTime<Utc>,
}

impl Attempt {
    /// A reuse is only reported: a lost race leaves the family's row locked on PostgreSQL, and whoever revokes takes
    /// the lock of revocations before it.
    fn decide(&self, conn: &mut DbConn) -> Decided<(Family, Account, Client)> {
        loop {
            let Some(mut family) = families::find(conn, self.name.family)? else {
                return Ok(Err(RefreshRefusal::Unknown));
            };
            let judgement = self.judge(&family);
            match judgement {
                Judgement::Refuse(refusal) => return Ok(Err(refusal)),
                Judgement::Reuse => return Ok(Err(RefreshRefusal::Reused)),
                Judgement::Advance | Judgement::Repeat => {}
            }
            let (account, client) = match holders(conn, &family)? {
                Ok(holders) => holders,
                Err(refusal) => return Ok(Err(refusal)),
            };
            // Where somebody else was faster, the family is judged by its new state: it cannot be `Advance` again.
            if judgement == Judgement::Repeat || families::advance(conn, &mut family, self.now)? {
                return Ok(Ok((family, account, client)));
            }
        }
    }

    /// Ends a family whose token was reused. Of many replays at once one does; the others find it ended.
    fn end_reused(&self, conn: &mut DbConn) -> Result<RefreshRefusal, StoreError> {
        Lock::Revocations.take(conn)?;
        let Some(family) = families::find(conn, self.name.family)? else {
            return Ok(RefreshRefusal::Unknown);
        };
        if let Judgement::Refuse(refusal) = self.judge(&family) {
            return Ok(refusal);
        }
        let event = AuditEvent::new(self.now, "refresh_token.reuse", &self.origin)
            .outcome(Outcome::Failure)
            .detail(json!({ "sid": family.sid, "account_id": family.account_id.to_string(),
                "presented": self.name.generation, "newest": family.generation }));
        end(conn, &family, RevocationReason::ReuseDetected, event, self.now)?;
        Ok(RefreshRefusal::Reused)
    }

    fn judge(&self, family: &Family) -> Judgement {
        judge(family, self.name.generation, Some(&self.client), &self.settings, self.now)
    }
}

/// Ends the session of a family, families and access tokens alike, and says so in the audit trail.
fn end(
    conn: &mut DbConn,
    family: &Family,
    reason: RevocationReason,
    event: AuditEvent,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    revocations::revoke(conn, &Revocation::of_session(&family.sid, reason, now))?;
    audit::insert(conn, &event.target(family.id.to_string()))
}

fn look(
    conn: &mut DbConn,
    name: TokenName,
    settings: &RefreshSettings,
    now: DateTime<Utc>,
) -> Result<Option<FoundFamily>, StoreError> {
    let Some(family) = families::find(conn, name.family)? else { return Ok(None) };
    let standing = match judge(&family, name.generation, None, settings, now) {
        Judgement::Refuse(refusal) => Err(refusal),
        Judgement::Reuse => Err(RefreshRefusal::Reused),
        Judgement::Advance | Judgement::Repeat => holders(conn, &family)?.map(drop),
    };
    Ok(Some(FoundFamily { family, standing }))
}
