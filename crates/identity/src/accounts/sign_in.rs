//! Checking a password.

use std::net::{IpAddr, Ipv4Addr};

use secrecy::SecretString;

use super::{
    Account, changes,
    queries::{self, Credentials},
};
use crate::{
    audit::Origin,
    errors::IdentityError,
    identity::Identity,
    passwords::{EncodedHash, PasswordError, Verdict},
    text::fold,
};

/// Why somebody is not signed in by password.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// No such account, no password on it, or another password: told apart by nobody.
    #[error("bad credentials")]
    BadCredentials,
    /// The password is right and the account disabled.
    #[error("the account is disabled")]
    Disabled,
    /// Too many wrong passwords: not even looked at.
    #[error("too many failed attempts, try again in {retry_after} seconds")]
    Throttled {
        /// Whole seconds, at least one.
        retry_after: u64,
    },
    /// It could not be found out.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl Identity {
    /// The account that this name and password belong to.
    ///
    /// An unknown name costs the same queries and one hash like a known one (threat 17). Only an account whose hash
    /// was imported and never used yet takes the time of its own format.
    ///
    /// # Errors
    /// [`SignInRefusal`]; `Disabled` only after the right password.
    #[tracing::instrument(name = "password.verify", skip_all)]
    pub async fn verify_password(
        &self,
        login_or_email: &str,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<Account, SignInRefusal> {
        let (name, now) = (fold(login_or_email.trim()), self.clock.uptime());
        let address = origin.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.passwords
            .check(&name, address, now)
            .map_err(|throttled| SignInRefusal::Throttled { retry_after: throttled.retry_after })?;
        let verified = self.verify_unthrottled(login_or_email, password).await;
        match &verified {
            Ok(_) | Err(SignInRefusal::Disabled) => self.passwords.succeeded(&name, address),
            Err(SignInRefusal::BadCredentials) => self.passwords.failed(&name, address, now),
            Err(_) => {}
        }
        verified
    }

    async fn verify_unthrottled(
        &self,
        login_or_email: &str,
        password: &SecretString,
    ) -> Result<Account, SignInRefusal> {
        let name = login_or_email.trim().to_owned();
        let found =
            self.db.read(move |conn| queries::credentials(conn, &name)).await.map_err(IdentityError::from)?;
        let Some((account, stored, hash)) = usable(found) else {
            return Err(self.refuse_after_work(password).await);
        };
        let verdict = self.hasher.verify(&hash, password).await.map_err(refusal)?;
        if verdict == Verdict::Mismatch {
            return Err(SignInRefusal::BadCredentials);
        }
        let stored = match verdict {
            Verdict::MatchNeedsUpgrade => self.upgrade(&account, stored, password).await?,
            Verdict::Match | Verdict::Mismatch => stored,
        };
        self.still_valid(&account, &stored, password).await
    }

    async fn refuse_after_work(&self, password: &SecretString) -> SignInRefusal {
        match self.hasher.verify_dummy(password).await {
            Ok(()) => SignInRefusal::BadCredentials,
            Err(error) => refusal(error),
        }
    }

    /// Replaces the hash and returns the one stored then. A busy pool puts it off to the next sign-in.
    async fn upgrade(
        &self,
        account: &Account,
        stored: String,
        password: &SecretString,
    ) -> Result<String, IdentityError> {
        let (id, old) = (account.id, stored.clone());
        let new = match self.hasher.hash(password).await {
            Ok(new) => new,
            Err(error) => {
                tracing::warn!(account.id = %id, %error, "the password hash is upgraded later");
                return Ok(stored);
            }
        };
        let text = new.to_stored();
        let upgraded = self.db.write(move |conn| changes::upgrade_hash(conn, id, &old, &new)).await?;
        Ok(if upgraded { text } else { stored })
    }

    /// Looks again: hashing takes long enough for the account to be disabled, or its password changed, meanwhile.
    async fn still_valid(
        &self,
        account: &Account,
        stored: &str,
        password: &SecretString,
    ) -> Result<Account, SignInRefusal> {
        let id = account.id;
        let current: Option<Credentials> =
            self.db.read(move |conn| queries::current(conn, id)).await.map_err(IdentityError::from)?;
        let Some((account, stored_now, hash)) = usable(current) else {
            return Err(SignInRefusal::BadCredentials);
        };
        // Another hash: the password has changed, or a concurrent sign-in has upgraded the very same one.
        let unchanged = stored_now == stored;
        if !unchanged && self.hasher.verify(&hash, password).await.map_err(refusal)? == Verdict::Mismatch {
            return Err(SignInRefusal::BadCredentials);
        }
        if account.enabled { Ok(account) } else { Err(SignInRefusal::Disabled) }
    }
}

/// An account with a hash that can be checked against, or nothing.
fn usable(found: Option<Credentials>) -> Option<(Account, String, EncodedHash)> {
    let (account, stored) = found?;
    let stored = stored?;
    match stored.parse() {
        Ok(hash) => Some((account, stored, hash)),
        Err(error) => {
            tracing::warn!(account.id = %account.id, %error, "the stored password hash cannot be used");
            None
        }
    }
}

fn refusal(error: PasswordError) -> SignInRefusal {
    match error {
        PasswordError::TooLong => SignInRefusal::BadCredentials,
        other => SignInRefusal::Failed(other.into()),
    }
}
