//! Judging what a program sends: name and secret, or the secret alone.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use store::{DbConn, StoreError};
use subtle::ConstantTimeEq as _;

use super::{AppPassword, PlainAppPassword, rows};
use crate::Identity;
use crate::accounts::{self, Account, EmailKey, SignInRefusal};
use crate::audit::Origin;
use crate::errors::IdentityError;
use crate::master::Purpose;

/// Who a name and a secret, or an app password alone, stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicIdentity {
    /// Who: enabled.
    pub account: Account,
    /// The session that the secret stands for, which is that of an app password. The account's own password has none.
    pub session: Option<CredentialSession>,
}

/// The session that a credential stands for by itself, for as long as there is the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSession {
    /// Its id.
    pub sid: String,
    /// When the credential was made.
    pub created_at: DateTime<Utc>,
}

impl Identity {
    /// The account of this login or e-mail address, by one of its app passwords or its own password.
    ///
    /// An app password is recognised by a keyed hash, and looked for first. It cannot be guessed, so its right use is never
    /// throttled: nobody locks a program out. What is none of the account's takes the way of every password, with its
    /// counts and its hash, whether it looks like an app password or not.
    ///
    /// # Errors
    /// As [`verify_password`](Self::verify_password); `Disabled` for an app password of a disabled account.
    #[tracing::instrument(name = "basic.verify", skip_all)]
    pub async fn verify_basic(
        &self,
        login_or_email: &str,
        secret: &SecretString,
        origin: &Origin,
    ) -> Result<BasicIdentity, SignInRefusal> {
        if let Some((password, account)) = self.find_app_password(secret).await?
            && self.names(login_or_email, &account).await?
        {
            return self.used(password, account);
        }
        let account = self.verify_password(login_or_email, secret, origin).await?;
        Ok(BasicIdentity { account, session: None })
    }

    /// The account of this app password, shown without a name.
    ///
    /// # Errors
    /// [`SignInRefusal`]; `Disabled` only for an app password that there is.
    #[tracing::instrument(name = "app_password.verify", skip_all)]
    pub async fn verify_app_password(&self, secret: &SecretString) -> Result<BasicIdentity, SignInRefusal> {
        let found = self.find_app_password(secret).await?;
        let (password, account) = found.ok_or(SignInRefusal::BadCredentials)?;
        self.used(password, account)
    }

    fn used(&self, password: AppPassword, account: Account) -> Result<BasicIdentity, SignInRefusal> {
        if !account.enabled {
            return Err(SignInRefusal::Disabled);
        }
        self.note_use(&password);
        self.note_sign_in(account.id);
        let session = CredentialSession { sid: password.sid, created_at: password.created_at };
        Ok(BasicIdentity { account, session: Some(session) })
    }

    async fn find_app_password(
        &self,
        secret: &SecretString,
    ) -> Result<Option<(AppPassword, Account)>, IdentityError> {
        let Some(secret) = PlainAppPassword::parse(secret.expose_secret()) else { return Ok(None) };
        let mac = self.secrets.mac(Purpose::AppPassword, secret.expose().as_bytes());
        let find = move |conn: &mut DbConn| {
            let row = rows::find_by_mac(conn, &mac)?.filter(|row| row.mac.ct_eq(&mac).into());
            let Some(password) = row.map(AppPassword::try_from).transpose()? else { return Ok(None) };
            let account = accounts::find(conn, password.account)?;
            Ok::<_, StoreError>(account.map(|account| (password, account)))
        };
        Ok(self.db.read(find).await?)
    }

    /// Whether a name means this account: as at every sign-in by name a login goes before an e-mail address.
    async fn names(&self, name: &str, account: &Account) -> Result<bool, IdentityError> {
        let (name, id) = (name.trim().to_owned(), account.id);
        let look = move |conn: &mut DbConn| {
            let named = match accounts::find_by_login(conn, &name)? {
                None => match name.parse::<EmailKey>() {
                    Ok(key) => accounts::find_by_email(conn, &key)?,
                    Err(_) => None,
                },
                named => named,
            };
            Ok::<_, StoreError>(named.is_some_and(|named| named.id == id))
        };
        Ok(self.db.read(look).await?)
    }

    /// For whoever lists app passwords later: this request neither waits for it nor fails with it.
    fn note_use(&self, password: &AppPassword) {
        let (db, id, now) = (self.db.clone(), password.id.clone(), self.clock.now());
        if password.is_due(now) {
            tokio::spawn(async move {
                let noted = db.write(move |conn| rows::note_use(conn, &id, now)).await;
                if let Err(error) = noted {
                    tracing::warn!(%error, "the use of an app password was not noted");
                }
            });
        }
    }
}
