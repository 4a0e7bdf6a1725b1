//! Giving a token to somebody who has signed in.

use secrecy::SecretString;
use store::{DbConn, StoreError};

use super::PlainAccountToken;
use super::rows::{self, TokenRow};
use crate::Identity;
use crate::accounts::{self, SignInRefusal, SignedIn};
use crate::audit::Origin;
use crate::device_sessions;
use crate::errors::IdentityError;

/// So often a sign-in is looked at again because its account has got another hash.
const TRIES: usize = 3;

/// What has changed since somebody signed in.
enum Changed {
    /// The account is disabled.
    Disabled,
    /// It has got a second factor, or another one.
    Factor,
    /// It has another hash, or is gone.
    Password,
}

impl Identity {
    /// The token of whoever has signed in with this password: the one the account has, or a new one. Decided again beside the
    /// token itself: a token never ends, so nobody gets one by a password that was changed, or without a factor that was
    /// switched on, while they signed in.
    ///
    /// # Errors
    /// [`SignInRefusal`]: what a sign-in would hear now.
    #[tracing::instrument(name = "account_token.of_sign_in", skip_all, fields(account.id = %signed_in.account.id))]
    pub async fn account_token_of_sign_in(
        &self,
        signed_in: &SignedIn,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<PlainAccountToken, SignInRefusal> {
        let mut basis = signed_in.clone();
        for _ in 0..TRIES {
            match self.row_for(&basis, origin).await? {
                Ok(row) => return Ok(self.opened(&row)?),
                Err(Changed::Disabled) => return Err(SignInRefusal::Disabled),
                Err(Changed::Factor) => return Err(SignInRefusal::OtpRequired),
                Err(Changed::Password) => {
                    (_, basis.stored) = self.still_valid(basis.account.id, "", password).await?;
                }
            }
        }
        Err(SignInRefusal::BadCredentials)
    }

    async fn row_for(
        &self,
        basis: &SignedIn,
        origin: &Origin,
    ) -> Result<Result<TokenRow, Changed>, IdentityError> {
        let (id, seen) = (basis.account.id, basis.clone());
        let look =
            move |conn: &mut DbConn| Ok::<_, StoreError>((changed(conn, &seen)?, rows::find(conn, id)?));
        match self.db.read(look).await? {
            (Some(changed), _) => return Ok(Err(changed)),
            (None, Some(row)) => return Ok(Ok(row)),
            (None, None) => {}
        }
        let act = self.act(&Origin { actor: Some(id.to_string()), ..origin.clone() });
        let (new, seen) = (self.sealed(id, &PlainAccountToken::generate()?, act.stamp())?, basis.clone());
        let give = move |conn: &mut DbConn| {
            // Whoever changes the account waits, or is waited for.
            device_sessions::hold(conn, &id.to_string())?;
            if let Some(changed) = changed(conn, &seen)? {
                return Ok(Err(changed));
            }
            rows::give(conn, &act, &new).map(Ok)
        };
        Ok(self.db.write(give).await?)
    }
}

fn changed(conn: &mut DbConn, basis: &SignedIn) -> Result<Option<Changed>, StoreError> {
    let id = basis.account.id;
    let Some((account, stored)) = accounts::current(conn, id)? else { return Ok(Some(Changed::Password)) };
    Ok(if stored.as_ref() != Some(&basis.stored) {
        Some(Changed::Password)
    } else if !account.enabled {
        Some(Changed::Disabled)
    } else if !basis.shown.still_holds(conn, id)? {
        Some(Changed::Factor)
    } else {
        None
    })
}
