//! Changing the password from a session (contracts/rdv-sign-in.md §7).

use secrecy::{ExposeSecret as _, SecretString};

use super::presented::Presented;
use super::{DeviceCredential, DeviceSession, ending};
use crate::Identity;
use crate::accounts;
use crate::audit::Origin;
use crate::errors::IdentityError;
use crate::passwords::PasswordError;
use crate::passwords::rules::{self, RuleBroken};

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRefusal {
    /// The new one breaks these rules.
    #[error("the password does not follow the rules")]
    Rules(Vec<RuleBroken>),
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl From<PasswordError> for ChangeRefusal {
    fn from(error: PasswordError) -> Self {
        Self::Failed(error.into())
    }
}

impl Identity {
    /// Gives the account of a live session another password. The session goes on; every other one ends, and so does
    /// everything that was issued to the account. `None` when the values belong to no live session.
    ///
    /// # Errors
    /// [`ChangeRefusal`].
    #[tracing::instrument(name = "device_session.change_password", skip_all)]
    pub async fn change_password_on_device(
        &self,
        credential: &DeviceCredential,
        new: &SecretString,
        origin: &Origin,
    ) -> Result<Option<DeviceSession>, ChangeRefusal> {
        let (presented, now) = (Presented::new(&self.secrets, credential), self.clock.now());
        let Some(session) = self.find_device_session(credential).await? else { return Ok(None) };
        rules::check(new.expose_secret()).map_err(ChangeRefusal::Rules)?;
        let hash = self.hasher.hash(new).await?;
        let id = session.account.id;
        let act = self.act(&Origin { actor: Some(id.to_string()), ..origin.clone() });
        let changed = self.write_revoking(move |conn| {
            ending::hold(conn, &id.to_string())?;
            // Hashing takes long enough for the session to end meanwhile.
            let Some(session) = presented.find(conn, act.by_now())? else { return Ok(None) };
            accounts::set_password_on(conn, &act, id, &hash, Some(&session.sid))?;
            Ok::<_, IdentityError>(presented.find(conn, now)?)
        });
        Ok(changed.await?)
    }
}
