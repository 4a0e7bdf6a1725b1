//! Judging what somebody presents, and signing out.

use auth_claims::revocations::RevocationReason;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use store::{DbConn, StoreError};
use subtle::ConstantTimeEq as _;

use super::{DeviceCredential, DeviceSession, is_agent, rows};
use crate::Identity;
use crate::accounts;
use crate::audit::Origin;
use crate::errors::IdentityError;
use crate::locks::Lock;
use crate::master::{Purpose, Secrets};
use crate::revocations::{self, Revocation};

/// What is stored of a client id.
pub(super) fn client_mac(secrets: &Secrets, client: &str) -> [u8; 32] {
    secrets.mac(Purpose::DeviceClient, client.as_bytes())
}

/// What is stored of a token. Bound to its client, so that it says nothing in another row.
pub(super) fn token_mac(secrets: &Secrets, client_mac: &[u8; 32], token: &str) -> [u8; 32] {
    secrets.mac(Purpose::DeviceToken, &[client_mac, token.as_bytes()].concat())
}

/// Three values, in the form in which they are looked up.
#[derive(Clone)]
pub(super) struct Presented {
    uid: String,
    client: String,
    client_mac: [u8; 32],
    token_mac: [u8; 32],
}

impl Presented {
    pub(super) fn new(secrets: &Secrets, credential: &DeviceCredential) -> Self {
        let client_mac = client_mac(secrets, &credential.client);
        let token_mac = token_mac(secrets, &client_mac, credential.access_token.expose_secret());
        // No uid is empty, and PostgreSQL does not even compare a text with a NUL.
        let uid = if credential.uid.contains('\0') { String::new() } else { credential.uid.clone() };
        Self { uid, client: credential.client.clone(), client_mac, token_mac }
    }

    /// The session they belong to, if that is live.
    ///
    /// An unknown uid, an unknown client and a wrong token cost one query and one comparison alike (threat 17).
    pub(super) fn find(
        &self,
        conn: &mut DbConn,
        now: DateTime<Utc>,
    ) -> Result<Option<DeviceSession>, StoreError> {
        let row = rows::find(conn, &self.uid, &self.client_mac)?;
        let stored = row.as_ref().map_or(&[0; 32][..], |row| &row.token_mac);
        let right: bool = stored.ct_eq(&self.token_mac).into();
        let Some(row) = row.filter(|_| right) else { return Ok(None) };
        // contracts/rdv-sign-in.md §4.1: the end itself is too late.
        if row.expires_at.and_utc() <= now {
            return Ok(None);
        }
        let id = row.account_id.parse().map_err(|error| StoreError::corrupt("account id", error))?;
        let account = accounts::find(conn, id)?.filter(|account| account.enabled && is_agent(account));
        Ok(account.map(|account| DeviceSession {
            sid: row.sid,
            account,
            client: self.client.clone(),
            expires_at: row.expires_at.and_utc(),
            created_at: row.created_at.and_utc(),
        }))
    }
}

impl Identity {
    /// The live session these values belong to, with its account as it is now.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "device_session.find", skip_all)]
    pub async fn find_device_session(
        &self,
        credential: &DeviceCredential,
    ) -> Result<Option<DeviceSession>, IdentityError> {
        let (presented, now) = (Presented::new(&self.secrets, credential), self.clock.now());
        Ok(self.db.look_up(move |conn| presented.find(conn, now)).await?)
    }

    /// Ends the session these values belong to, and everything issued for it. Whether there was one.
    ///
    /// # Errors
    /// [`IdentityError`] when the database is away.
    #[tracing::instrument(name = "device_session.sign_out", skip_all)]
    pub async fn sign_out_device(
        &self,
        credential: &DeviceCredential,
        origin: &Origin,
    ) -> Result<bool, IdentityError> {
        let Some(session) = self.find_device_session(credential).await? else { return Ok(false) };
        let actor = Some(session.account.id.to_string());
        let act = self.act(&Origin { actor, ..origin.clone() });
        self.write_revoking(move |conn| {
            // Of many at once one signs out; the others find nothing.
            Lock::Revocations.take(conn)?;
            if !rows::delete(conn, &session.sid)? {
                revocations::tells();
                return Ok(false);
            }
            let signed_out = Revocation::of_session(&session.sid, RevocationReason::SignedOut, act.now());
            revocations::revoke(conn, &signed_out)?;
            act.record(conn, "device_session.sign_out", &session.sid, None)?;
            Ok(true)
        })
        .await
    }
}
