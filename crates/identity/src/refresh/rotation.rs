//! What the directory does with families: starts, rotates, finds and ends them.

use std::sync::Arc;

use auth_claims::revocations::{RevocationKind, RevocationReason};
use chrono::{DateTime, TimeDelta, Utc};
use store::{DbConn, StoreError};
use uuid::{NoContext, Timestamp, Uuid};

use super::attempt::{Attempt, Decided, Holders, holders};
use super::judgement::{Judgement, judge};
use super::token::TokenName;
use super::{
    Family, FamilyId, FoundFamily, NewFamily, PlainRefreshToken, RefreshError, RefreshRefusal,
    RefreshSettings, Rotation, families,
};
use crate::Identity;
use crate::audit::{self, AuditEvent, Origin};
use crate::clients::ClientId;
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::revocations::{self, Revocation};

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
    /// [`RefreshRefusal`] when account or client are disabled or gone, the sign-in was revoked since `proven_at`, or the
    /// account does not authenticate through the application named;
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "refresh_token.start", skip_all, fields(client.id = %new.client_id, account.id = %new.account_id))]
    pub async fn start_family(&self, new: NewFamily) -> Result<(PlainRefreshToken, Family), RefreshError> {
        let proven_at = new.proven_at;
        let family = begin(new, &self.tokens().refresh, self.clock().now());
        let started = family.clone();
        self.db().write(move |conn| start(conn, &family, proven_at)).await??;
        Ok((self.token_of(&started), started))
    }

    /// [`rotate_through`](Self::rotate_through), through whatever application the family or its client are bound to.
    ///
    /// # Errors
    /// The same.
    pub async fn rotate(
        &self,
        client: &ClientId,
        token: &str,
        origin: &Origin,
    ) -> Result<Rotation, RefreshError> {
        self.rotate_through(None, client, token, origin).await
    }

    /// Exchanges a refresh token for its successor, as the table of [`crate::refresh`] says, in a request that names this
    /// application. The family itself stays bound to what it is bound to.
    ///
    /// # Errors
    /// [`RefreshRefusal`], all of which are `invalid_grant` on the wire; [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "refresh_token.rotate", skip_all, fields(client.id = %client))]
    pub async fn rotate_through(
        &self,
        application_id: Option<&str>,
        client: &ClientId,
        token: &str,
        origin: &Origin,
    ) -> Result<Rotation, RefreshError> {
        let attempt = Arc::new(Attempt {
            name: TokenName::read(self.secrets(), token)?,
            client: client.clone(),
            application_id: application_id.map(str::to_owned),
            settings: self.tokens().refresh,
            origin: origin.clone(),
            now: self.clock().now(),
        });
        let issued_at = attempt.now;
        let presented = Arc::clone(&attempt);
        let decided = self.db().write(move |conn| presented.decide(conn)).await?;
        if let Err(RefreshRefusal::Reused) = decided {
            let refusal = self.write_revoking(move |conn| attempt.end_reused(conn)).await?;
            return Err(refusal.into());
        }
        let (family, Holders { account, client, application_id }) = decided?;
        Ok(Rotation { token: self.token_of(&family), family, account, client, application_id, issued_at })
    }

    /// The family a token belongs to, and whether the token would work; `None` for what is not a token of ours.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    pub async fn find_family(&self, token: &str) -> Result<Option<FoundFamily>, IdentityError> {
        let Ok(name) = TokenName::read(self.secrets(), token) else { return Ok(None) };
        let (settings, now) = (self.tokens().refresh, self.clock().now());
        Ok(self.db().look_up(move |conn| look(conn, name, &settings, now)).await?)
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
                revocations::tells();
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
    let expires_at = now.checked_add_signed(lifetime).unwrap_or(now);
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
        expires_at: new.until.map_or(expires_at, |until| until.min(expires_at)),
        revoked: None,
        application_deleted: false,
    }
}

/// A revocation that runs at the same time either sees the new family, or is seen here: it takes the lock alone.
fn start(conn: &mut DbConn, family: &Family, proven_at: DateTime<Utc>) -> Decided<()> {
    families::hold(conn, family)?;
    Lock::Revocations.share(conn)?;
    if let Err(refusal) = holders(conn, family, None, family.created_at)? {
        return Ok(Err(refusal));
    }
    let (account, client) = (family.account_id.to_string(), family.client_id.to_string());
    let session = [
        (RevocationKind::Sid, family.sid.as_str()),
        (RevocationKind::Sub, account.as_str()),
        (RevocationKind::Client, client.as_str()),
    ];
    if revocations::find_against(conn, session, proven_at)?.is_some() {
        return Ok(Err(RefreshRefusal::Revoked));
    }
    families::insert(conn, family)?;
    Ok(Ok(()))
}

/// Ends the session of a family, families and access tokens alike, and says so in the audit trail.
pub(super) fn end(
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
        Judgement::Advance | Judgement::Repeat => holders(conn, &family, None, now)?.map(drop),
    };
    Ok(Some(FoundFamily { family, standing }))
}
